//! Which files are meant.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::parts;

/// A file to read.
pub struct Input {
    pub path: PathBuf,
    /// Below the input folder; the file's own name for a single file.
    pub relative: PathBuf,
}

/// The files of a folder in the order of their names, without following links; or the one file.
pub fn of(input: &Path) -> Result<Vec<Input>> {
    if input.is_file() {
        let relative = input.file_name().map(PathBuf::from).unwrap_or_default();
        return Ok(vec![Input { path: input.to_owned(), relative }]);
    }
    let mut found = Vec::new();
    walk(input, input, &mut found)?;
    found.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(found)
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Input>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            walk(root, &path, found)?;
        } else if kind.is_file() && entry.file_name().to_str().and_then(parts::writer).is_none() {
            let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
            found.push(Input { path, relative });
        }
    }
    Ok(())
}

/// Refuses an output or report that lies in the input, or is it: the next run would take results for originals, or there would be
/// no original any more.
pub fn check_output(input: &Path, output: &Path) -> Result<()> {
    let input = input.canonicalize()?;
    let existing = output.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let place = existing.canonicalize()?;
    if place == input || (input.is_dir() && place.starts_with(&input)) {
        bail!("{} must lie outside of the input", output.display());
    }
    Ok(())
}
