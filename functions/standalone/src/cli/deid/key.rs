//! The key file of `adit deid`.

use std::io::ErrorKind;
use std::path::Path;

use adit_deid::ProjectKey;
use anyhow::{Context, Result, bail};

use crate::files;

/// Reads the key; `make`: a missing one is made from the system's random numbers.
pub fn read(path: &Path, make: bool) -> Result<ProjectKey> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && make => {
            let key = files::project_key(path).with_context(|| format!("{} cannot be written", path.display()))?;
            eprintln!(
                "[adit] made the key {}; keep it safe: without it the same patients get other pseudonyms",
                path.display()
            );
            return Ok(key);
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("the key file {} is not there; name the right one, or make it with --new-key", path.display())
        }
        Err(error) => return Err(error).with_context(|| format!("the key file {} cannot be read", path.display())),
    };
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim(), &mut bytes)
        .ok()
        .with_context(|| format!("{} does not hold a key of 64 hexadecimal digits", path.display()))?;
    Ok(ProjectKey::from_bytes(bytes))
}
