//! Where a source does not list its images: whether a series has come as a whole. By the source's own count of the series; where it gives
//! none, by the numbers with which the retrieval ended. What nobody can know is told from what is missing.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adit_dimse::{DimseError, RetrieveOutcome, StatusClass};
use adit_domain::task::LogLevel;
use adit_store::repositories::Receipt;

use super::Transfer;
use super::plan::{Plan, Series};
use super::units::{Unit, units};

/// What is said of a series of which nobody knows how many images it has.
pub(crate) const UNKNOWN: &str =
    "its source says neither how many images it holds nor how many it has sent, so some may be missing";

/// What has come of each series, by its UID at the source. Empty where the source lists its images.
#[derive(Default)]
pub(crate) struct Counted(Mutex<HashMap<String, Arrival>>);

#[derive(Default)]
struct Arrival {
    /// SOP Instance UIDs at the source of what has come, what stays behind on purpose included.
    instances: HashSet<String>,
    /// What the present request has sent, and how often it sent something again or something that another one has brought.
    sent: HashSet<String>,
    repeats: u64,
    /// What the present request has sent that belongs elsewhere.
    strangers: u64,
    /// An earlier run has left images in staging, or an earlier request had trouble: a count alone does not make it whole.
    is_inherited: bool,
    ended: Option<Ended>,
}

/// How requests for the whole series ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    /// Why not all of it was sent, if so.
    trouble: Option<String>,
    /// Images that the source speaks of; none: it gives no number.
    images: Option<u64>,
}

impl Ended {
    /// A body of WADO-RS that came to its end.
    pub fn body(parts: u64, is_partial: bool) -> Self {
        let trouble = is_partial.then(|| "the source says that it has sent only a part of it".to_owned());
        Self { trouble, images: Some(parts) }
    }

    /// `strangers`: images that were sent and refused because nobody had asked for them.
    fn of(outcome: &Result<RetrieveOutcome, DimseError>, strangers: u64) -> Self {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return Self { trouble: Some(format!("its retrieval broke off: {error}")), images: None },
        };
        let sub = outcome.sub_operations;
        let failed = u64::from(sub.failed.unwrap_or(0)).saturating_sub(strangers);
        let trouble = if failed > 0 {
            Some(format!("the source could not send {failed} of its images"))
        } else if outcome.status.class() == StatusClass::Success || (outcome.status.is_done() && sub.failed.is_some()) {
            // Warnings of a receiver mean that it has kept the images.
            None
        } else {
            Some(format!("its retrieval ended with status {}", outcome.status))
        };
        let numbers = [sub.completed, sub.warning, sub.failed];
        let has_numbers = sub.completed.is_some() || failed > 0;
        let images = has_numbers.then(|| numbers.into_iter().flatten().map(u64::from).sum());
        Self { trouble, images }
    }
}

/// Whether a series has come as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wholeness {
    Whole,
    /// Something is missing. `for_good`: asking again will not bring it.
    Lacks {
        why: String,
        for_good: bool,
    },
    /// Nobody says how many images it has.
    Unknown,
}

impl Counted {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Arrival>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known of a series, where it matters.
    fn change(&self, plan: &Plan, series: &str, change: impl FnOnce(&mut Arrival)) {
        if !plan.exact {
            change(self.all().entry(series.to_owned()).or_default());
        }
    }

    /// A whole series is asked for.
    pub(super) fn asked(&self, plan: &Plan, unit: &Unit) {
        self.change(plan, &plan.series[unit.series].uid, |arrival| {
            arrival.sent.clear();
            (arrival.repeats, arrival.strangers) = (0, 0);
        });
    }

    /// An instance was sent: it is there, or stays behind on purpose.
    pub fn came(&self, plan: &Plan, series: &str, uid: &str) {
        self.change(plan, series, |arrival| {
            arrival.repeats += u64::from(!arrival.sent.insert(uid.to_owned()));
            arrival.instances.insert(uid.to_owned());
        });
    }

