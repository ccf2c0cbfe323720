//! Retrieval by WADO-RS: the instances of a body go the way that instances of a C-GET go, while the body arrives.

use std::sync::Arc;
use std::time::Instant;

use adit_deid::Glance;
use adit_dicomweb::multipart::Event;
use adit_dicomweb::paths;
use adit_dicomweb_client::{Client, Retrieval};
use adit_dimse::{InstanceHead, InstanceSink};
use adit_domain::task::{LogLevel, Step};
use tokio::sync::mpsc;

use super::Transfer;
use super::counted::Ended;
use super::plan::Plan;
use super::problem::Problem;
use super::sink::{StagedInstance, TransferSink};
use super::units::Unit;
use crate::rules::{glance, head_of};
use crate::text::uid_key;

/// How far the part that arrives is.
enum Part {
    /// Bytes of its file meta information.
    Head(Vec<u8>),
    /// The sink takes its data set.
    Body(Box<Glance>),
    /// The sink has refused it, or it is no DICOM file: the rest is not looked at.
    Dropped,
}

/// The body of one answer on its way into the sink.
struct Arrival<'a> {
    transfer: &'a Transfer,
    sink: TransferSink,
    series: &'a str,
    part: Part,
    uid: String,
}

impl Transfer {
    /// One request: a whole series, or the images of a list one after the other over the same connection.
    pub(super) async fn by_web(
        self: &Arc<Self>,
        client: &Client,
        plan: &Arc<Plan>,
        unit: &Unit,
        to_deliver: &mpsc::Sender<StagedInstance>,
    ) -> Result<(), Problem> {
        let (study, series) = (&self.task.study_instance_uid, plan.series[unit.series].uid.as_str());
        if unit.images.is_empty() {
            return self.fetch_web(client, plan, &paths::path(study, Some(series), None), series, to_deliver).await;
        }
        for image in unit.images.iter().filter(|uid| self.ledger.is_wanted(uid)) {
            let resource = paths::path(study, Some(series), Some(image));
            match self.fetch_web(client, plan, &resource, series, to_deliver).await {
                // The others may be there.
                Err(Problem::Permanent(sentence)) => self.ledger.note(LogLevel::Info, "Not fetched", &sentence),
                other => other?,
            }
        }
        Ok(())
    }

    async fn fetch_web(
        self: &Arc<Self>,
        client: &Client,
        plan: &Arc<Plan>,
        resource: &str,
        series: &str,
        to_deliver: &mpsc::Sender<StagedInstance>,
    ) -> Result<(), Problem> {
        let begun = Instant::now();
        let failed = |error| self.source.web_failed("WADO-RS", &error);
        let mut retrieval = tokio::select! {
            opened = client.retrieve(resource) => opened.map_err(failed)?,
            () = self.stop.cancelled() => return Err(Problem::Canceled),
        };
        self.source.state.answered();
        self.remarks(&retrieval);
        let sink = TransferSink::new(Arc::clone(self), Arc::clone(plan), to_deliver.clone(), series.to_owned());
        let mut arrival = Arrival { transfer: self, sink, series, part: Part::Dropped, uid: String::new() };
        let mut parts = 0;
        loop {
            let event = tokio::select! {
                event = retrieval.next() => event,
                () = self.stop.cancelled() => {
                    arrival.sink.abort().await;
                    return Err(Problem::Canceled);
                }
            };
            match event {
                Ok(None) => break,
                Ok(Some(event)) => {
                    parts += u64::from(matches!(event, Event::Part(_)));
                    arrival.take(event).await;
                }
                Err(error) => {
                    arrival.sink.abort().await;
                    return Err(failed(error));
                }
            }
        }
        self.counted.ended(plan, series, Ended::body(parts, retrieval.is_partial));
        self.source.took("WADO-RS", begun);
        Ok(())
    }

    fn remarks(&self, retrieval: &Retrieval) {
        if retrieval.is_partial {
            let sentence = "The source says that it sends only a part of what it holds (HTTP status 206).";
            self.ledger.note(LogLevel::Warning, "Part of the study", sentence);
        }
        for warning in &retrieval.warnings {
            self.ledger.note(LogLevel::Warning, "Remark of the source", &format!("The source says: {warning}"));
        }
    }
}

impl Arrival<'_> {
    async fn take(&mut self, event: Event) {
        match event {
            Event::Part(_) => self.part = Part::Head(Vec::new()),
            Event::Data(data) => self.data(&data).await,
            Event::PartEnd => self.end().await,
            Event::End => {}
        }
    }

    async fn data(&mut self, bytes: &[u8]) {
        match &mut self.part {
            Part::Dropped => {}
            Part::Body(seen) => {
                seen.push(bytes);
                self.write(bytes).await;
            }
            Part::Head(held) => {
                held.extend_from_slice(bytes);
                self.head(false).await;
            }
        }
    }

    /// Begins the instance once its file meta information is there.
    async fn head(&mut self, is_all: bool) {
        let Part::Head(held) = &mut self.part else { return };
        let head = match head_of(held, is_all) {
            Ok(None) => return,
            Ok(Some(head)) => head,
            Err(_) => {
                self.part = Part::Dropped;
                let sentence = "The source sent something that is no DICOM file; it was not looked at.";
                self.transfer.ledger.note(LogLevel::Warning, "No DICOM file", sentence);
                return;
            }
        };
        let offset = usize::try_from(head.data_set_offset).unwrap_or(usize::MAX).min(held.len());
        let rest = held.split_off(offset);
        uid_key(&head.sop_instance_uid).clone_into(&mut self.uid);
        let mut seen = Box::new(glance(&head.transfer_syntax_uid, &[]));
        seen.push(&rest);
        let instance = InstanceHead {
            sop_class_uid: head.sop_class_uid,
            sop_instance_uid: self.uid.clone(),
            transfer_syntax_uid: head.transfer_syntax_uid,
            calling_ae_title: String::new(),
            peer_addr: None,
            move_originator: None,
            message_id: 0,
        };
        // A refusal is on the books already, with its reason.
        if self.sink.begin(&instance).await.is_err() {
            self.part = Part::Dropped;
            return;
        }
        self.part = Part::Body(seen);
        self.write(&rest).await;
    }

    async fn write(&mut self, bytes: &[u8]) {
        if self.sink.write(bytes).await.is_err() {
            self.part = Part::Dropped;
        }
    }

    async fn end(&mut self) {
        self.head(true).await;
        match std::mem::replace(&mut self.part, Part::Dropped) {
            Part::Body(seen) if seen.is_whole() => drop(self.sink.end().await),
            Part::Body(_) => {
                self.sink.abort().await;
                let reason = "the source sent it damaged: it ends in the middle of an attribute";
                self.transfer.ledger.fail(&self.uid, self.series, Step::Retrieve, reason, false);
            }
            Part::Head(_) | Part::Dropped => {}
        }
    }
}
