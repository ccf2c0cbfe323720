//! Store (PS3.18 10.5): instances that a program sends are spooled one by one, then sent on to the server behind.
//!
//! A large part is sent on while it arrives; its last bytes follow when it has been found whole, so that one that ends early leaves nothing.
//! One instance that cannot be stored does not stop the others: each is an item of the answer.
//! Reading never waits for the server: a program's connection would time out, and its second try would be an empty body.

mod assemble;
mod bundle;
mod deliver;
mod metadata;
mod part;
mod pieces;
mod queue;
mod running;
mod spool;
mod way;

use std::collections::BTreeSet;
use std::sync::Arc;

use adit_dicomweb::store::{Failed, StoreAnswer, Stored, reason};
use adit_domain::group::Direction;
use adit_domain::{GroupId, NodeId, Right, Uid};
use tokio_util::sync::CancellationToken;

use crate::peers::End;
use crate::{Actor, Engine, Refusal, now};
use assemble::Assembly;
pub use bundle::{Bundle, MAX_METADATA, NotTaken};
use deliver::Delivery;
use part::{Part, Spooled};
use running::Place;
pub(crate) use running::Stores;
use spool::Spool;
use way::is_by_web;

/// What is to be stored, and how it is answered.
#[derive(Debug, Clone, Default)]
pub struct StoreWish {
    /// AE title of the server.
    pub ae_title: String,
    /// The study that all instances have to belong to; none: any.
    pub study_instance_uid: Option<String>,
    /// Address below which the server's studies are retrieved, without a slash at its end; empty: the answer names no addresses.
    pub base_url: String,
}

/// One store transaction. Feed it part by part; [`Store::finish`] gives the answer. Dropping it gives up what has not been sent yet.
pub struct Store {
    engine: Engine,
    end: Arc<End>,
    /// For which the person acts.
    group: GroupId,
    study: Option<Uid>,
    base_url: String,
    /// Only instances that say of themselves that the patient's identity was removed.
    pseudonymised_only: bool,
    spool: Spool,
    delivery: Option<Delivery>,
    open: Option<Part>,
    /// What came apart and is put together at the end.
    assembly: Assembly,
    /// One for each part, in their order.
    fates: Vec<Fate>,
    studies: BTreeSet<String>,
    stop: CancellationToken,
    _place: Place,
}

/// What has become of one part.
#[derive(Debug, Clone, Default)]
struct Fate {
    sop_class_uid: String,
    sop_instance_uid: String,
    study_instance_uid: String,
    series_instance_uid: String,
    bytes: u64,
    end: FateEnd,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum FateEnd {
    /// On its way. What stays so was given up.
    #[default]
    Waiting,
    Stored {
        warning: Option<u16>,
    },
    Failed(u16),
}

impl Engine {
    /// Begins to store at a server. Refused: who may not store there, a server that takes no images or rests, and too many stores of one
    /// person at the same time.
    pub async fn begin_store(&self, actor: &Actor, wish: StoreWish) -> Result<Store, Refusal> {
        let record = self.gateway_to(actor, Right::Store, &wish.ae_title, Direction::Destination).await?;
        let study = wish.study_instance_uid.as_deref().map(Uid::parse).transpose()?;
        let name = record.node.config.name.clone();
        if record.node.config.server().is_none() || !record.node.config.can_be_destination() {
            return Err(Refusal::invalid(format!(
                "{name} takes no images: neither C-STORE nor STOW-RS is ticked in its settings."
            )));
        }
        let state = self.0.peers.state(&record);
        if state.resting(now()).is_some() {
            return Err(Refusal::peer(format!("{name} does not answer at present. Try again in a few minutes.")));
        }
        let group = actor.acting_group()?;
        self.permit_bytes(group).await?;
        let place = self.0.stores.place(&actor.user_id)?;
        Ok(Store {
            engine: self.clone(),
            end: Arc::new(End { id: record.node.id.clone(), record: Some(record), state }),
            group: group.id.clone(),
            study,
            base_url: wish.base_url,
            pseudonymised_only: actor.pseudonymised_only(),
            spool: Spool::new(self),
            delivery: None,
            open: None,
            assembly: Assembly::default(),
            fates: Vec::new(),
            studies: BTreeSet::new(),
            stop: CancellationToken::new(),
            _place: place,
        })
    }
}

impl Store {
    /// The server that gets the instances.
    #[must_use]
    pub fn node(&self) -> &NodeId {
        &self.end.id
    }

