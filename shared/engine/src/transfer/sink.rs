//! Where an instance goes while it arrives: through the rewriter into staging, then to the delivery.

use std::sync::Arc;

use crate::peers::{Content, Outgoing};
use crate::rules::{SERIES, STUDY};
use crate::text::uid_key;
use adit_deid::{Glance, Limits, Report, RewriteError, Rewriter, part10};
use adit_dimse::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, InstanceHead, InstanceSink, Status};
use adit_domain::task::{LogLevel, Step};
use adit_store::staging::StagedKey;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::Transfer;
use super::form::{NotKept, Output};
use super::identity::NotClaimed;
use super::outside::{SERIES_DESCRIPTION, changed};
use super::plan::Plan;

/// What is said about a staged instance. No patient data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StagedNote {
    pub sop_class_uid: String,
    pub transfer_syntax_uid: String,
    /// SOP Instance UID at the source.
    pub original: String,
    /// SOP Instance UID at the destination.
    pub delivered_as: String,
    /// Series Instance UID at the source.
    pub series: String,
    /// Bytes of preamble and file meta information before the data set.
    pub offset: u64,
    /// The pseudonym as written; empty when identity stays.
    #[serde(default)]
    pub pseudonym: String,
    /// The series' description came through unchanged.
    #[serde(default)]
    pub keeps_description: bool,
    /// Who begins anew wants nothing that was staged before.
    #[serde(default)]
    pub epoch: u32,
}

/// An instance in staging, on its way to the destination.
#[derive(Debug, Clone)]
pub(crate) struct StagedInstance {
    pub key: StagedKey,
    pub size: u64,
    pub note: StagedNote,
}

impl StagedInstance {
    /// As it is sent; `content` is its own.
    pub fn outgoing<'a>(&'a self, content: &'a Content) -> Outgoing<'a> {
        Outgoing {
            content,
            offset: self.note.offset,
            sop_class_uid: &self.note.sop_class_uid,
            sop_instance_uid: &self.note.delivered_as,
            transfer_syntax_uid: &self.note.transfer_syntax_uid,
        }
    }
}

/// The sink of one association.
pub(crate) struct TransferSink {
    transfer: Arc<Transfer>,
    plan: Arc<Plan>,
    to_deliver: mpsc::Sender<StagedInstance>,
    /// Series of the running request, for sources that do not list their images.
    series_hint: String,
    current: Option<Current>,
}

/// The instance that is arriving.
enum Current {
    /// It is there already: its bytes are dropped, the sender hears Success.
    Known,
    Arriving(Box<Arriving>),
}

struct Arriving {
    note: StagedNote,
    key: StagedKey,
    rewriter: Option<Rewriter>,
    output: Output,
    out: Vec<u8>,
    /// Looks for study and series of an image that nobody has listed.
    glance: Option<Glance>,
}

impl TransferSink {
    pub fn new(
        transfer: Arc<Transfer>,
        plan: Arc<Plan>,
        to_deliver: mpsc::Sender<StagedInstance>,
        series_hint: String,
    ) -> Self {
        Self { transfer, plan, to_deliver, series_hint, current: None }
    }

    fn series_of(&self, uid: &str) -> String {
        self.plan
            .expected
            .get(uid)
            .map_or_else(|| self.series_hint.clone(), |one| self.plan.series[one.series].uid.clone())
    }

    /// Records why an instance did not get through and answers with the status for its sender.
    fn fail(&self, uid: &str, step: Step, reason: &str, transient: bool, status: Status) -> Status {
        self.transfer.ledger.fail(uid, &self.series_of(uid), step, reason, transient);
        status
    }

    fn not_staged(&self, uid: &str, error: &adit_store::staging::StagingError) -> Status {
        self.fail(uid, Step::Stage, &format!("staging failed: {error}"), true, Status::OUT_OF_RESOURCES)
    }

    /// An instance cannot be rewritten. Staying behind on purpose is no failure: its sender hears Success.
    fn not_rewritten(&self, uid: &str, error: &RewriteError) -> Result<(), Status> {
        match error {
            RewriteError::HeldBack(reason) => {
                self.transfer.ledger.hold_back(uid, reason);
                self.transfer.counted.came(&self.plan, &self.series_of(uid), uid);
                return Ok(());
            }
            RewriteError::Residual(reason) => self.transfer.tally.stopped(reason),
            _ => {}
        }
        Err(self.fail(uid, Step::Transform, &error.to_string(), false, Status::CANNOT_UNDERSTAND))
    }

