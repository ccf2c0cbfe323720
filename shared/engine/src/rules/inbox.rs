//! The inbox: takes what a sender that a rule names brings by itself. Success is answered when the instance is staged and on record.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use adit_deid::{Glance, part10};
use adit_dimse::{Caller, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, InstanceHead, InstanceSink, Status};
use adit_domain::rule::{Trigger, inbox};
use adit_domain::{Timestamp, Uid};
use adit_store::repositories::Versioned;
use adit_store::staging::StagedWriter;
use async_trait::async_trait;

use super::arrive::Coming;
use super::facts::{self, Header};
use super::place::inbox_key;
use crate::reception::Receiver;
use crate::text::uid_key;
use crate::{Engine, Shared};

/// AE titles that may send by themselves, by the enabled rules.
#[derive(Default)]
pub(crate) struct Senders(RwLock<HashSet<String>>);

impl Senders {
    fn contains(&self, title: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(title.trim())
    }

    /// Takes over what the rules say now.
    pub fn set(&self, rules: &[Versioned<adit_domain::rule::Rule>]) {
        let enabled = rules.iter().filter(|rule| rule.value.config.enabled);
        let titles = enabled.flat_map(|rule| match &rule.value.config.trigger {
            Trigger::Inbox { calling_ae_titles, .. } => calling_ae_titles.clone(),
            _ => Vec::new(),
        });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = titles.collect();
    }
}

/// The inbox as a receiver. It does not keep the engine alive.
struct Inbox(Weak<Shared>);

impl Engine {
    /// Opens the inbox: from now on the receiver takes what rules ask for.
    pub fn open_inbox(&self) {
        self.0.reception.add_receiver(Arc::new(Inbox(Arc::downgrade(&self.0))));
    }
}

#[async_trait]
impl Receiver for Inbox {
    fn admits(&self, caller: &Caller) -> bool {
        self.0.upgrade().is_some_and(|shared| shared.senders.contains(&caller.calling_ae_title))
    }

    async fn sink_for(&self, caller: &Caller, head: &InstanceHead) -> Option<Box<dyn InstanceSink>> {
        let engine = Engine(self.0.upgrade()?);
        // What a server sends because we asked for it belongs to a transfer or to nobody.
        let is_ours = head.move_originator.as_ref().is_some_and(|(title, _)| engine.0.reception.is_ours(title.trim()));
        if is_ours || !engine.0.senders.contains(&caller.calling_ae_title) {
            return None;
        }
        let from = caller.calling_ae_title.trim().to_owned();
        Some(Box::new(InboxSink { engine, from, also: Vec::new(), current: None }))
    }
}

struct InboxSink {
    engine: Engine,
    from: String,
    also: Vec<String>,
    current: Option<Arriving>,
}

struct Arriving {
    sop_instance_uid: String,
    glance: Glance,
    writer: Box<dyn StagedWriter>,
}

impl InboxSink {
    /// The header, if the instance is what it says it is and whole.
    fn checked(&self, arriving: &Arriving) -> Result<Header, Status> {
        if !arriving.glance.is_whole() {
            return Err(Status::CANNOT_UNDERSTAND);
        }
        let header = facts::header(&arriving.glance, &self.also);
        if uid_key(&header.sop_instance_uid) != uid_key(&arriving.sop_instance_uid) {
            return Err(Status::DOES_NOT_MATCH);
        }
        let known = [&header.study_instance_uid, &header.series_instance_uid];
        if known.iter().all(|uid| Uid::parse(uid).is_ok()) { Ok(header) } else { Err(Status::CANNOT_UNDERSTAND) }
    }

    /// An image lies under its SOP Instance UID alone: one of another study would take its place.
    async fn belongs_here(&self, header: &Header) -> Result<(), Status> {
        let held = self.engine.0.arrivals.in_inbox(&header.sop_instance_uid).await.map_err(|error| {
            tracing::error!(error = %error, "what the inbox holds could not be read");
            Status::OUT_OF_RESOURCES
        })?;
        let is_taken =
            held.iter().any(|object| !object.removed && object.study_instance_uid != header.study_instance_uid);
        if is_taken {
            tracing::warn!(sender = %self.from, "an image was refused: another study in the inbox has its SOP Instance UID");
            return Err(Status::DOES_NOT_MATCH);
        }
        Ok(())
    }

    async fn keep(&self, arriving: Arriving) -> Status {
        let header = match self.checked(&arriving) {
            Ok(header) => header,
            Err(status) => {
                arriving.writer.abort().await;
                return status;
            }
        };
        if let Err(status) = self.belongs_here(&header).await {
            arriving.writer.abort().await;
            return status;
        }
        let about = serde_json::json!({
            "study": header.study_instance_uid, "series": header.series_instance_uid, "sop": header.sop_instance_uid
        });
        let staged = match arriving.writer.commit(about).await {
            Ok(staged) => staged,
            Err(error) => {
                tracing::error!(error = %error, "an instance for the inbox could not be staged");
                return Status::OUT_OF_RESOURCES;
            }
        };
        let coming = Coming {
            source: inbox(),
            name: String::new(),
            from: self.from.clone(),
            size: staged.size,
            modified: Timestamp::default(),
            crc32: staged.crc32,
        };
        match self.engine.record(coming, header).await {
            Ok(_) => Status::SUCCESS,
            // The staged object stays: it may be an earlier one that is on record. The sender sends again.
            Err(error) => {
                tracing::error!(error = %error, "an instance of the inbox could not be put on record");
                Status::OUT_OF_RESOURCES
            }
        }
    }
}

#[async_trait]
impl InstanceSink for InboxSink {
    async fn begin(&mut self, head: &InstanceHead) -> Result<(), Status> {
        self.current = None;
        if Uid::parse(&head.sop_instance_uid).is_err() {
            return Err(Status::CANNOT_UNDERSTAND);
        }
        let rules = self.engine.rules_of(&inbox()).await.map_err(|_| Status::OUT_OF_RESOURCES)?;
        self.also = facts::beyond(rules.iter().map(|rule| &rule.config));
        let (class, uid, syntax) = (&head.sop_class_uid, &head.sop_instance_uid, &head.transfer_syntax_uid);
        let meta = part10::file_meta(class, uid, syntax, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME);
        let staged = async {
            let mut writer = self.engine.0.ports.staging.begin(&inbox_key(uid)).await?;
            writer.write(&meta).await?;
            Ok::<_, adit_store::staging::StagingError>(writer)
        };
        let writer = staged.await.map_err(|_| Status::OUT_OF_RESOURCES)?;
        let glance = facts::glance(syntax, &self.also);
        self.current = Some(Arriving { sop_instance_uid: uid.clone(), glance, writer });
        Ok(())
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status> {
        let Some(arriving) = &mut self.current else { return Err(Status::PROCESSING_FAILURE) };
        arriving.glance.push(chunk);
        if arriving.writer.write(chunk).await.is_err() {
            self.current = None;
            return Err(Status::OUT_OF_RESOURCES);
        }
        Ok(())
    }

    async fn end(&mut self) -> Status {
        match self.current.take() {
            Some(arriving) => self.keep(arriving).await,
            None => Status::PROCESSING_FAILURE,
        }
    }

    async fn abort(&mut self) {
        if let Some(arriving) = self.current.take() {
            arriving.writer.abort().await;
        }
    }
}
