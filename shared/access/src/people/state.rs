//! What administrators do to accounts in use. Deactivation counts at once: sessions and tokens look at the person's row each time.

use adit_domain::UserId;
use adit_domain::person::PersonState;

use super::Outcome;
use crate::{Access, AccessError};

impl Access {
    /// Keeps a person out; their sessions end and their tokens answer as unknown at once.
    ///
    /// # Errors
    /// [`AccessError::LastAdministrator`]; [`AccessError::WrongState`]: waiting or unconfirmed, which is rejected instead.
    pub async fn deactivate(&self, id: &UserId) -> Result<Outcome, AccessError> {
        self.set_state(id, PersonState::Active, PersonState::Deactivated).await
    }

    /// Lets a deactivated person in again.
    pub async fn reactivate(&self, id: &UserId) -> Result<Outcome, AccessError> {
        self.set_state(id, PersonState::Deactivated, PersonState::Active).await
    }

    async fn set_state(&self, id: &UserId, from: PersonState, to: PersonState) -> Result<Outcome, AccessError> {
        let mut changed = false;
        self.change(id, |user| {
            changed = user.state == from;
            if changed {
                user.state = to;
                user.end_sessions();
            } else if user.state != to {
                return Err(AccessError::WrongState(user.state.as_str()));
            }
            Ok(Vec::new())
        })
        .await?;
        tracing::info!(user = %id, state = to.as_str(), changed, "state of an account set");
        Ok(Outcome { changed, notice: None })
    }

    /// Makes a person an administrator, or no longer.
    ///
    /// # Errors
    /// [`AccessError::LastAdministrator`], [`AccessError::Absent`].
    pub async fn set_staff(&self, id: &UserId, staff: bool) -> Result<Outcome, AccessError> {
        let mut changed = false;
        self.change(id, |user| {
            changed = user.staff != staff;
            user.staff = staff;
            Ok(Vec::new())
        })
        .await?;
        tracing::info!(user = %id, staff, changed, "administrator's flag set");
        Ok(Outcome { changed, notice: None })
    }
}