    /// A part begins. An open one is given up.
    pub async fn begin(&mut self) {
        self.abort().await;
        let number = self.fates.len();
        self.fates.push(Fate::default());
        match self.spool.begin(&number.to_string()).await {
            Ok(pieces) => self.open = Some(Part::new(pieces)),
            Err(error) => self.not_spooled(number, &error),
        }
    }

    /// More bytes of the open part, a DICOM file (PS3.10). They are dropped where the part has failed already.
    pub async fn write(&mut self, bytes: &[u8]) {
        let Some(part) = &mut self.open else { return };
        let number = self.fates.len().saturating_sub(1);
        if let Err(error) = part.write(bytes).await {
            self.drop_part().await;
            self.not_spooled(number, &error);
        } else if !is_by_web(&self.end)
            && let Some(header) = part.may_go_ahead()
            && self.judge(&header).is_ok()
            && let Some(part) = &mut self.open
        {
            let spooled = part.go_ahead(number, header);
            self.deliver(spooled);
        }
    }

    /// The open part is whole: it is judged, and sent on.
    pub async fn end(&mut self) {
        let Some(part) = self.open.take() else { return };
        let number = self.fates.len().saturating_sub(1);
        let header = part.header();
        let judged = if part.is_whole(&header) { self.judge(&header) } else { Err(reason::CANNOT_UNDERSTAND) };
        self.fates[number] = Fate {
            sop_class_uid: header.sop_class_uid.clone(),
            sop_instance_uid: header.sop_instance_uid.clone(),
            study_instance_uid: header.study_instance_uid.clone(),
            series_instance_uid: header.series_instance_uid.clone(),
            bytes: 0,
            end: judged.map_or_else(FateEnd::Failed, |()| FateEnd::Waiting),
        };
        if judged.is_err() {
            part.abort().await;
            return;
        }
        match part.commit(number, header).await {
            Ok((bytes, to_send)) => {
                self.studies.insert(self.fates[number].study_instance_uid.clone());
                self.fates[number].bytes = bytes;
                if let Some(spooled) = to_send {
                    self.deliver(spooled);
                }
            }
            Err(error) => self.not_spooled(number, &error),
        }
    }

    fn deliver(&mut self, spooled: Spooled) {
        let (engine, end, stop) = (&self.engine, &self.end, &self.stop);
        self.delivery.get_or_insert_with(|| Delivery::new(engine, end, stop)).send(spooled);
    }

    /// The open part breaks off: nothing of it stays.
    pub async fn abort(&mut self) {
        let was_open = self.open.is_some();
        self.drop_part().await;
        if let Some(fate) = self.fates.last_mut().filter(|_| was_open) {
            fate.end = FateEnd::Failed(reason::CANNOT_UNDERSTAND);
        }
    }

    /// What follows cannot be read: the open part breaks off, or one that nobody has seen counts as failed.
    pub async fn give_up(&mut self) {
        if self.open.is_none() {
            self.fates.push(Fate { end: FateEnd::Failed(reason::CANNOT_UNDERSTAND), ..Fate::default() });
        }
        self.abort().await;
    }

    /// Whether nothing that has come so far is sent on.
    #[must_use]
    pub fn is_in_vain(&self) -> bool {
        self.fates.iter().all(|fate| fate.end != FateEnd::Waiting)
    }

    /// Instances so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.fates.len() + self.assembly.count
    }

