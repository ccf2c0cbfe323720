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

/// The master key from which the projects' keys are derived, made at the first start. Who loses it can never again make the same
/// pseudonyms, UIDs and date shifts; who has it can find out who is behind a pseudonym. So nobody else on the machine may read it.
pub fn project_key(path: &Path) -> io::Result<ProjectKey> {
    let mut bytes = [0; 32];
    refuse_others(path)?;
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

/// The master key that is there already.
pub fn existing_project_key(path: &Path) -> io::Result<ProjectKey> {
    if path.is_file() {
        project_key(path)
    } else {
        Err(io::Error::new(io::ErrorKind::NotFound, format!("{} is missing", path.display())))
    }
}

/// Refuses a key that others on this machine could have read already: taking the right away now would hide that.
#[cfg(unix)]
fn refuse_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => Err(io::Error::other(format!(
            "{0} can be read by others on this machine; take care that nobody has copied it, then run: chmod 600 {0}",
            path.display()
        ))),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn refuse_others(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_that_others_can_read_is_refused_and_a_new_one_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("project.key");
        let key = project_key(&path).unwrap();
        assert_eq!(project_key(&path).unwrap(), key);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = project_key(&path).unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
    }
}
