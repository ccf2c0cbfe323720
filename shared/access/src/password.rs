//! Passwords as argon2id hashes, computed off the runtime's threads.

use std::sync::Arc;

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};

use tokio::sync::Semaphore;

use crate::AccessError;

/// Shortest password.
const SHORTEST: usize = 12;
/// Longest one: hashing megabytes helps nobody.
const LONGEST: usize = 256;

/// Checks that a new password can be used.
pub fn check(password: &str) -> Result<(), AccessError> {
    match password.chars().count() {
        0..SHORTEST => Err(AccessError::WeakPassword("the new password needs 12 characters or more")),
        _ if password.len() > LONGEST => Err(AccessError::WeakPassword("the new password is too long")),
        _ => Ok(()),
    }
}

/// Hashes computed at the same time: each takes some 20 MB and a core for a moment.
const AT_ONCE: usize = 4;
/// And askers that wait for their turn; who comes then is sent away, so that nobody can exhaust the machine without logging in.
const WAITING: usize = 64;

/// Computes hashes, a few at a time.
pub(crate) struct Hashing {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), places: Arc::new(Semaphore::new(AT_ONCE + WAITING)) }
    }
}

impl Hashing {
    /// Hashes a password with a random salt.
    ///
    /// # Errors
    /// [`AccessError::Braked`]: too many wait already.
    pub async fn hash(&self, password: String) -> Result<String, AccessError> {
        self.in_turn(move || {
            let hash = Argon2::default()
                .hash_password(password.as_bytes())
                .expect("argon2 hashes passwords of allowed length");
            hash.to_string()
        })
        .await
    }

    /// Whether a password fits a hash. Without a hash (unknown user) the same work is done, so that the time tells nothing.
    ///
    /// # Errors
    /// [`AccessError::Braked`]: too many wait already.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AccessError> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        self.in_turn(move || match hash {
            Some(hash) => PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
            None => {
                let _ = Argon2::default().hash_password(password.as_bytes());
                false
            }
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AccessError> {
        let busy = |_| AccessError::Braked(1);
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("it is never closed");
        // Who goes away meanwhile leaves the work running, so the turn ends with the work.
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        });
        Ok(working.await.expect("hashing does not panic"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hashing_is_bounded() {
        let hashing = Hashing::default();
        let held = Arc::clone(&hashing.turns).acquire_many_owned(4).await.unwrap();
        let verify = || hashing.verify("x".into(), Some("no hash".into()));
        let mut waiting: Vec<_> = (0..AT_ONCE + WAITING).map(|_| Box::pin(verify())).collect();
        for one in &mut waiting {
            assert!(futures_util::poll!(one).is_pending());
        }
        assert!(matches!(verify().await, Err(AccessError::Braked(1))));
        drop(held);
        for one in waiting {
            assert!(!one.await.unwrap());
        }
        assert!(!verify().await.unwrap(), "there is room again");
    }
}