    /// Studies of the instances so far.
    #[must_use]
    pub fn studies(&self) -> Vec<Uid> {
        let all: BTreeSet<&String> = self.studies.iter().chain(&self.assembly.studies).collect();
        all.into_iter().filter_map(|uid| Uid::parse(uid).ok()).collect()
    }

    /// Waits until everything was sent, and says what has become of each instance. Nothing is left in staging afterwards.
    pub async fn finish(mut self) -> StoreAnswer {
        self.abort().await;
        self.assemble().await;
        if let Some(delivery) = self.delivery.take() {
            for (number, end) in delivery.finish().await {
                // What was found wrong at its end has failed for that.
                if let Some(fate) = self.fates.get_mut(number).filter(|fate| fate.end == FateEnd::Waiting) {
                    fate.end = end;
                }
            }
        }
        self.spool.clear().await;
        self.count_bytes().await;
        self.answer()
    }

    /// Adds what was stored to what the group has moved today.
    async fn count_bytes(&self) {
        let stored = self.fates.iter().filter(|fate| matches!(fate.end, FateEnd::Stored { .. }));
        let bytes = stored.map(|fate| fate.bytes).sum();
        if bytes == 0 {
            return;
        }
        let shared = &self.engine.0;
        let counted = async {
            let write = shared.limits.add_bytes(&self.group, now(), bytes).await?;
            shared.ports.items.transact(vec![write]).await
        };
        if let Err(error) = counted.await {
            tracing::error!(error = %error, "the bytes of a store could not be counted");
        }
    }

    async fn drop_part(&mut self) {
        if let Some(part) = self.open.take() {
            part.abort().await;
        }
    }

    fn not_spooled(&mut self, number: usize, error: &adit_store::staging::StagingError) {
        tracing::error!(error = %error, "an instance could not be spooled");
        self.fates[number].end = FateEnd::Failed(reason::OUT_OF_RESOURCES);
    }

    /// Whether an instance may be sent on; the reason why not.
    fn judge(&self, header: &part::Header) -> Result<(), u16> {
        if !header.is_complete() {
            return Err(reason::CANNOT_UNDERSTAND);
        }
        let belongs = self.study.as_ref().is_none_or(|study| study.as_str() == header.study_instance_uid);
        if !belongs || header.contradicts_itself {
            return Err(reason::DOES_NOT_MATCH);
        }
        if self.pseudonymised_only && !header.identity_removed {
            return Err(reason::NOT_AUTHORIZED);
        }
        Ok(())
    }

    fn answer(&self) -> StoreAnswer {
        let mut answer = StoreAnswer::default();
        for fate in &self.fates {
            let (sop_class_uid, sop_instance_uid) = (fate.sop_class_uid.clone(), fate.sop_instance_uid.clone());
            match fate.end {
                FateEnd::Stored { warning } => {
                    let retrieve_url = self.instance_url(fate);
                    answer.stored.push(Stored { sop_class_uid, sop_instance_uid, retrieve_url, warning });
                }
                FateEnd::Failed(reason) => answer.failed.push(Failed { sop_class_uid, sop_instance_uid, reason }),
                FateEnd::Waiting => {
                    let reason = reason::PROCESSING_FAILURE;
                    answer.failed.push(Failed { sop_class_uid, sop_instance_uid, reason });
                }
            }
        }
        let mut studies = self.studies.iter();
        if let (Some(only), None, false) = (studies.next(), studies.next(), self.base_url.is_empty()) {
            answer.retrieve_url = format!("{}/studies/{only}", self.base_url);
        }
        answer
    }

    fn instance_url(&self, fate: &Fate) -> String {
        if self.base_url.is_empty() {
            return String::new();
        }
        let Fate { study_instance_uid: study, series_instance_uid: series, sop_instance_uid: sop, .. } = fate;
        format!("{}/studies/{study}/series/{series}/instances/{sop}", self.base_url)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
