//! Going down the levels of the information model, over one association or by QIDO-RS.

use std::collections::HashSet;
use std::ops::ControlFlow;

use adit_dicomweb::paths;
use adit_dimse::{Identifier, Model, Tag, tags};
use adit_store::repositories::NodeRecord;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::ask::Plan;
use super::filter::fits;
use super::levels::Level;
use crate::peers::{End, Finder, Remarks, find_model};
use crate::search::not_asked;
use crate::text::in_utf8;
use crate::transfer::Problem;
use crate::{Engine, Refusal, unnamed};

/// (0008,1190): where an answer can be fetched.
const RETRIEVE_URL: Tag = Tag(0x0008, 0x1190, *b"UR");

/// Where answers go: without those that are skipped, and not more than are wanted.
pub(super) struct Out {
    sender: mpsc::Sender<Result<Identifier, Refusal>>,
    left: usize,
    to_skip: usize,
    address: String,
    /// Who reads may not know what names a patient.
    unnamed: bool,
    /// Unique keys of what has been found.
    seen: HashSet<String>,
}

impl Out {
    pub fn new(
        sender: mpsc::Sender<Result<Identifier, Refusal>>,
        limit: usize,
        offset: usize,
        address: String,
        unnamed: bool,
    ) -> Self {
        Self { sender, left: limit, to_skip: offset, address, unnamed, seen: HashSet::new() }
    }

    /// Passes an answer on; `Break` when nothing more is wanted.
    fn give(&mut self, level: Level, mut answer: Identifier) -> ControlFlow<()> {
        let uid = answer.text(level.unique_key());
        if uid.is_empty() || !self.seen.insert(uid) {
            return ControlFlow::Continue(());
        }
        if self.to_skip > 0 {
            self.to_skip -= 1;
            return ControlFlow::Continue(());
        }
        answer.remove(tags::QUERY_RETRIEVE_LEVEL);
        let (study, series) = (answer.text(tags::STUDY_INSTANCE_UID), answer.text(tags::SERIES_INSTANCE_UID));
        let instance = answer.text(tags::SOP_INSTANCE_UID);
        let (series, instance) = match level {
            Level::Patient | Level::Study => (None, None),
            Level::Series => (Some(series.as_str()), None),
            Level::Instance => (Some(series.as_str()), Some(instance.as_str())),
        };
        let url = format!("{}/{}", self.address, paths::path(&study, series, instance));
        answer.set_raw(RETRIEVE_URL, url.as_bytes());
        if self.unnamed {
            unnamed::cut_down(&mut answer);
        }
        self.left -= 1;
        if !send(&self.sender, answer) || self.left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// From where answers are taken one by one as they arrive: waits for a slow reader, which holds the server back. False: nobody reads.
fn send(sender: &mpsc::Sender<Result<Identifier, Refusal>>, answer: Identifier) -> bool {
    match sender.try_send(Ok(answer)) {
        Ok(()) => true,
        Err(mpsc::error::TrySendError::Closed(_)) => false,
        Err(mpsc::error::TrySendError::Full(answer)) => {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(sender.send(answer))).is_ok()
        }
    }
}

/// One way to search the server, opened anew when it had to be stopped.
pub(super) struct Line<'a> {
    engine: &'a Engine,
    record: &'a NodeRecord,
    end: End,
    model: Model,
    open: Option<Finder>,
    remarks: Remarks,
    cancel: CancellationToken,
}

/// Things of the levels above, each with what is known of it.
struct Above {
    /// Their unique keys, for the next request.
    keys: Identifier,
    /// What they have told, for who has not named them.
    told: Identifier,
}

impl Engine {
    pub(super) async fn walk(
        &self,
        record: &NodeRecord,
        mut plan: Plan,
        is_relational: bool,
        remarks: Remarks,
        mut out: Out,
    ) -> Result<(), Refusal> {
        let Some(server) = record.node.config.server() else { return Ok(()) };
        if out.left == 0 {
            return Ok(());
        }
        let (model, end) = (find_model(&server.services), self.end_of(record));
        let _permit = end.state.permit().await;
        let cancel = CancellationToken::new();
        let mut line = Line { engine: self, record, end, model, open: None, remarks, cancel };
        line.locate(&mut plan).await;
        let top = Above { keys: Identifier::new(), told: Identifier::new() };
        let first = line.first_level(&plan, is_relational);
        let walked = line.below(&plan, first, top, is_relational, &mut out).await;
        if let Some(finder) = line.open.take() {
            if walked.is_ok() { finder.close().await } else { finder.abort().await }
        }
        walked.map(drop)
    }
}

