//! The active administrators in one row, which changes in the same transaction as the person: so the last one cannot be lost, whatever
//! happens at the same moment.

use std::collections::BTreeSet;

use adit_domain::UserId;
use adit_store::items::{Condition, Write};

use super::user::User;
use crate::rows::{item, key, put, value};
use crate::{Access, AccessError};

impl Access {
    /// The active administrators.
    pub async fn administrators(&self) -> Result<Vec<User>, AccessError> {
        let mut found = Vec::new();
        for id in self.roster().await?.0 {
            found.extend(self.user(&id).await?.map(|(user, _)| user).filter(User::administrates));
        }
        Ok(found)
    }

    /// The write that takes `user` in or out, to be made together with the person's.
    pub(crate) async fn staff_write(&self, user: &User) -> Result<Write, AccessError> {
        let (mut roster, condition) = self.roster().await?;
        if user.administrates() {
            roster.insert(user.id.clone());
        } else {
            roster.remove(&user.id);
            if roster.is_empty() {
                return Err(AccessError::LastAdministrator);
            }
        }
        Ok(put(item(key("STAFF", "STAFF"), &roster)?, condition))
    }

    /// The row; of an installation that is older than the row, from the list of people.
    async fn roster(&self) -> Result<(BTreeSet<UserId>, Condition), AccessError> {
        if let Some(found) = self.items.get(&key("STAFF", "STAFF")).await? {
            let (roster, version) = value(found)?;
            return Ok((roster, Condition::Version(version)));
        }
        let mut roster = BTreeSet::new();
        for found in self.rows_of_people().await? {
            let (user, _) = value::<User>(found)?;
            if user.administrates() {
                roster.insert(user.id);
            }
        }
        Ok((roster, Condition::Absent))
    }
}
