//! Who belongs to a group. The engine knows people by their ids; names are the caller's.

use adit_api::groups::PageQuery;
use adit_domain::{GroupId, UserId};
use adit_store::items::Kind;
use adit_store::repositories::Membership;
use adit_store::repositories::groups::members_listing;

use super::size_of;
use crate::{Engine, Refusal, now};

/// How often joining is tried again when somebody changes the group at the same moment.
const TRIES: usize = 10;

impl Engine {
    /// A page of members, and the token for the next one.
    pub async fn members(
        &self,
        group: &GroupId,
        query: &PageQuery,
    ) -> Result<(Vec<Membership>, Option<String>), Refusal> {
        self.stored_group(group).await?;
        let listing = members_listing(group);
        let (members, next) = self.0.groups.members(group, size_of(query), self.open(&listing, query)?).await?;
        Ok((members, self.seal(&listing, next)))
    }

    /// The groups of a person.
    pub async fn groups_of(&self, user: &UserId) -> Result<Vec<GroupId>, Refusal> {
        Ok(self.0.groups.of_user(user).await?)
    }

    /// Lets a person belong to a group. Safe to call twice.
    pub async fn add_member(&self, group: &GroupId, user: &UserId) -> Result<Membership, Refusal> {
        let membership = Membership { group: group.clone(), user: user.clone(), since: now() };
        for _ in 0..TRIES {
            self.stored_group(group).await?;
            match self.0.groups.join(&membership).await {
                Ok(()) => {
                    tracing::info!(group = %group, user = %user, "member added");
                    return Ok(membership);
                }
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::conflict("This group changes too quickly just now. Try again."))
    }

    /// Lets a person belong to a group no longer. Safe to call twice.
    pub async fn remove_member(&self, group: &GroupId, user: &UserId) -> Result<(), Refusal> {
        self.stored_group(group).await?;
        self.0.groups.leave(user, group).await?;
        tracing::info!(group = %group, user = %user, "member removed");
        Ok(())
    }
}
