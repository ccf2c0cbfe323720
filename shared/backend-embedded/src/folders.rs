//! The folders that nodes name.

use std::path::Path;
use std::sync::Arc;

use adit_domain::node::Folder;
use adit_store::shelf::{Folders, Shelf};

use crate::FolderShelf;

/// Folders of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalFolders;

impl Folders for LocalFolders {
    fn shelf(&self, folder: &Folder) -> Arc<dyn Shelf> {
        Arc::new(FolderShelf::new(Path::new(&folder.path)))
    }
}
