//! The archive behind adit-dimse's server.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use adit_deid::part10::file_meta;
use adit_dimse::{
    Admission, Archive, Caller, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, Identifier, InstanceHead,
    InstanceSink, Model, ObjectRef, Peer, Provider, Status,
};
use async_trait::async_trait;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::find;
use crate::index::Index;

/// The archive as a provider: whoever calls is admitted; it is bound to loopback.
pub struct FolderArchive {
    index: Arc<Index>,
    destinations: Destinations,
}

/// Destinations of C-MOVE by AE title.
pub(crate) type Destinations = Arc<RwLock<HashMap<String, Peer>>>;

impl FolderArchive {
    /// Reads the folder `root`, which is made if it is missing.
    pub async fn open(root: &Path) -> io::Result<Self> {
        let root = root.to_owned();
        let index = tokio::task::spawn_blocking(move || Index::open(&root)).await.map_err(io::Error::other)??;
        Ok(Self { index: Arc::new(index), destinations: Arc::default() })
    }

    /// SOP Instance UIDs that it holds.
    #[must_use]
    pub fn instances(&self) -> Vec<String> {
        self.index.instances()
    }

    /// Makes `ae_title` known as a destination of C-MOVE.
    pub fn know(&self, ae_title: &str, peer: Peer) {
        self.destinations.write().unwrap_or_else(PoisonError::into_inner).insert(ae_title.to_owned(), peer);
    }

    pub(crate) fn shared(&self) -> (Arc<Index>, Destinations) {
        (Arc::clone(&self.index), Arc::clone(&self.destinations))
    }
}

impl Provider for FolderArchive {
    fn admit(&self, _caller: &Caller) -> Admission {
        Admission::Accept
    }

    fn sink(&self, _caller: &Caller) -> Box<dyn InstanceSink> {
        Box::new(FileSink { index: Arc::clone(&self.index), open: None })
    }

    fn archive(&self) -> Option<&dyn Archive> {
        Some(self)
    }
}

#[async_trait]
impl Archive for FolderArchive {
    async fn find(&self, _model: Model, query: Identifier, matches: mpsc::Sender<Identifier>) -> Status {
        match find::find(&self.index.all(), &query) {
            Ok(answers) => {
                for answer in answers {
                    if matches.send(answer).await.is_err() {
                        return Status::CANCEL;
                    }
                }
                Status::SUCCESS
            }
            Err(status) => status,
        }
    }

    async fn select(&self, _model: Model, query: Identifier) -> Result<Vec<ObjectRef>, Status> {
        Ok(find::select(&self.index.all(), &query)?.iter().map(|entry| entry.object.clone()).collect())
    }

    fn destination(&self, ae_title: &str) -> Option<Peer> {
        self.destinations.read().unwrap_or_else(PoisonError::into_inner).get(ae_title.trim()).cloned()
    }
}

/// Writes received instances into files.
struct FileSink {
    index: Arc<Index>,
    open: Option<Open>,
}

struct Open {
    file: File,
    path: PathBuf,
    sop_instance_uid: String,
}

#[async_trait]
impl InstanceSink for FileSink {
    async fn begin(&mut self, head: &InstanceHead) -> Result<(), Status> {
        let path = self.index.temporary();
        let meta = file_meta(
            &head.sop_class_uid,
            &head.sop_instance_uid,
            &head.transfer_syntax_uid,
            IMPLEMENTATION_CLASS_UID,
            IMPLEMENTATION_VERSION_NAME,
        );
        let mut file = File::create(&path).await.map_err(|_| Status::OUT_OF_RESOURCES)?;
        file.set_max_buf_size(1 << 20);
        file.write_all(&meta).await.map_err(|_| Status::OUT_OF_RESOURCES)?;
        self.open = Some(Open { file, path, sop_instance_uid: head.sop_instance_uid.clone() });
        Ok(())
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status> {
        match &mut self.open {
            Some(open) => open.file.write_all(chunk).await.map_err(|_| Status::OUT_OF_RESOURCES),
            None => Err(Status::PROCESSING_FAILURE),
        }
    }

    async fn end(&mut self) -> Status {
        let Some(mut open) = self.open.take() else { return Status::PROCESSING_FAILURE };
        if open.file.flush().await.is_err() {
            return Status::OUT_OF_RESOURCES;
        }
        let index = Arc::clone(&self.index);
        let taken = tokio::task::spawn_blocking(move || index.take(&open.path, &open.sop_instance_uid)).await;
        match taken {
            Ok(Ok(true)) => Status::SUCCESS,
            Ok(Ok(false)) => Status::CANNOT_UNDERSTAND,
            _ => Status::OUT_OF_RESOURCES,
        }
    }

    async fn abort(&mut self) {
        if let Some(open) = self.open.take() {
            let _ = tokio::fs::remove_file(open.path).await;
        }
    }
}
