//! The key file of `adit deid`.

use std::io::ErrorKind;
use std::path::Path;

use adit_deid::ProjectKey;
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::files;

/// Reads the key; `make`: a missing one is made from the system's random numbers.
pub fn read(path: &Path, make: bool) -> Result<ProjectKey> {
    match std::fs::read(path) {
        Ok(content) => key_of(&content).with_context(|| {
            format!(
                "{} does not hold a key: 64 hexadecimal digits, or 32 bytes as they are or in base64",
                path.display()
            )
        }),
        Err(error) if error.kind() == ErrorKind::NotFound && make => {
            let key = files::project_key(path).with_context(|| format!("{} cannot be written", path.display()))?;
            eprintln!(
                "[adit] made the key {}; keep it safe: without it the same patients get other pseudonyms",
                path.display()
            );
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("the key file {} is not there; name the right one, or make it with --new-key", path.display())
        }
        Err(error) => Err(error).with_context(|| format!("the key file {} cannot be read", path.display())),
    }
}

/// The key in one of the forms in which tools write random bytes.
fn key_of(content: &[u8]) -> Option<ProjectKey> {
    let text = content.trim_ascii();
    let mut bytes = [0; 32];
    if hex::decode_to_slice(text, &mut bytes).is_ok() {
        return Some(ProjectKey::from_bytes(bytes));
    }
    let decoded = BASE64_STANDARD.decode(text).ok();
    let bytes: Option<[u8; 32]> = decoded.and_then(|bytes| bytes.try_into().ok());
    bytes.or_else(|| content.try_into().ok()).map(ProjectKey::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_32_bytes_in_one_of_three_forms() {
        let key = ProjectKey::from_bytes([0xA7; 32]);
        assert_eq!(key_of(&[0xA7; 32]).as_ref(), Some(&key));
        assert_eq!(key_of(format!("{}\n", "a7".repeat(32)).as_bytes()).as_ref(), Some(&key));
        assert_eq!(key_of(format!("{}\n", BASE64_STANDARD.encode([0xA7; 32])).as_bytes()).as_ref(), Some(&key));
        for wrong in [&b""[..], b"5a5a\n", &[0xA7; 31], "g".repeat(64).as_bytes()] {
            assert_eq!(key_of(wrong), None);
        }
    }
}