    /// An instance was sent that is here already, of this series or of another one.
    pub(super) fn came_again(&self, plan: &Plan, series: &str, uid: &str) {
        self.change(plan, series, |arrival| {
            if !arrival.instances.contains(uid) || !arrival.sent.insert(uid.to_owned()) {
                arrival.repeats += 1;
            }
        });
    }

    /// An instance was sent that belongs to another series or study.
    pub(super) fn refuse(&self, plan: &Plan, series: &str) {
        self.change(plan, series, |arrival| arrival.strangers += 1);
    }

    /// Takes over what earlier runs have delivered.
    pub fn restore(&self, plan: &Plan, receipts: &[Receipt]) {
        for receipt in receipts {
            let uid = receipt.sop_instance_uid.clone();
            self.change(plan, &receipt.series_instance_uid, |arrival| {
                arrival.instances.insert(uid);
            });
        }
    }

    /// Takes over what an earlier run has staged.
    pub fn inherit(&self, plan: &Plan, series: &str, uid: &str) {
        self.change(plan, series, |arrival| {
            arrival.instances.insert(uid.to_owned());
            arrival.is_inherited = true;
        });
    }

    /// A request for a whole series has ended. What an earlier one has spoken of still counts.
    pub(super) fn ended(&self, plan: &Plan, series: &str, ended: Ended) {
        self.change(plan, series, |arrival| {
            let images = ended.images.map(|images| images.saturating_sub(arrival.repeats + arrival.strangers));
            let before = arrival.ended.take().and_then(|before| before.images);
            arrival.ended = Some(Ended { images: images.max(before), ..ended });
        });
    }

    /// The same for a request of DIMSE.
    pub(super) fn answered(&self, plan: &Plan, unit: &Unit, outcome: &Result<RetrieveOutcome, DimseError>) {
        if unit.images.is_empty() {
            let series = &plan.series[unit.series].uid;
            let strangers = self.all().get(series).map_or(0, |arrival| arrival.strangers);
            self.ended(plan, series, Ended::of(outcome, strangers));
        }
    }

    /// Forgets how requests have ended: they asked for fewer classes than the next ones will. Where there was trouble a next one has to be.
    pub(super) fn begin_anew(&self) {
        for arrival in self.all().values_mut() {
            arrival.is_inherited |= arrival.ended.take().is_some_and(|ended| ended.trouble.is_some());
        }
    }

    /// Whether the last request for a whole series ended without trouble.
    fn has_ended_well(&self, series: &str) -> bool {
        let all = self.all();
        all.get(series).and_then(|arrival| arrival.ended.as_ref()).is_some_and(|ended| ended.trouble.is_none())
    }

    /// How many have come of a series.
    pub fn of_series(&self, series: &str) -> u64 {
        self.all().get(series).map_or(0, |arrival| arrival.instances.len() as u64)
    }

    /// Weighs a series. `failed` of its images have failed so far, those that are `lost` for good.
    fn weigh(&self, series: &Series, failed: u64, lost: &[String]) -> Wholeness {
        let all = self.all();
        let arrival = all.get(&series.uid);
        let come = arrival.map_or(0, |arrival| arrival.instances.len() as u64);
        let ended = arrival.and_then(|arrival| arrival.ended.as_ref());
        // A count of none is no count: there would be no such series.
        let (counted, said) = (series.count.filter(|count| *count > 0), ended.and_then(|ended| ended.images));
        let most = counted.max(said);
        let lacks = |why: String| {
            let is_apart = |uid: &&String| !arrival.is_some_and(|arrival| arrival.instances.contains(*uid));
            let seen = come + lost.iter().filter(is_apart).count() as u64;
            let all_lost = !lost.is_empty() && failed == lost.len() as u64;
            Wholeness::Lacks { why, for_good: all_lost && most.is_some_and(|most| seen >= most) }
        };
        if failed > 0 {
            return lacks(if failed == 1 {
                "1 of its images has failed".to_owned()
            } else {
                format!("{failed} of its images have failed")
            });
        }
        if ended.is_none() && arrival.is_some_and(|arrival| arrival.is_inherited) {
            return lacks("nobody knows how its last retrieval ended".to_owned());
        }
        // A count that is met outweighs a retrieval that broke off, but not what the source says it could not send.
        let is_met = counted.is_some_and(|count| come >= count) && said.is_none();
        if let Some(trouble) = ended.and_then(|ended| ended.trouble.clone()).filter(|_| !is_met) {
            return lacks(trouble);
        }
        match (counted, ended) {
            (None, None) => lacks("it was not fetched".to_owned()),
            _ if most.is_some_and(|most| come < most) => {
                lacks(format!("{come} of its {} images have come", most.unwrap_or_default()))
            }
            // More than the source speaks of: its numbers mean nothing.
            (None, Some(_)) if said != Some(come) => Wholeness::Unknown,
            _ => Wholeness::Whole,
        }
    }
}

