//! The other form of a store (PS3.18 10.5.1): metadata as JSON, and values beside them, each at an address that the metadata name.
//! Both are spooled. When everything has come, files are made of them (`assemble`).

use std::collections::{BTreeSet, HashMap, HashSet};

use adit_dicomweb::accept::MediaType;
use adit_dicomweb::json::{self, InvalidJson};
use adit_dicomweb::multipart::PartHeaders;
use adit_store::staging::StagingError;

use super::Store;
use super::assemble::{Assembly, Beside};
use super::metadata::{Metadata, Unreadable};
use super::pieces::Pieces;
use crate::peers::Content;

/// Bytes of metadata in one request at most.
pub const MAX_METADATA: usize = 64 << 20;

/// Why a body is not taken although it has come as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// The metadata are no JSON of the model.
    Metadata(InvalidJson),
    /// There are more of them than [`MAX_METADATA`].
    TooMuch,
    /// The metadata could not be kept here.
    NotKept,
}

/// A store in this form while its body arrives.
pub struct Bundle {
    store: Store,
    /// Each metadata part.
    metadata: Vec<Content>,
    /// Bytes of metadata.
    held: usize,
    /// Nothing more is kept. The body is read to its end: who is cut off while sending hears no reason.
    in_vain: Option<NotTaken>,
    values: HashMap<String, Vec<Beside>>,
    /// Addresses of which something could not be spooled: what names them fails.
    lost: HashSet<String>,
    count: usize,
    open: Option<(Pieces, Kind)>,
}

/// What a part is.
enum Kind {
    Metadata,
    /// A value at this address.
    Value(String, MediaType),
}

impl Bundle {
    /// Into this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            metadata: Vec::new(),
            held: 0,
            in_vain: None,
            values: HashMap::new(),
            lost: HashSet::new(),
            count: 0,
            open: None,
        }
    }

    /// A part begins.
    pub async fn begin(&mut self, headers: &PartHeaders) {
        self.close().await;
        if self.in_vain.is_some() {
            return;
        }
        let kind = headers.content_type().unwrap_or_else(|| MediaType::parse(""));
        let location = headers.get("content-location").unwrap_or_default().to_owned();
        let is_json = matches!(kind.essence.as_str(), json::MEDIA_TYPE | "application/json");
        let kind = if is_json && location.is_empty() { Kind::Metadata } else { Kind::Value(location, kind) };
        self.count += 1;
        match self.store.spool.begin(&format!("beside-{}", self.count)).await {
            Ok(pieces) => self.open = Some((pieces, kind)),
            Err(error) => self.not_spooled(kind, &error),
        }
    }

    fn not_spooled(&mut self, kind: Kind, error: &StagingError) {
        tracing::error!(error = %error, "a part could not be spooled");
        match kind {
            Kind::Metadata => self.in_vain = Some(NotTaken::NotKept),
            Kind::Value(location, _) => {
                self.lost.insert(location);
            }
        }
    }

    /// More bytes of the open part.
    pub async fn write(&mut self, bytes: &[u8]) {
        let Some((pieces, kind)) = &mut self.open else { return };
        if matches!(kind, Kind::Metadata) {
            self.held += bytes.len();
            if self.held > MAX_METADATA {
                self.in_vain = Some(NotTaken::TooMuch);
                return self.close().await;
            }
        }
        if let Err(error) = pieces.write(bytes).await
            && let Some((pieces, kind)) = self.open.take()
        {
            pieces.abort().await;
            self.not_spooled(kind, &error);
        }
    }

    /// The open part is whole.
    pub async fn end(&mut self) {
        let Some((pieces, kind)) = self.open.take() else { return };
        match (pieces.commit().await, kind) {
            (Ok(content), Kind::Metadata) => self.metadata.push(content),
            (Ok(content), Kind::Value(location, kind)) => {
                self.values.entry(location).or_default().push(Beside { content, kind });
            }
            (Err(error), kind) => self.not_spooled(kind, &error),
        }
    }

    async fn close(&mut self) {
        if let Some((pieces, _)) = self.open.take() {
            pieces.abort().await;
        }
    }

    /// The rest will not come: nothing of it stays, also not what is just becoming readable.
    pub async fn give_up(mut self) {
        self.close().await;
    }

    /// The body has come as a whole. What is in it is looked through here, and put together and sent when the store is finished.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub async fn into_store(mut self) -> Result<Store, NotTaken> {
        if let Some(reason) = self.in_vain {
            return Err(reason);
        }
        let (metadata, mut count, mut studies) = (Metadata(self.metadata), 0, BTreeSet::new());
        let mut texts = metadata.read(&self.store.engine.0.stores);
        while let Some(instance) = texts.next().await.map_err(not_taken)? {
            count += 1;
            studies.insert(instance.study_instance_uid);
        }
        drop(texts);
        self.store.assembly = Assembly { metadata, count, studies, values: self.values, lost: self.lost };
        Ok(self.store)
    }
}

fn not_taken(reason: Unreadable) -> NotTaken {
    match reason {
        Unreadable::Invalid(error) => NotTaken::Metadata(error),
        Unreadable::Spool(error) => {
            tracing::error!(error = %error, "spooled metadata cannot be read");
            NotTaken::NotKept
        }
    }
}
