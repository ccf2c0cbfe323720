//! The other form of a store (PS3.18 10.5.1): metadata as JSON, and values beside them, each at an address that the metadata name.
//! Metadata are held, values are spooled. When everything has come, files are made of them (`assemble`).

use std::collections::{HashMap, HashSet};

use adit_dicomweb::accept::MediaType;
use adit_dicomweb::json::{self, InvalidJson};
use adit_dicomweb::multipart::PartHeaders;
use adit_store::staging::StagingError;

use super::Store;
use super::assemble::{Assembly, Beside};
use super::pieces::Pieces;

/// Bytes of metadata in one request at most; they are held.
pub const MAX_METADATA: usize = 64 << 20;

/// Why a body is not taken although it has come as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// The metadata are no JSON of the model.
    Metadata(InvalidJson),
    /// There are more of them than [`MAX_METADATA`].
    TooMuch,
}

/// A store in this form while its body arrives.
pub struct Bundle {
    store: Store,
    /// Each metadata part.
    metadata: Vec<Vec<u8>>,
    held: usize,
    /// Nothing more is kept. The body is read to its end: who is cut off while sending hears no reason.
    is_too_much: bool,
    values: HashMap<String, Vec<Beside>>,
    /// Addresses of which something could not be spooled: what names them fails.
    lost: HashSet<String>,
    count: usize,
    open: Open,
}

enum Open {
    Nothing,
    Metadata,
    Value(Box<Pieces>, String, MediaType),
}

impl Bundle {
    /// Into this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            metadata: Vec::new(),
            held: 0,
            is_too_much: false,
            values: HashMap::new(),
            lost: HashSet::new(),
            count: 0,
            open: Open::Nothing,
        }
    }

    /// A part begins.
    pub async fn begin(&mut self, headers: &PartHeaders) {
        self.close().await;
        if self.is_too_much {
            return;
        }
        let kind = headers.content_type().unwrap_or_else(|| MediaType::parse(""));
        let location = headers.get("content-location").unwrap_or_default().to_owned();
        if matches!(kind.essence.as_str(), json::MEDIA_TYPE | "application/json") && location.is_empty() {
            self.metadata.push(Vec::new());
            self.open = Open::Metadata;
            return;
        }
        self.count += 1;
        match self.store.spool.begin(&format!("beside-{}", self.count)).await {
            Ok(pieces) => self.open = Open::Value(Box::new(pieces), location, kind),
            Err(error) => self.not_spooled(location, &error),
        }
    }

    fn not_spooled(&mut self, location: String, error: &StagingError) {
        tracing::error!(error = %error, "a value could not be spooled");
        self.lost.insert(location);
    }

    /// More bytes of the open part.
    pub async fn write(&mut self, bytes: &[u8]) {
        match &mut self.open {
            Open::Nothing => {}
            Open::Metadata => {
                self.held += bytes.len();
                if self.held > MAX_METADATA {
                    (self.is_too_much, self.open) = (true, Open::Nothing);
                    self.metadata = Vec::new();
                } else if let Some(text) = self.metadata.last_mut() {
                    text.extend_from_slice(bytes);
                }
            }
            Open::Value(pieces, location, _) => {
                if let Err(error) = pieces.write(bytes).await {
                    let location = location.clone();
                    self.not_spooled(location, &error);
                    self.close().await;
                }
            }
        }
    }

    /// The open part is whole.
    pub async fn end(&mut self) {
        let Open::Value(pieces, location, kind) = std::mem::replace(&mut self.open, Open::Nothing) else { return };
        match pieces.commit().await {
            Ok(content) => self.values.entry(location).or_default().push(Beside { content, kind }),
            Err(error) => self.not_spooled(location, &error),
        }
    }

    async fn close(&mut self) {
        if let Open::Value(pieces, ..) = std::mem::replace(&mut self.open, Open::Nothing) {
            pieces.abort().await;
        }
    }

    /// The rest will not come: nothing of it stays, also not what is just becoming readable.
    pub async fn give_up(mut self) {
        self.close().await;
    }

    /// The body has come as a whole. What is in it is put together and sent when the store is finished.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn into_store(mut self) -> Result<Store, NotTaken> {
        if self.is_too_much {
            return Err(NotTaken::TooMuch);
        }
        let mut instances = Vec::new();
        for text in std::mem::take(&mut self.metadata) {
            instances.extend(json::instances(&text).map_err(NotTaken::Metadata)?);
        }
        self.store.assembly = Assembly { instances, values: self.values, lost: self.lost };
        Ok(self.store)
    }
}