    /// Checks a rewritten instance, claims its pseudonym, and takes over what the rewriter has decided.
    async fn rewritten(&self, note: &mut StagedNote, report: &Report) -> Result<(), Status> {
        let uid = note.original.as_str();
        if uid_key(&report.facts.sop_instance_uid) != uid_key(uid) {
            let reason = "the image carries another SOP Instance UID than the source announced";
            return Err(self.fail(uid, Step::Transform, reason, false, Status::DOES_NOT_MATCH));
        }
        let transfer = &self.transfer;
        let claimed = transfer.identity.claim(&transfer.engine, &transfer.job.id, report).await;
        claimed.map_err(|not| match not {
            NotClaimed::Refused(reason) => self.fail(uid, Step::Transform, &reason, false, Status::CANNOT_UNDERSTAND),
            NotClaimed::Again => {
                let reason = "the patient has a pseudonym in this project already; the image is fetched again for it";
                self.fail(uid, Step::Transform, reason, true, Status::PROCESSING_FAILURE)
            }
            NotClaimed::Store(error) => {
                let reason = format!("the registry of pseudonyms did not answer: {error}");
                self.fail(uid, Step::Transform, &reason, true, Status::OUT_OF_RESOURCES)
            }
        })?;
        note.delivered_as.clone_from(&report.sop_instance_uid);
        note.transfer_syntax_uid.clone_from(&report.transfer_syntax_uid);
        note.offset = report.data_set_offset;
        note.pseudonym.clone_from(&report.pseudonym);
        note.keeps_description = !changed(report, SERIES_DESCRIPTION);
        Ok(())
    }

    /// Whether an image that nobody has listed belongs to the series that was asked for.
    fn is_asked_for(&self, seen: &Glance) -> bool {
        let is = |tag: u32, uid: &str| uid_key(&seen.text(tag)) == uid_key(uid);
        is(STUDY, &self.transfer.task.study_instance_uid) && is(SERIES, &self.series_hint)
    }

    fn not_asked_for(&self) -> Status {
        self.transfer.ledger.refuse_unasked();
        self.transfer.counted.refuse(&self.plan, &self.series_hint);
        Status::DOES_NOT_MATCH
    }

    async fn start(&self, head: &InstanceHead) -> Result<Box<Arriving>, Status> {
        let (transfer, uid) = (&self.transfer, &head.sop_instance_uid);
        let delivered_as = transfer.identity.uid(uid);
        let series = self.series_of(uid);
        let key = transfer.form.key(&transfer.task.id, &series, uid);
        let is_file = transfer.form.is_file();
        let (implementation, version) = (IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME);
        // The rewriter writes the file's beginning itself: what stands in it is known only when the header is.
        let (rewriter, meta) = if transfer.job.options.leaves_unchanged() {
            let (class, syntax) = (&head.sop_class_uid, &head.transfer_syntax_uid);
            (
                None,
                if is_file {
                    part10::file_meta(class, &delivered_as, syntax, implementation, version)
                } else {
                    Vec::new()
                },
            )
        } else {
            let instructions = transfer.identity.instructions();
            let rewriter = Rewriter::new(&head.transfer_syntax_uid, instructions, Limits::default());
            (Some(if is_file { rewriter.with_file_meta(implementation, version) } else { rewriter }), Vec::new())
        };
        let staged = async {
            let writer = transfer.engine.0.ports.staging.begin(&key).await?;
            let mut output = Output::new(&transfer.form, writer, &head.transfer_syntax_uid);
            output.write(&meta).await?;
            Ok::<_, adit_store::staging::StagingError>(output)
        };
        let output = staged.await.map_err(|error| self.not_staged(uid, &error))?;
        let note = StagedNote {
            sop_class_uid: head.sop_class_uid.clone(),
            transfer_syntax_uid: head.transfer_syntax_uid.clone(),
            original: uid.clone(),
            delivered_as,
            series,
            offset: meta.len() as u64,
            pseudonym: String::new(),
            keeps_description: true,
            epoch: transfer.task.epoch,
        };
        let glance = (!self.plan.exact).then(|| Glance::new(&head.transfer_syntax_uid, vec![STUDY, SERIES]));
        Ok(Box::new(Arriving { note, key, rewriter, output, out: Vec::new(), glance }))
    }
}

impl TransferSink {
    /// Drops the arriving instance; the rest of its bytes is not looked at.
    async fn give_up(&mut self, error: &RewriteError) -> Result<(), Status> {
        let Some(Current::Arriving(arriving)) = self.current.take() else { return Ok(()) };
        let uid = arriving.note.original.clone();
        arriving.output.abort().await;
        self.not_rewritten(&uid, error)?;
        self.current = Some(Current::Known);
        Ok(())
    }
}