impl Transfer {
    /// Whether a series of a plan that lists no images has come as a whole.
    pub(super) fn wholeness(&self, plan: &Plan, series: &str) -> Wholeness {
        let Some(series) = plan.series.iter().find(|one| one.uid == series) else { return Wholeness::Unknown };
        let (failed, lost) = self.ledger.failed_in(&series.uid);
        self.counted.weigh(series, failed, &lost)
    }

    /// The requests for what is missing. A source that lists no images is asked once more only for series that have not come as a whole.
    pub(super) fn open_units(&self, plan: &Plan, parallel: usize, by_image: bool) -> VecDeque<Unit> {
        let mut open = units(plan, &self.ledger, parallel, by_image);
        if !plan.exact {
            let is_open = |unit: &Unit| {
                let lack = self.wholeness(plan, &plan.series[unit.series].uid);
                !by_image && matches!(lack, Wholeness::Lacks { for_good: false, .. })
            };
            open.retain(is_open);
        }
        open
    }

    /// Whether every series was sent without trouble and has come as a whole. Stricter than what a source without lists has to meet: a
    /// count may be out of date.
    pub(super) fn have_all_ended_well(&self, plan: &Plan) -> bool {
        let is_whole = |series: &Series| {
            self.counted.has_ended_well(&series.uid) && self.wholeness(plan, &series.uid) == Wholeness::Whole
        };
        plan.series.iter().all(is_whole)
    }

    /// Series that lack something, with the reason, where the source lists no images.
    pub(super) fn lacking(&self, plan: &Plan, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
        if plan.exact {
            return Vec::new();
        }
        let lack = |series: &Series| match self.wholeness(plan, &series.uid) {
            Wholeness::Lacks { why, .. } => {
                let name = series.number.map_or_else(|| "A series".to_owned(), |number| format!("Series {number}"));
                Some(format!("{name} is not complete: {why}"))
            }
            Wholeness::Whole | Wholeness::Unknown => None,
        };
        plan.series.iter().filter(|series| is_meant(&series.uid)).filter_map(lack).collect()
    }

    /// Whether a retrieval that ended with a problem has left something out. What has come but is not delivered yet is not its business.
    pub(super) fn is_short(&self, plan: &Plan) -> bool {
        if plan.exact { self.ledger.wants_more(plan) } else { !self.lacking(plan, |_| true).is_empty() }
    }

    /// Whether there is anything to fetch.
    pub(super) fn wants_more(&self, plan: &Plan) -> bool {
        self.ledger.wants_more(plan) || !self.lacking(plan, |_| true).is_empty()
    }

    /// Says which series lack something, of those that are meant: no number of expected images may show it.
    pub(super) fn say_what_lacks(&self, plan: &Plan, is_meant: impl Fn(&str) -> bool) {
        for lack in self.lacking(plan, is_meant) {
            self.ledger.note(LogLevel::Warning, "Not complete", &format!("{lack}."));
        }
    }

    /// Series of which nobody knows whether all of their images have come.
    pub(super) fn doubtful(&self, plan: &Plan) -> HashSet<String> {
        let is_doubtful = |series: &&Series| !plan.exact && self.wholeness(plan, &series.uid) == Wholeness::Unknown;
        plan.series.iter().filter(is_doubtful).map(|series| series.uid.clone()).collect()
    }
}

#[cfg(test)]
mod tests;
