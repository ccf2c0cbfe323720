//! Groups, who belongs to them, and which nodes they may use. Names are unique through claim items written in the same transaction;
//! every membership and every grant is an item of its own, so that nobody overwrites somebody else's change.

use std::sync::Arc;

use adit_domain::group::NodeGrant;
use adit_domain::{Group, GroupId, NodeId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::encoding::{Versioned, item, key, value};
use crate::items::{
    Condition, Cursor, Index, Item, ItemStore, Key, Kind, MAX_WRITES, Query, SkRange, StoreError, Write,
};

const PARTITION: &str = "GROUPS";
const CLAIMS: &str = "GROUP_NAME";
/// Items of one user or group that are read together.
const PAGE: usize = 200;

/// That a person belongs to a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group.
    pub group: GroupId,
    /// The person.
    pub user: UserId,
    /// Since when.
    pub since: Timestamp,
}

/// The group for which a person chose to act.
#[derive(Serialize, Deserialize)]
struct Chosen {
    group: GroupId,
}

/// That the first group was made, or is no longer wanted.
#[derive(Serialize, Deserialize)]
struct Founded {
    at: Timestamp,
}

/// Repository of groups.
#[derive(Clone)]
pub struct Groups {
    items: Arc<dyn ItemStore>,
}

impl Groups {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// A page of groups in the order in which they were made.
    pub async fn list(
        &self,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<Versioned<Group>>, Option<Cursor>), StoreError> {
        let query = Query {
            index: Index::Primary,
            pk: PARTITION.into(),
            sk: SkRange::Prefix("GROUP#".into()),
            descending: false,
            limit,
            after,
        };
        let page = self.items.query(query).await?;
        Ok((page.items.into_iter().map(value).collect::<Result<_, _>>()?, page.next))
    }

    /// One group.
    pub async fn get(&self, id: &GroupId) -> Result<Option<Versioned<Group>>, StoreError> {
        self.items.get(&group_key(id)).await?.map(value).transpose()
    }

    /// The group of this name, without regard to case.
    pub async fn named(&self, name: &str) -> Result<Option<GroupId>, StoreError> {
        let claim = self.items.get(&key(CLAIMS, name.to_lowercase())).await?;
        Ok(claim.and_then(|claim| claim.body["group"].as_str()?.parse().ok()))
    }

    /// Adds a group. Conflict at write 1: its name is taken.
    pub async fn insert(&self, group: &Group) -> Result<(), StoreError> {
        self.items.transact(new_group(group)?).await
    }

    /// Changes a group that was read as `before`. Conflict at write 0: somebody else changed it; later: its name is taken.
    pub async fn update(&self, before: &Versioned<Group>, group: &Group) -> Result<(), StoreError> {
        let put = item(group_key(&group.id), group)?;
        let mut writes = vec![Write::Put { item: put, condition: Condition::Version(before.version) }];
        let (old, new) = (claim_key(&before.value), claim_key(group));
        if old != new {
            writes.push(Write::Put { item: claim(group)?, condition: Condition::Absent });
            writes.push(Write::Delete { key: old, condition: Condition::None });
        }
        self.items.transact(writes).await
    }

    /// Removes a group, then its grants and memberships. What is left of one that was interrupted does nothing: without its group a grant
    /// or a membership is none.
    pub async fn delete(&self, group: &Versioned<Group>) -> Result<(), StoreError> {
        let id = &group.value.id;
        let writes = vec![
            Write::Delete { key: group_key(id), condition: Condition::Version(group.version) },
            Write::Delete { key: claim_key(&group.value), condition: Condition::None },
        ];
        self.items.transact(writes).await?;
        self.forget(Index::First, format!("MEMBERS#{id}"), SkRange::All).await?;
        self.forget(Index::Primary, partition(id), SkRange::Prefix("NODE#".into())).await
    }

    /// Whether a person belongs to a group.
    pub async fn is_member(&self, user: &UserId, group: &GroupId) -> Result<bool, StoreError> {
        Ok(self.items.get(&member_key(user, group)).await?.is_some())
    }

