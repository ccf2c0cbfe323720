//! A small DICOM archive over a folder (C-ECHO, C-STORE, C-FIND, C-GET, C-MOVE), and a generator of synthetic studies.
//!
//! `adit serve --demo` runs two of these so that everything can be tried without a PACS; the tests use them as peers. It keeps
//! its index in memory and is no substitute for a real archive.

mod find;
pub mod generate;
mod index;
mod provider;
mod samples;
mod write;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, RwLock};

use adit_dimse::{Peer, Server, ServerConfig};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use index::Index;
pub use provider::FolderArchive;

pub use samples::demo_studies;

/// A running archive; it ends with [`Running::stop`] or when it is dropped.
pub struct Running {
    addr: SocketAddr,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
    destinations: Arc<RwLock<HashMap<String, Peer>>>,
    index: Arc<Index>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Makes `ae_title` known as a destination of C-MOVE.
    pub fn know(&self, ae_title: &str, peer: Peer) {
        self.destinations.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(ae_title.to_owned(), peer);
    }

    /// SOP Instance UIDs that it holds.
    #[must_use]
    pub fn instances(&self) -> Vec<String> {
        self.index.instances()
    }

    /// Stops it and waits for its end.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Serves the folder `root` as an archive with this AE title.
pub async fn serve(root: &Path, addr: SocketAddr, ae_title: &str) -> io::Result<Running> {
    let archive = FolderArchive::open(root).await?;
    let (index, destinations) = archive.shared();
    let provider = Arc::new(archive);
    let config = ServerConfig { ae_title: Some(ae_title.to_owned()), ..ServerConfig::default() };
    let server = Server::bind(addr, config, provider).await?;
    let (addr, stop) = (server.local_addr()?, CancellationToken::new());
    let task = tokio::spawn(server.run(stop.clone()));
    Ok(Running { addr, stop, task: Some(task), destinations, index })
}
