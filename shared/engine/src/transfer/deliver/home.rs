//! The folder of a study: where it was begun. A new one is named after the study's modalities, and these change when a series comes late;
//! what stands in a folder already goes on there. It is recognised by images of this study, never by its name alone.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use adit_domain::node::NodeKind;
use tokio::sync::Mutex;

use super::naming::{file_name, folder_for, nifti_ending, study_beginning};
use crate::transfer::Transfer;
use crate::transfer::plan::Plan;
use crate::transfer::problem::Problem;

/// Folders of one run's study, by pseudonym: one run does not change its mind.
#[derive(Default)]
pub(crate) struct Homes(Mutex<HashMap<String, PathBuf>>);

/// By what a study is recognised.
struct Marks {
    /// How the names of its folder begin.
    beginning: String,
    /// Names of its images.
    files: HashSet<String>,
    /// How the names of its converted series end.
    endings: Vec<String>,
}

impl Transfer {
    /// The folder of this task's study under a pseudonym, which is empty when identity stays.
    pub(in crate::transfer) async fn study_folder(&self, plan: &Plan, pseudonym: &str) -> Result<PathBuf, Problem> {
        let Some(NodeKind::Folder(folder)) = self.destination.record.as_ref().map(|record| &record.node.config.kind)
        else {
            return Err(Problem::Permanent("The destination is not a folder.".into()));
        };
        let mut homes = self.homes.0.lock().await;
        if let Some(known) = homes.get(pseudonym) {
            return Ok(known.clone());
        }
        let (named, marks) = (folder_for(self, plan, Path::new(&folder.path), pseudonym), self.marks(plan));
        let looked = tokio::task::spawn_blocking(move || begun(&named, &marks).map(|begun| begun.unwrap_or(named)));
        let looked = looked.await.map_err(io::Error::other).and_then(|found| found);
        let home = looked.map_err(|error| Problem::Transient(format!("The folder cannot be read ({error}).")))?;
        homes.insert(pseudonym.to_owned(), home.clone());
        Ok(home)
    }

    fn marks(&self, plan: &Plan) -> Marks {
        let listed = plan.expected.keys().map(|uid| self.identity.uid(uid));
        let files = listed.chain(self.ledger.sent_as().into_values()).map(|uid| file_name(&uid)).collect();
        let endings = plan.series.iter().map(|series| nifti_ending(self, &series.uid)).collect();
        Marks { beginning: study_beginning(self, plan), files, endings }
    }
}

/// The folder in which a study was begun: the one that it would get now, else one beside it; none: nothing of it is there.
fn begun(named: &Path, marks: &Marks) -> io::Result<Option<PathBuf>> {
    let Some(patient) = named.parent() else { return Ok(None) };
    let is_of_study = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&marks.beginning))
    };
    let mut folders: Vec<PathBuf> = folders_in(patient)?.into_iter().filter(is_of_study).collect();
    folders.sort_by_key(|path| (path.as_path() != named, path.clone()));
    for folder in folders {
        if holds_some(&folder, marks)? {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// Whether anything of the study is in a folder.
fn holds_some(folder: &Path, marks: &Marks) -> io::Result<bool> {
    for series in folders_in(folder)? {
        let name = series.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if marks.endings.iter().any(|ending| name.ends_with(ending)) {
            return Ok(true);
        }
        for entry in fs::read_dir(&series)? {
            if entry?.file_name().to_str().is_some_and(|name| marks.files.contains(name)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Folders in a folder; none where there is no such folder.
fn folders_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        // What else stands there is the business of who writes.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_goes_on_where_images_of_it_are_and_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join("P-001").join(name);
        let put = |path: PathBuf| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        let marks = Marks {
            beginning: "20240301-101500-".into(),
            files: HashSet::from(["1.2.dcm".to_owned()]),
            endings: vec!["~0a0b0c".into()],
        };
        let named = at("20240301-101500-CT,MR");
        let found = || begun(&named, &marks).unwrap();
        assert_eq!(found(), None, "the patient has no folder yet");
        // Another study of the same moment, and the same image under another one's name.
        put(at("20240301-101500-CT").join("1-Axial/9.9.dcm"));
        put(at("20240301-101500-PT").join("1.2.dcm"));
        put(at("20240302-101500-CT").join("1-Axial/1.2.dcm"));
        assert_eq!(found(), None);
        put(at("20240301-101500-MR").join("2-Head/1.2.dcm"));
        assert_eq!(found(), Some(at("20240301-101500-MR")));
        fs::remove_dir_all(at("20240301-101500-MR")).unwrap();
        put(at("20240301-101500-MR").join("2-Head~0a0b0c/2-Head.nii.gz"));
        assert_eq!(found(), Some(at("20240301-101500-MR")), "converted");
        put(named.join("3-New/1.2.dcm"));
        assert_eq!(found(), Some(named.clone()), "its present name comes first");
    }
}