    /// The groups of a person.
    pub async fn of_user(&self, user: &UserId) -> Result<Vec<GroupId>, StoreError> {
        let found = self.all(Index::Primary, user_partition(user), SkRange::Prefix("MEMBER#".into())).await?;
        found.into_iter().map(|found| Ok(value::<Membership>(found)?.value.group)).collect()
    }

    /// A page of the members of a group.
    pub async fn members(
        &self,
        group: &GroupId,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<Membership>, Option<Cursor>), StoreError> {
        let (index, pk) = members_listing(group);
        let page = self.items.query(Query { index, pk, sk: SkRange::All, descending: false, limit, after }).await?;
        let members = page.items.into_iter().map(|found| Ok(value::<Membership>(found)?.value));
        Ok((members.collect::<Result<_, StoreError>>()?, page.next))
    }

    /// Lets a person belong to a group. Conflict at write 1: there is no such group. Safe to call twice.
    pub async fn join(&self, membership: &Membership) -> Result<(), StoreError> {
        let Some(group) = self.items.get(&group_key(&membership.group)).await? else {
            return Err(StoreError::new(Kind::Conflict { index: 1 }, "the group is gone"));
        };
        let check = Write::Check { key: group.key, condition: Condition::Version(group.version) };
        self.items.transact(vec![membership_write(membership)?, check]).await
    }

    /// Lets a person belong to a group no longer. Safe to call twice.
    pub async fn leave(&self, user: &UserId, group: &GroupId) -> Result<(), StoreError> {
        self.items.delete(&member_key(user, group), Condition::None).await
    }

    /// The group that a person has chosen to act for, if one was chosen. They may have left it since.
    pub async fn chosen(&self, user: &UserId) -> Result<Option<GroupId>, StoreError> {
        let found = self.items.get(&chosen_key(user)).await?;
        Ok(found.map(value::<Chosen>).transpose()?.map(|chosen| chosen.value.group))
    }

    /// Remembers the group that a person acts for.
    pub async fn choose(&self, user: &UserId, group: &GroupId) -> Result<(), StoreError> {
        self.items.put(item(chosen_key(user), &Chosen { group: group.clone() })?, Condition::None).await
    }

    /// What a group may do with a node; none: nothing.
    pub async fn grant(&self, group: &GroupId, node: &NodeId) -> Result<Option<NodeGrant>, StoreError> {
        let found = self.items.get(&grant_key(group, node)).await?;
        Ok(found.map(value::<NodeGrant>).transpose()?.map(|grant| grant.value))
    }

    /// All nodes that a group may use.
    pub async fn grants_of(&self, group: &GroupId) -> Result<Vec<NodeGrant>, StoreError> {
        let found = self.all(Index::Primary, partition(group), SkRange::Prefix("NODE#".into())).await?;
        found.into_iter().map(|found| Ok(value::<NodeGrant>(found)?.value)).collect()
    }

    /// All groups that may use a node.
    pub async fn grants_on(&self, node: &NodeId) -> Result<Vec<NodeGrant>, StoreError> {
        let found = self.all(Index::First, format!("NODE_GROUPS#{node}"), SkRange::All).await?;
        found.into_iter().map(|found| Ok(value::<NodeGrant>(found)?.value)).collect()
    }

    /// Sets what a group may do with a node; neither direction removes the grant.
    pub async fn set_grant(&self, grant: &NodeGrant) -> Result<(), StoreError> {
        if !grant.source && !grant.destination {
            return self.items.delete(&grant_key(&grant.group, &grant.node), Condition::None).await;
        }
        self.items.transact(vec![grant_write(grant)?]).await
    }

    /// Removes all grants on a node that is gone.
    pub async fn forget_node(&self, node: &NodeId) -> Result<(), StoreError> {
        self.forget(Index::First, format!("NODE_GROUPS#{node}"), SkRange::All).await
    }

    /// Whether the first group was made already.
    pub async fn is_founded(&self) -> Result<bool, StoreError> {
        Ok(self.items.get(&founded_key()).await?.is_some())
    }