impl Line<'_> {
    pub fn model(&self) -> Model {
        self.model
    }

    /// Whether patients have to be found before anything else: an archive without the study root needs their id (PS3.4 C.4.1.3.1.1).
    fn needs_patients(&self, plan: &Plan) -> bool {
        self.model == Model::PatientRoot && plan.only(Level::Patient).is_none()
    }

    /// The level at which the search has to begin.
    fn first_level(&self, plan: &Plan, is_relational: bool) -> Level {
        if self.needs_patients(plan) {
            return Level::Patient;
        }
        let needs = |level: Level| {
            level < plan.wanted
                && (plan.only(level).is_none() || plan.asks_for(level) || (is_relational && level == Level::Study))
        };
        // A series that is named is in one study only, but few archives find it without its study.
        [Level::Study, Level::Series].into_iter().find(|level| needs(*level)).unwrap_or(plan.wanted)
    }

    /// Everything at and below `level`. `Break`: nothing more is wanted.
    async fn below(
        &mut self,
        plan: &Plan,
        level: Level,
        above: Above,
        is_relational: bool,
        out: &mut Out,
    ) -> Result<ControlFlow<()>, Refusal> {
        let patients = self.needs_patients(plan);
        let keys = self.with_named(plan, level, above.keys);
        if level == plan.wanted {
            let mut flow = ControlFlow::Continue(());
            for request in plan.requests(level, &keys, patients)? {
                let mut take = |answer: Identifier| {
                    let answer = in_utf8(&answer);
                    if !plan.keys(level, patients).all(|key| fits(key, &answer, out.unnamed)) {
                        return ControlFlow::Continue(());
                    }
                    flow = out.give(level, joined(&above.told, &keys, answer));
                    flow
                };
                self.find(&request, &mut take).await?;
                if flow.is_break() {
                    return Ok(flow);
                }
            }
            return Ok(flow);
        }
        for found in self.parents(plan, level, &keys, out.left).await? {
            let raw = found.raw(level.unique_key()).unwrap_or_default().to_vec();
            let told = in_utf8(&found);
            if raw.is_empty() || !plan.keys(level, patients).all(|key| fits(key, &told, out.unnamed)) {
                continue;
            }
            let mut keys = keys.clone();
            keys.set_raw(level.unique_key(), &raw);
            let told = if is_relational {
                joined(&above.told, &Identifier::new(), told)
            } else {
                self.named(plan, level, &above.told, told)
            };
            let next = Above { keys, told };
            if Box::pin(self.below(plan, level.below(), next, is_relational, out)).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The unique keys of levels above that the search itself names.
    fn with_named(&self, plan: &Plan, level: Level, mut keys: Identifier) -> Identifier {
        let patient = (self.model == Model::PatientRoot).then_some(Level::Patient);
        for upper in patient.into_iter().chain([Level::Study, Level::Series]).filter(|upper| *upper < level) {
            if let Some(value) = plan.only(upper).filter(|_| !keys.contains(upper.unique_key())) {
                keys.set_raw(upper.unique_key(), value.as_bytes());
            }
        }
        keys
    }

    /// Of what a level above has told, what the search has named.
    fn named(&self, plan: &Plan, level: Level, above: &Identifier, told: Identifier) -> Identifier {
        if plan.asks_for(level) { joined(above, &Identifier::new(), told) } else { above.clone() }
    }

    /// Things of a level above the wanted one. More than the server's settings allow are too many, unless the client has enough with fewer.
    async fn parents(
        &mut self,
        plan: &Plan,
        level: Level,
        keys: &Identifier,
        wanted: usize,
    ) -> Result<Vec<Identifier>, Refusal> {
        let most = self.record.node.config.server().map_or(200, |server| server.max_search_results as usize);
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut is_limited = false;
        for request in plan.requests(level, keys, self.needs_patients(plan))? {
            let mut take = |answer: Identifier| {
                if !seen.insert(answer.raw(level.unique_key()).unwrap_or_default().to_vec()) {
                    return ControlFlow::Continue(());
                }
                if found.len() >= most {
                    is_limited = true;
                    return ControlFlow::Break(());
                }
                found.push(answer);
                ControlFlow::Continue(())
            };
            self.find(&request, &mut take).await?;
        }
        if is_limited && wanted > found.len() {
            let (what, name) = (level.name().to_lowercase(), &self.record.node.config.name);
            return Err(Refusal::invalid(format!(
                "Too much matches: {name} would have to be asked about each of more than {most} {what} entries. Say more about what you look for, such as a study, a patient or a date."
            )));
        }
        Ok(found)
    }

    pub async fn find(
        &mut self,
        request: &Identifier,
        take: &mut (dyn FnMut(Identifier) -> ControlFlow<()> + Send),
    ) -> Result<(), Refusal> {
        let mut finder = match self.open.take() {
            Some(finder) => finder,
            None => self.connect().await?,
        };
        let found = finder.find(&self.end, request, "the search", take, &self.cancel).await;
        if found.map_err(|problem| self.failed(&problem))? {
            finder.abort().await;
        } else {
            self.open = Some(finder);
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Finder, Refusal> {
        let finder = self.end.finder(self.engine, &self.cancel).await.map_err(|problem| self.failed(&problem))?;
        Ok(finder.remarking(&self.remarks))
    }

    fn failed(&self, problem: &Problem) -> Refusal {
        let sentence = not_asked(self.end.name(), problem);
        match problem {
            Problem::Permanent(_) | Problem::Absent(_) => Refusal::peer(sentence),
            Problem::Transient(_) | Problem::Deferred(..) | Problem::Canceled => Refusal::unavailable(sentence),
        }
    }
}

/// An answer with what is known of the levels above; its own values count.
fn joined(above: &Identifier, keys: &Identifier, answer: Identifier) -> Identifier {
    let mut all = above.clone();
    for (tag, value) in keys.entries().chain(answer.entries()) {
        match value {
            adit_dimse::Value::Bytes(raw) => all.set_raw(tag, raw),
            adit_dimse::Value::Items(items) => all.set_items(tag, items.clone()),
        }
    }
    // An archive that sends an empty key back means the one that it was asked for.
    for (tag, raw) in keys.elements() {
        if all.raw(tag).is_none_or(<[u8]>::is_empty) {
            all.set_raw(tag, raw);
        }
    }
    all
}
