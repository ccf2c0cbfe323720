//! Preferences: an object of the page's making.

use adit_domain::UserId;
use adit_store::items::{Condition, Key};
use serde_json::Value;

use crate::rows::{item, key};
use crate::{Access, AccessError};

/// Preferences may have this many bytes.
const MAX_PREFERENCES: usize = 8 * 1024;

impl Access {
    /// The user's preferences, an object.
    pub async fn preferences(&self, user: &UserId) -> Result<Value, AccessError> {
        let found = self.items.get(&preferences_key(user)).await?;
        Ok(found.map_or_else(|| serde_json::json!({}), |item| item.body))
    }

    /// Stores the user's preferences.
    pub async fn set_preferences(&self, user: &UserId, value: Value) -> Result<(), AccessError> {
        if !value.is_object() || value.to_string().len() > MAX_PREFERENCES {
            return Err(AccessError::TooLarge);
        }
        Ok(self.items.put(item(preferences_key(user), &value)?, Condition::None).await?)
    }
}

fn preferences_key(id: &UserId) -> Key {
    key(format!("USER#{id}"), "PREFERENCES")
}