    /// Makes the first group with its members and grants. Several processes may do this at once; whoever comes after the first one that
    /// is done changes nothing any more, so that what was revoked since does not come back.
    pub async fn found(&self, group: &Group, members: &[UserId], grants: &[NodeGrant]) -> Result<(), StoreError> {
        ignore_conflict(self.unless_founded(new_group(group)?).await)?;
        let mut writes = Vec::new();
        for user in members {
            let membership = Membership { group: group.id.clone(), user: user.clone(), since: group.created };
            writes.push(membership_write(&membership)?);
        }
        for grant in grants {
            writes.push(grant_write(grant)?);
        }
        for chunk in writes.chunks(MAX_WRITES - 1) {
            ignore_conflict(self.unless_founded(chunk.to_vec()).await)?;
        }
        let done = item(founded_key(), &Founded { at: group.created })?;
        ignore_conflict(self.items.put(done, Condition::Absent).await)
    }

    async fn unless_founded(&self, mut writes: Vec<Write>) -> Result<(), StoreError> {
        writes.push(Write::Check { key: founded_key(), condition: Condition::Absent });
        self.items.transact(writes).await
    }

    async fn all(&self, index: Index, pk: String, sk: SkRange) -> Result<Vec<Item>, StoreError> {
        let (mut items, mut after) = (Vec::new(), None);
        loop {
            let (pk, sk) = (pk.clone(), sk.clone());
            let page = self.items.query(Query { index, pk, sk, descending: false, limit: PAGE, after }).await?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(items);
            }
        }
    }

    async fn forget(&self, index: Index, pk: String, sk: SkRange) -> Result<(), StoreError> {
        let found = self.all(index, pk, sk).await?;
        for chunk in found.chunks(MAX_WRITES) {
            let gone = chunk.iter().map(|found| Write::Delete { key: found.key.clone(), condition: Condition::None });
            self.items.transact(gone.collect()).await?;
        }
        Ok(())
    }
}

/// The list of the members of a group: index and partition, to which page tokens are bound.
#[must_use]
pub fn members_listing(group: &GroupId) -> (Index, String) {
    (Index::First, format!("MEMBERS#{group}"))
}

/// The list of groups, likewise.
#[must_use]
pub fn groups_listing() -> (Index, String) {
    (Index::Primary, PARTITION.to_owned())
}

fn ignore_conflict(result: Result<(), StoreError>) -> Result<(), StoreError> {
    match result {
        Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(()),
        other => other,
    }
}

fn new_group(group: &Group) -> Result<Vec<Write>, StoreError> {
    Ok(vec![
        Write::Put { item: item(group_key(&group.id), group)?, condition: Condition::Absent },
        Write::Put { item: claim(group)?, condition: Condition::Absent },
    ])
}

fn membership_write(membership: &Membership) -> Result<Write, StoreError> {
    let mut row = item(member_key(&membership.user, &membership.group), membership)?;
    row.index1 = Some((format!("MEMBERS#{}", membership.group), membership.user.to_string()));
    Ok(Write::Put { item: row, condition: Condition::None })
}

fn grant_write(grant: &NodeGrant) -> Result<Write, StoreError> {
    let mut row = item(grant_key(&grant.group, &grant.node), grant)?;
    row.index1 = Some((format!("NODE_GROUPS#{}", grant.node), grant.group.to_string()));
    Ok(Write::Put { item: row, condition: Condition::None })
}

pub(super) fn partition(id: &GroupId) -> String {
    format!("GROUP#{id}")
}

pub(super) fn user_partition(id: &UserId) -> String {
    format!("USER#{id}")
}

fn group_key(id: &GroupId) -> Key {
    key(PARTITION, format!("GROUP#{id}"))
}

fn claim_key(group: &Group) -> Key {
    key(CLAIMS, group.config.name.to_lowercase())
}

fn claim(group: &Group) -> Result<Item, StoreError> {
    item(claim_key(group), &serde_json::json!({ "group": group.id.as_str() }))
}

fn member_key(user: &UserId, group: &GroupId) -> Key {
    key(user_partition(user), format!("MEMBER#{group}"))
}

fn chosen_key(user: &UserId) -> Key {
    key(user_partition(user), "ACTIVE_GROUP")
}

fn grant_key(group: &GroupId, node: &NodeId) -> Key {
    key(partition(group), format!("NODE#{node}"))
}

fn founded_key() -> Key {
    key("INSTALLATION", "FIRST_GROUP")
}
