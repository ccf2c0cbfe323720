//! What the folder holds, read from the beginnings of its files.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use adit_deid::part10::parse_head;
use adit_dimse::{Identifier, ObjectRef, tags};

/// Bytes read of each file; the attributes that queries ask for stand before.
const HEAD: u64 = 256 * 1024;
/// Attributes of patients, studies and series end with the first of these groups, those of images with the second.
const LAST_GROUPS: [u16; 2] = [0x0020, 0x0028];

/// One object.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub object: ObjectRef,
    /// Its attributes up to group 0028, or up to 0020 where more cannot be read.
    pub header: Identifier,
    pub study: String,
    pub series: String,
}

/// All objects by SOP Instance UID, in the order in which they were found.
pub(crate) struct Index {
    root: PathBuf,
    next: AtomicU64,
    entries: RwLock<Entries>,
}

#[derive(Default)]
struct Entries {
    all: Vec<Arc<Entry>>,
    places: HashMap<String, usize>,
}

impl Index {
    /// Reads the folder (made if it is missing); files that are not DICOM are passed over.
    pub fn open(root: &Path) -> io::Result<Self> {
        let index = Self { root: root.to_owned(), next: AtomicU64::new(0), entries: RwLock::default() };
        let _ = fs::remove_dir_all(root.join(".incoming"));
        fs::create_dir_all(root.join(".incoming"))?;
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let mut paths: Vec<PathBuf> =
                fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
            paths.sort();
            for path in paths {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    index.add(&path)?;
                }
            }
        }
        Ok(index)
    }

    /// Where a new object is written before it is complete.
    pub fn temporary(&self) -> PathBuf {
        self.root.join(".incoming").join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// Moves a complete file to its place and indexes it. False: it is not DICOM.
    pub fn take(&self, temporary: &Path, sop_instance_uid: &str) -> io::Result<bool> {
        let safe: String = sop_instance_uid.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
        let folder = self.root.join("received");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("i{safe}.dcm"));
        fs::rename(temporary, &path)?;
        self.add(&path)
    }

    fn add(&self, path: &Path) -> io::Result<bool> {
        let Some(entry) = read(path)? else { return Ok(false) };
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let uid = entry.object.sop_instance_uid.clone();
        let entry = Arc::new(entry);
        match entries.places.get(&uid).copied() {
            Some(place) => entries.all[place] = entry,
            None => {
                let place = entries.all.len();
                entries.places.insert(uid, place);
                entries.all.push(entry);
            }
        }
        Ok(true)
    }

    /// All objects.
    pub fn all(&self) -> Vec<Arc<Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).all.clone()
    }

    pub fn instances(&self) -> Vec<String> {
        self.all().iter().map(|entry| entry.object.sop_instance_uid.clone()).collect()
    }
}

fn read(path: &Path) -> io::Result<Option<Entry>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.take(HEAD).read_to_end(&mut bytes)?;
    let Ok(head) = parse_head(&bytes) else { return Ok(None) };
    let offset = usize::try_from(head.data_set_offset).unwrap_or(usize::MAX);
    let data_set = bytes.get(offset..).unwrap_or_default();
    let up_to = |group| Identifier::decode_until(data_set, &head.transfer_syntax_uid, group).ok();
    // Private groups before those of images may be longer than what has been read.
    let Some(header) = up_to(LAST_GROUPS[1]).or_else(|| up_to(LAST_GROUPS[0])) else {
        return Ok(None);
    };
    let object = ObjectRef {
        sop_class_uid: header.text(tags::SOP_CLASS_UID),
        sop_instance_uid: header.text(tags::SOP_INSTANCE_UID),
        transfer_syntax_uid: head.transfer_syntax_uid,
        path: path.to_owned(),
        offset: head.data_set_offset,
        length: size.saturating_sub(head.data_set_offset),
    };
    Ok(Some(Entry {
        study: header.text(tags::STUDY_INSTANCE_UID),
        series: header.text(tags::SERIES_INSTANCE_UID),
        object,
        header,
    }))
}
