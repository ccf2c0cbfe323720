//! What the engine asks accounts.

use adit_access::Access;
use adit_domain::UserId;
use adit_engine::{Account, People};
use adit_store::items::StoreError;
use async_trait::async_trait;

/// The accounts of this installation, as the engine asks for them.
pub struct Accounts(pub Access);

#[async_trait]
impl People for Accounts {
    async fn account(&self, user: &UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.0.account(user).await?.map(|(active, staff)| Account { active, staff }))
    }
}
