//! What the converter has written, in the order and under the names in which it goes out.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use tokio::fs;

/// Kinds of files, in the order in which those of one image go out. Others stay here.
const KINDS: [&str; 5] = [".json", ".nii.gz", ".nii", ".bval", ".bvec"];

/// A file that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub name: String,
    pub path: PathBuf,
    pub size: u64,
}

/// The folder into which the converter writes.
pub(crate) struct Outputs {
    folder: PathBuf,
    seen: HashSet<OsString>,
    stems: HashSet<String>,
}

impl Outputs {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, seen: HashSet::new(), stems: HashSet::new() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What has come since the last time: image by image, each with its files in the order of [`KINDS`].
    pub async fn take_new(&mut self) -> io::Result<Vec<Output>> {
        let mut groups: BTreeMap<String, Vec<(usize, PathBuf, u64)>> = BTreeMap::new();
        for (name, size) in self.unseen().await? {
            let text = name.to_string_lossy().into_owned();
            if let Some((kind, stem)) = split(&text) {
                groups.entry(stem.to_owned()).or_default().push((kind, self.folder.join(&name), size));
            }
            self.seen.insert(name);
        }
        let mut files = Vec::new();
        for (stem, mut group) in groups {
            let stem = self.own_stem(&stem);
            group.sort();
            files.extend(group.into_iter().map(|(kind, path, size)| {
                let name = format!("{stem}{}", KINDS[kind]);
                Output { name, path, size }
            }));
        }
        Ok(files)
    }

    /// Removes what has come since the last time.
    pub async fn drop_new(&mut self) -> io::Result<()> {
        for (name, _) in self.unseen().await? {
            fs::remove_file(self.folder.join(name)).await?;
        }
        Ok(())
    }

    async fn unseen(&self) -> io::Result<Vec<(OsString, u64)>> {
        let (mut entries, mut all) = (fs::read_dir(&self.folder).await?, Vec::new());
        while let Some(entry) = entries.next_entry().await? {
            let metadata = entry.metadata().await?;
            if metadata.is_file() && !self.seen.contains(&entry.file_name()) {
                all.push((entry.file_name(), metadata.len()));
            }
        }
        Ok(all)
    }

    /// A name that every file system takes, and that no other image has.
    fn own_stem(&mut self, stem: &str) -> String {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let plain: String = stem.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
        let plain = plain.trim_start_matches('.');
        let plain = if plain.is_empty() { "image" } else { plain };
        let mut own = plain.to_owned();
        let mut number = 2;
        while !self.stems.insert(own.clone()) {
            own = format!("{plain}_{number}");
            number += 1;
        }
        own
    }
}

/// Bytes of the files in a folder.
pub(super) async fn bytes_in(folder: &Path) -> io::Result<u64> {
    let (mut entries, mut bytes) = (fs::read_dir(folder).await?, 0);
    while let Some(entry) = entries.next_entry().await? {
        // It may have been renamed in between.
        bytes += entry.metadata().await.map_or(0, |metadata| metadata.len());
    }
    Ok(bytes)
}

/// Place in [`KINDS`], and the name without it.
fn split(name: &str) -> Option<(usize, &str)> {
    KINDS.iter().enumerate().find_map(|(kind, suffix)| name.strip_suffix(suffix).map(|stem| (kind, stem)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_go_out_image_by_image_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| std::fs::write(folder.path().join(name), "x").unwrap();
        let names = |files: Vec<Output>| files.into_iter().map(|file| file.name).collect::<Vec<_>>();
        let mut outputs = Outputs::new(folder.path().to_owned());
        for name in ["2-b.nii.gz", "2-b.json", "1-a.bvec", "1-a.bval", "1-a.nii.gz", "1-a.json", "1-a.log"] {
            put(name);
        }
        let expected = ["1-a.json", "1-a.nii.gz", "1-a.bval", "1-a.bvec", "2-b.json", "2-b.nii.gz"];
        assert_eq!(names(outputs.take_new().await.unwrap()), expected);
        put("3-\u{fc}\"x.json");
        put("3-o\"x.json");
        assert_eq!(names(outputs.take_new().await.unwrap()), ["3-o_x.json", "3-__x.json"]);
        put("3-\u{f6}\"x.json");
        assert_eq!(names(outputs.take_new().await.unwrap()), ["3-__x_2.json"]);
        put("4-broken.json");
        outputs.drop_new().await.unwrap();
        assert!(outputs.take_new().await.unwrap().is_empty() && !folder.path().join("4-broken.json").exists());
    }
}
