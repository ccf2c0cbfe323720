//! Listing a folder in the order of names, as S3 would: byte by byte, where a folder's name ends with `/`. What the page before has shown, and
//! what the prefix excludes, is not looked into.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use adit_domain::Timestamp;
use adit_store::shelf::{ShelfEntry, ShelfPage, check_name};

/// What is looked for.
struct Search<'a> {
    root: &'a Path,
    prefix: &'a str,
    after: &'a str,
    limit: usize,
    found: Vec<ShelfEntry>,
}

/// Up to `limit` files below `root` whose names begin with `prefix` and come after `after`.
pub fn page(root: &Path, prefix: &str, after: Option<&str>, limit: usize) -> io::Result<ShelfPage> {
    let mut search = Search { root, prefix, after: after.unwrap_or_default(), limit: limit + 1, found: Vec::new() };
    search.folder("")?;
    let mut entries = search.found;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more).map(|last| last.name.clone());
    Ok(ShelfPage { entries, next })
}

impl Search<'_> {
    /// Looks through the folder whose name, with `/` at its end, is `below`.
    fn folder(&mut self, below: &str) -> io::Result<()> {
        let mut entries = Vec::new();
        let listed = match fs::read_dir(self.root.join(below)) {
            // A folder that was removed while we looked has no files.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !below.is_empty() => return Ok(()),
            listed => listed?,
        };
        for entry in listed {
            let entry = entry?;
            // Names that are not Unicode cannot be told to anybody.
            let Some(name) = entry.file_name().to_str().map(|name| format!("{below}{name}")) else { continue };
            if check_name(&name).is_ok() {
                let is_folder = entry.file_type()?.is_dir();
                entries.push((if is_folder { format!("{name}/") } else { name }, is_folder, entry));
            }
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, is_folder, entry) in entries {
            if self.found.len() >= self.limit {
                return Ok(());
            }
            if is_folder {
                let may_fit = name.starts_with(self.prefix) || self.prefix.starts_with(&name);
                let may_follow = name.as_str() > self.after || self.after.starts_with(&name);
                if may_fit && may_follow {
                    self.folder(&name)?;
                }
            } else if name.starts_with(self.prefix) && name.as_str() > self.after {
                self.found.extend(self.file(name, &entry)?);
            }
        }
        Ok(())
    }

    /// A file; `None` for what is none, or lies outside, or has just gone.
    fn file(&self, name: String, entry: &DirEntry) -> io::Result<Option<ShelfEntry>> {
        let described = if entry.file_type()?.is_symlink() {
            // A link that leads nowhere, or in a circle, is no file.
            fs::canonicalize(entry.path()).ok().and_then(|path| fs::metadata(&path).ok().map(|meta| (path, meta)))
        } else {
            match fs::metadata(entry.path()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                described => Some((entry.path(), described?)),
            }
        };
        let Some(described) = described else { return Ok(None) };
        let (path, described) = described;
        if !described.is_file() || !path.starts_with(self.root) {
            return Ok(None);
        }
        let since = described.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let modified = Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        Ok(Some(ShelfEntry { name, size: described.len(), modified }))
    }
}
