//! The one way to change a person's row: read, decide, write if nobody was faster; else again.

use adit_domain::UserId;
use adit_store::items::{Condition, Kind, StoreError, Write};

use super::user::{User, user_item, user_key};
use crate::rows::{put, value};
use crate::{Access, AccessError};

/// Attempts before giving up; each lost one means that somebody else's change was made.
pub(crate) const TRIES: usize = 20;

impl Access {
    pub(crate) async fn user(&self, id: &UserId) -> Result<Option<(User, u64)>, AccessError> {
        Ok(self.items.get(&user_key(id)).await?.map(value).transpose()?)
    }

    /// Changes a person by `decide`, which may be called several times and returns what else is to be written in the same transaction.
    ///
    /// # Errors
    /// [`AccessError::Absent`]: no such person. A conflict: one of the other writes; its index counts from 0 among those of `decide`.
    pub(crate) async fn change(
        &self,
        id: &UserId,
        mut decide: impl FnMut(&mut User) -> Result<Vec<Write>, AccessError>,
    ) -> Result<User, AccessError> {
        for _ in 0..TRIES {
            let Some((before, version)) = self.user(id).await? else { return Err(AccessError::Absent) };
            let mut user = before.clone();
            let more = decide(&mut user)?;
            if user == before && more.is_empty() {
                return Ok(user);
            }
            let mut writes = vec![put(user_item(&user)?, Condition::Version(version))];
            if before.administrates() != user.administrates() {
                writes.push(self.staff_write(&user).await?);
            }
            let own = writes.len();
            writes.extend(more);
            match self.items.transact(writes).await.map_err(AccessError::from) {
                Ok(()) => return Ok(user),
                Err(error) => match error.conflict() {
                    Some(index) if index < own => {}
                    Some(index) => return Err(conflict(index - own)),
                    None => return Err(error),
                },
            }
        }
        Err(conflict(0))
    }
}

pub(crate) fn conflict(index: usize) -> AccessError {
    StoreError::new(Kind::Conflict { index }, "somebody else changed it at the same moment").into()
}
