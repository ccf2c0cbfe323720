//! Memberships by the word of a foreign issuer.

use std::collections::BTreeSet;

use adit_domain::UserId;

use crate::{Engine, Refusal};

impl Engine {
    /// Lets a person belong to those of the `mapped` groups that are `wanted`, and to no other of them; groups that the mapping does not
    /// speak of are left alone, and names that no group has are passed over. Safe to call twice.
    pub async fn follow_mapping(
        &self,
        user: &UserId,
        wanted: &BTreeSet<String>,
        mapped: &BTreeSet<String>,
    ) -> Result<(), Refusal> {
        let present = self.groups_of(user).await?;
        for name in mapped {
            let Some(group) = self.0.groups.named(name).await? else {
                tracing::warn!("the mapping of the foreign log-in names a group that does not exist");
                continue;
            };
            match (wanted.contains(name), present.contains(&group)) {
                (true, false) => {
                    self.add_member(&group, user).await?;
                }
                (false, true) => self.remove_member(&group, user).await?,
                _ => {}
            }
        }
        Ok(())
    }
}
