//! Files that are being written: hidden beside their places until all of them is right. A run that was killed leaves some; they are
//! no results and were perhaps not searched for identifiers, so the next run takes them away.

use std::path::{Path, PathBuf};

const PREFIX: &str = ".adit-";
const SUFFIX: &str = ".part";

/// The file of this process for an input's number.
pub fn path(folder: &Path, index: usize) -> PathBuf {
    folder.join(format!("{PREFIX}{}-{index}{SUFFIX}", std::process::id()))
}

/// The process that writes or wrote a file of this name.
pub fn writer(name: &str) -> Option<u32> {
    let (process, index) = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.split_once('-')?;
    index.parse::<usize>().ok()?;
    process.parse().ok()
}

/// Takes away what runs that have ended left in a folder. Where nobody can tell whether a process runs, nothing is touched.
pub fn remove_left_over(folder: &Path) {
    let processes = Path::new("/proc");
    if !processes.join(std::process::id().to_string()).exists() {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let process = entry.file_name().to_str().and_then(writer);
        if process.is_some_and(|process| !processes.join(process.to_string()).exists()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parts_of_ended_runs_go() {
        let folder = std::env::temp_dir().join(format!("adit-parts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let names = [".adit-4194999-3.part", ".adit-x-1.part", "a.dcm"];
        let own = path(&folder, 7);
        for file in names.map(|name| folder.join(name)).iter().chain([&own]) {
            std::fs::write(file, "x").unwrap();
        }
        remove_left_over(&folder);
        let left = std::fs::read_dir(&folder).unwrap().count();
        assert!(own.exists() && left == if Path::new("/proc/self").exists() { 3 } else { 4 });
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
