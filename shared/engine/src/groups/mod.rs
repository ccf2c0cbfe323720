//! Use cases on groups: list, add, change, delete, and who acts for which. Members and grants are in files of their own.

mod found;
mod grants;
mod mapped;
mod members;

use adit_api::groups::{GroupInput, GroupPage, GroupView, OwnGroup, PageQuery, Standing};
use adit_domain::group::GroupSettings;
use adit_domain::{Group, GroupId, Right};
use adit_store::items::{Cursor, Index, Kind, StoreError};
use adit_store::repositories::Versioned;
use adit_store::repositories::groups::groups_listing;

use crate::clock::random;
use crate::{Actor, Engine, Refusal, now};

/// Rows on a page unless asked otherwise, and at most.
const PAGE: usize = 50;
const MAX_PAGE: usize = 200;

impl Engine {
    /// A page of groups, oldest first.
    pub async fn groups(&self, query: &PageQuery) -> Result<GroupPage, Refusal> {
        let listing = groups_listing();
        let (groups, next) = self.0.groups.list(size_of(query), self.open(&listing, query)?).await?;
        Ok(GroupPage { groups: groups.into_iter().map(view).collect(), next: self.seal(&listing, next) })
    }

    /// One group.
    pub async fn group(&self, id: &GroupId) -> Result<GroupView, Refusal> {
        Ok(view(self.stored_group(id).await?))
    }

    /// Adds a group without members and servers.
    pub async fn add_group(&self, input: GroupInput) -> Result<GroupView, Refusal> {
        let now = now();
        let group = Group { id: GroupId::new(now, random()), config: input.config.validated()?, created: now };
        self.0.groups.insert(&group).await.map_err(taken)?;
        tracing::info!(group = %group.id, "group added");
        self.group(&group.id).await
    }

    /// Changes a group; a stale version is refused. Its members notice at their next request.
    pub async fn change_group(&self, id: &GroupId, input: GroupInput) -> Result<GroupView, Refusal> {
        let before = self.stored_group(id).await?;
        if input.version.is_some_and(|version| version != before.version) {
            return Err(Refusal::conflict(
                "Somebody else changed this group meanwhile. Reload the page and enter your change again.",
            ));
        }
        let group = Group { config: input.config.validated()?, ..before.value.clone() };
        self.0.groups.update(&before, &group).await.map_err(taken)?;
        tracing::info!(group = %id, "group changed");
        self.group(id).await
    }

    /// Deletes a group with its memberships and grants. Tasks of its jobs that have not begun will fail with the reason.
    pub async fn delete_group(&self, id: &GroupId) -> Result<(), Refusal> {
        let group = self.stored_group(id).await?;
        self.0.groups.delete(&group).await?;
        tracing::info!(group = %id, "group deleted");
        Ok(())
    }

    /// For which group an actor acts, for which others they could, and what they may do.
    pub async fn standing(&self, actor: &Actor) -> Result<Standing, Refusal> {
        let mut groups = Vec::new();
        for id in self.0.groups.of_user(&actor.user_id).await? {
            groups.extend(self.0.groups.get(&id).await?.map(|found| own(&found.value)));
        }
        groups.sort_by_key(|group| group.name.to_lowercase());
        Ok(Standing {
            group: actor.group.as_ref().map(own),
            groups,
            rights: Right::ALL.into_iter().filter(|right| actor.may(*right)).collect(),
            restrictions: actor.group.as_ref().map_or_else(GroupSettings::default, |group| group.config.settings),
        })
    }

    /// Lets a person act for another one of their groups. A group of others answers as absent.
    pub async fn choose_group(&self, actor: &Actor, id: &GroupId) -> Result<Actor, Refusal> {
        let Some(group) = self.group_of(&actor.user_id, id).await? else {
            self.stored_group(id).await?;
            return Err(Refusal::foreign("group"));
        };
        self.0.groups.choose(&actor.user_id, id).await?;
        tracing::info!(user = %actor.user_id, group = %id, "active group chosen");
        Ok(Actor { group: Some(group), ..actor.clone() })
    }

    async fn stored_group(&self, id: &GroupId) -> Result<Versioned<Group>, Refusal> {
        self.0.groups.get(id).await?.ok_or_else(|| Refusal::not_found("group"))
    }

    /// Where the page before ended, from the token that was given out for it.
    ///
    /// # Errors
    /// The token is not of this list.
    pub fn open(&self, (index, partition): &(Index, String), query: &PageQuery) -> Result<Option<Cursor>, Refusal> {
        let open = |token: &str| self.0.pages.open(*index, partition, token).map_err(|_| gone());
        query.after.as_deref().map(open).transpose()
    }

    /// The token for the next page.
    #[must_use]
    pub fn seal(&self, (index, partition): &(Index, String), next: Option<Cursor>) -> Option<String> {
        next.map(|cursor| self.0.pages.seal(*index, partition, &cursor))
    }
}

pub(crate) fn size_of(query: &PageQuery) -> usize {
    query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE)
}

fn gone() -> Refusal {
    Refusal::invalid("This page of the list does not exist any more. Go back to the first page.")
}

fn own(group: &Group) -> OwnGroup {
    OwnGroup { id: group.id.clone(), name: group.config.name.clone() }
}

fn view(group: Versioned<Group>) -> GroupView {
    let Group { id, config, created } = group.value;
    GroupView { id, config, created, version: group.version }
}

/// A conflict after the group itself means that its name is taken.
fn taken(error: StoreError) -> Refusal {
    match error.kind {
        Kind::Conflict { index } if index >= 1 => {
            Refusal::conflict("Another group has this name already. Choose a different one.").at("name")
        }
        _ => error.into(),
    }
}
