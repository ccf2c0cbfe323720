//! Passwords as argon2id hashes, computed off the runtime's threads.

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};

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

/// Hashes a password with a random salt.
pub async fn hash(password: String) -> String {
    let hashing = tokio::task::spawn_blocking(move || {
        let hash =
            Argon2::default().hash_password(password.as_bytes()).expect("argon2 hashes passwords of allowed length");
        hash.to_string()
    });
    hashing.await.expect("hashing does not panic")
}

/// Whether a password fits a hash. Without a hash (unknown user) the same work is done, so that the time tells nothing.
pub async fn verify(password: String, hash: Option<String>) -> bool {
    if password.len() > LONGEST {
        return false;
    }
    let checking = tokio::task::spawn_blocking(move || match hash {
        Some(hash) => PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
        None => {
            let _ = Argon2::default().hash_password(password.as_bytes());
            false
        }
    });
    checking.await.unwrap_or(false)
}
