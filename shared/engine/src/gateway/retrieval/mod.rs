//! WADO-RS over C-GET and C-MOVE: one retrieval for all who ask for the same, staged, with many readers, each at its own pace.
//!
//! `board` knows what is being fetched, `fetch` lets it be fetched and forgets it in the end, `reading` holds what has come and who reads
//! it, `reader` is what a reader has in hand.

mod board;
mod fetch;
mod reader;
mod reading;

use adit_dicomweb::paths::Resource;
use adit_domain::group::Direction;
use adit_domain::transfer::TransferOptions;
use adit_domain::{JobId, Right, Uid};
use adit_store::repositories::NodeRecord;

pub(crate) use board::{Board, Key};
pub use reader::{Content, Known, Part, Place, Reader};

use crate::clock::random;
use crate::transfer::{Errand, READ};
use crate::{Actor, Engine, Refusal, now};

/// What an address asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// A study, a series or an instance.
    pub resource: Resource,
    /// Of a study: only these series; empty: all of them.
    pub series: Vec<Uid>,
    /// What is done with the people in it.
    pub options: TransferOptions,
    /// Only the data without pixels, as objects of the DICOM JSON model.
    pub metadata: bool,
}

impl Engine {
    /// Lets the server of an AE title be asked for something, or joins a retrieval of the same for the same person that is under way or
    /// has just ended.
    ///
    /// # Errors
    /// The actor may not, not in this form, or there is no such server. What the server itself says comes with the reader.
    pub async fn wado(&self, actor: &Actor, ae_title: &str, wish: Wish) -> Result<Reader, Refusal> {
        let source = self.gateway_to(actor, Right::Retrieve, ae_title, Direction::Source).await?;
        self.read_from(actor, source, wish).await
    }

    /// The same from a server that the actor may use.
    pub(crate) async fn read_from(&self, actor: &Actor, source: NodeRecord, wish: Wish) -> Result<Reader, Refusal> {
        if !source.node.config.can_be_source() {
            return Err(Refusal::invalid(format!(
                "Nothing can be fetched from {}: neither C-GET nor C-MOVE is ticked in its settings, or C-FIND is not.",
                source.node.config.name
            )));
        }
        let (key, options) = self.key_of(actor, &source, &wish).await?;
        self.permit_reading(actor, &options).await?;
        let id = JobId::new(now(), random());
        let errand = Errand {
            id,
            actor: actor.clone(),
            source,
            resource: wish.resource,
            series: wish.series,
            options,
            metadata: wish.metadata,
        };
        let (reader, is_new) = self.0.readings.join(&key, &errand.id, &self.0.ports.staging);
        if is_new {
            let (engine, reading) = (self.clone(), reader.reading());
            tokio::spawn(async move { engine.fetch_for_readers(key, errand, reading).await });
        }
        Ok(reader)
    }

    /// What makes another request one for the same, and the options as they count.
    pub(super) async fn key_of(
        &self,
        actor: &Actor,
        source: &NodeRecord,
        wish: &Wish,
    ) -> Result<(Key, TransferOptions), Refusal> {
        let mut options = wish.options.clone().validated()?;
        self.choose_project(&mut options).await?;
        let key = Key {
            user: actor.user_id.clone(),
            group: actor.group.as_ref().map(|group| group.id.clone()),
            node: source.node.id.clone(),
            // Another version of the server's settings is another server.
            version: source.version,
            resource: wish.resource.clone(),
            series: wish.series.clone(),
            options: serde_json::to_string(&options).unwrap_or_default(),
            metadata: wish.metadata,
        };
        Ok((key, options))
    }

    /// Removes what the readers of an earlier process have left in staging.
    pub(crate) async fn forget_readings(&self) -> Result<(), Refusal> {
        Ok(self.0.ports.staging.delete_task(READ).await?)
    }
}
