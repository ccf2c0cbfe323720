//! Saving a study as a file: a retrieval that one person reads once.
//!
//! What is wanted stands in a sealed ticket, so that addresses and logs hold no UID, and whoever finds an address can do nothing with it.

use adit_api::downloads::{Download, DownloadInput, DownloadProgress};
use adit_dicomweb::paths::Resource;
use adit_domain::group::Direction;
use adit_domain::{NodeId, Right, Timestamp, Uid};
use adit_store::items::Key as Place;
use adit_store::repositories::NodeRecord;
use serde::{Deserialize, Serialize};

use super::retrieval::{Reader, Wish};
use crate::{Actor, Engine, Refusal, now};

/// For how long a download can be begun.
const VALID_MS: i64 = 60_000;

/// What is sealed in a ticket.
#[derive(Serialize, Deserialize)]
struct Ticket {
    wish: DownloadInput,
    until: Timestamp,
}

impl Engine {
    /// Lets the server be asked for a study and answers when it is known what will come; the retrieval waits a while for its reader.
    ///
    /// # Errors
    /// The actor may not, or not without a pseudonym; there is no such server or study; the server cannot be asked.
    pub async fn prepare_download(&self, actor: &Actor, input: DownloadInput) -> Result<Download, Refusal> {
        let mut reader = self.read_download(actor, &input).await?;
        let known = reader.known().await?;
        let ticket = Ticket { wish: input, until: now().plus_ms(VALID_MS) };
        let text = serde_json::to_vec(&ticket).map_err(|_| unknown())?;
        Ok(Download {
            ticket: self.0.vault.seal(&place(actor), &text),
            images: known.expected,
            held_back: known.held_back,
        })
    }

    /// Begins to read what a ticket stands for; joins the retrieval that was prepared.
    ///
    /// # Errors
    /// It is another person's, or too old; and as [`Engine::prepare_download`].
    pub async fn begin_download(&self, actor: &Actor, ticket: &str) -> Result<(Reader, DownloadInput), Refusal> {
        let ticket = self.opened(actor, ticket)?;
        if now() > ticket.until {
            return Err(Refusal::absent("This download was not begun in time. Choose Download once more."));
        }
        Ok((self.read_download(actor, &ticket.wish).await?, ticket.wish))
    }

    /// How far it is.
    ///
    /// # Errors
    /// It is another person's.
    pub async fn download_progress(&self, actor: &Actor, ticket: &str) -> Result<DownloadProgress, Refusal> {
        let ticket = self.opened(actor, ticket)?;
        let source = self.download_source(actor, &ticket.wish.source).await?;
        let (key, _) = self.key_of(actor, &source, &wish_of(&ticket.wish)?).await?;
        let gone = DownloadProgress { ended: true, ..DownloadProgress::default() };
        Ok(self.0.readings.find(&key).map_or(gone, |reading| reading.progress()))
    }

    async fn read_download(&self, actor: &Actor, input: &DownloadInput) -> Result<Reader, Refusal> {
        let source = self.download_source(actor, &input.source).await?;
        self.read_from(actor, source, wish_of(input)?).await
    }

    async fn download_source(&self, actor: &Actor, id: &NodeId) -> Result<NodeRecord, Refusal> {
        actor.demand(Right::Download)?;
        self.permit(actor, id, Direction::Source).await?;
        let record = self.node_record(id).await?;
        if !record.node.config.enabled {
            let name = &record.node.config.name;
            return Err(Refusal::unavailable(format!("{name} is disabled. Try again when it is enabled.")));
        }
        Ok(record)
    }

    fn opened(&self, actor: &Actor, ticket: &str) -> Result<Ticket, Refusal> {
        let plain = self.0.vault.open(&place(actor), ticket).map_err(|_| unknown())?;
        serde_json::from_slice(&plain).map_err(|_| unknown())
    }
}

fn wish_of(input: &DownloadInput) -> Result<Wish, Refusal> {
    if input.options.convert_to_nifti {
        let sentence = "A download holds DICOM files. Switch the conversion to NIfTI off, or transfer into a folder.";
        return Err(Refusal::invalid(sentence).at("convert_to_nifti"));
    }
    let parsed = Resource::parse(&input.study_instance_uid, None, None);
    let resource = parsed.map_err(|error| Refusal::invalid(format!("{error}.")).at("study_instance_uid"))?;
    let mut series = input.series_instance_uids.iter().map(|uid| Uid::parse(uid)).collect::<Result<Vec<_>, _>>()?;
    series.sort();
    series.dedup();
    Ok(Wish { resource, series, options: input.options.clone(), metadata: false })
}

/// A ticket opens for the person for whom it was made.
fn place(actor: &Actor) -> Place {
    Place { pk: "DOWNLOAD".to_owned(), sk: actor.user_id.to_string() }
}

fn unknown() -> Refusal {
    Refusal::absent("There is no such download.")
}
