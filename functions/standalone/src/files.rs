//! Small files in the data directory that nobody else may read.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use adit_deid::ProjectKey;

/// Writes a file that only its owner can read; it is complete or not there.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(temporary, path)
}

/// The key from which pseudonymous UIDs are derived, made at the first start. Without it re-runs would invent new UIDs.
pub fn project_key(path: &Path) -> io::Result<ProjectKey> {
    let mut bytes = [0; 32];
    match std::fs::read_to_string(path) {
        Ok(text) => hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
            io::Error::other(format!("{} does not hold a key of 64 hexadecimal digits", path.display()))
        })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            getrandom::fill(&mut bytes).map_err(io::Error::other)?;
            write_private(path, &hex::encode(bytes))?;
        }
        Err(error) => return Err(error),
    }
    Ok(ProjectKey::from_bytes(bytes))
}