#[async_trait]
impl InstanceSink for TransferSink {
    async fn begin(&mut self, head: &InstanceHead) -> Result<(), Status> {
        self.current = None;
        let (transfer, uid) = (Arc::clone(&self.transfer), &head.sop_instance_uid);
        if transfer.stop.is_cancelled() {
            return Err(Status::PROCESSING_FAILURE);
        }
        if let Some(reason) = transfer.holds_back("", &head.sop_class_uid) {
            transfer.ledger.hold_back(uid, reason);
            transfer.counted.came(&self.plan, &self.series_of(uid), uid);
            self.current = Some(Current::Known);
            return Ok(());
        }
        if self.plan.exact && !self.plan.expected.contains_key(uid) {
            return Err(self.not_asked_for());
        }
        if !transfer.ledger.is_wanted(uid) {
            if !transfer.ledger.is_lost(uid) {
                transfer.counted.came_again(&self.plan, &self.series_of(uid), uid);
            }
            self.current = Some(Current::Known);
            return Ok(());
        }
        if let Some(server) = transfer.source.server() {
            transfer.source.state.pace(server.limits.instances_per_second).await;
        }
        self.current = Some(Current::Arriving(self.start(head).await?));
        Ok(())
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status> {
        let Some(Current::Arriving(arriving)) = &mut self.current else { return Ok(()) };
        self.transfer.ledger.add_bytes(chunk.len() as u64);
        if let Some(glance) = arriving.glance.as_mut().filter(|glance| !glance.is_done()) {
            glance.push(chunk);
        }
        let passes = arriving.rewriter.as_mut().is_none_or(|rewriter| rewriter.passes(chunk));
        let written = match &mut arriving.rewriter {
            Some(rewriter) if !passes => {
                arriving.out.clear();
                if let Err(error) = rewriter.push(chunk, &mut arriving.out) {
                    return self.give_up(&error).await;
                }
                arriving.output.write(&arriving.out).await
            }
            _ => arriving.output.write(chunk).await,
        };
        if let Err(error) = written {
            let uid = arriving.note.original.clone();
            self.current = None;
            return Err(self.not_staged(&uid, &error));
        }
        Ok(())
    }

    async fn end(&mut self) -> Status {
        let mut arriving = match self.current.take() {
            Some(Current::Arriving(arriving)) => arriving,
            _ => return Status::SUCCESS,
        };
        if arriving.glance.as_ref().is_some_and(|seen| !self.is_asked_for(seen)) {
            arriving.output.abort().await;
            return self.not_asked_for();
        }
        let uid = arriving.note.original.clone();
        let mut report = None;
        if let Some(rewriter) = arriving.rewriter.take() {
            arriving.out.clear();
            let finished = match rewriter.finish(&mut arriving.out) {
                Ok(report) => report,
                Err(error) => {
                    arriving.output.abort().await;
                    return self.not_rewritten(&uid, &error).err().unwrap_or(Status::SUCCESS);
                }
            };
            if let Err(status) = self.rewritten(&mut arriving.note, &finished).await {
                arriving.output.abort().await;
                return status;
            }
            if let Err(error) = arriving.output.write(&arriving.out).await {
                return self.not_staged(&uid, &error);
            }
            report = Some(finished);
        }
        let Arriving { note, key, output, .. } = *arriving;
        let staged = match output.commit(&note).await {
            Ok(staged) => staged,
            Err(NotKept::Staging(error)) => return self.not_staged(&uid, &error),
            Err(NotKept::Header(error)) => {
                return self.fail(&uid, Step::Transform, &error.to_string(), false, Status::CANNOT_UNDERSTAND);
            }
        };
        if let Some(report) = report {
            self.transfer.tally.add(&report);
        }
        self.transfer.form.book(&self.transfer.ledger, &uid);
        self.transfer.counted.came(&self.plan, &note.series, &uid);
        // A closed channel means that the delivery has given up; the staged instance waits for the next run.
        if self.to_deliver.send(StagedInstance { key, size: staged.size, note }).await.is_err() {
            self.transfer.stop.cancel();
        }
        Status::SUCCESS
    }

    async fn abort(&mut self) {
        if let Some(Current::Arriving(arriving)) = self.current.take() {
            self.transfer.ledger.note(
                LogLevel::Info,
                "Cut off",
                "The source broke off in the middle of an image; it is asked for again.",
            );
            arriving.output.abort().await;
        }
    }
}
