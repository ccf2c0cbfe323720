//! Staged instances as the content of one STOW-RS request.

use std::io;
use std::sync::Arc;

use adit_dicomweb_client::Source;
use adit_store::staging::{StagedKey, Staging};
use tokio::io::AsyncRead;

use crate::Engine;

/// A staged file.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub key: StagedKey,
    pub size: u64,
}

/// Several of them.
pub(crate) struct Batch {
    staging: Arc<dyn Staging>,
    parcels: Vec<Parcel>,
}

impl Batch {
    pub fn new(engine: &Engine, parcels: Vec<Parcel>) -> Self {
        Self { staging: Arc::clone(&engine.0.ports.staging), parcels }
    }
}

impl Source for Batch {
    fn sizes(&self) -> Vec<u64> {
        self.parcels.iter().map(|parcel| parcel.size).collect()
    }

    async fn open(&self, place: usize) -> io::Result<Box<dyn AsyncRead + Send + Unpin>> {
        let parcel = self.parcels.get(place).ok_or(io::ErrorKind::NotFound)?;
        self.staging.open(&parcel.key, None).await.map_err(io::Error::other)
    }
}
