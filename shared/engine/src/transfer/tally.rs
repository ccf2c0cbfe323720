//! What de-identification has done to the images of a task, added up over runs and kept small enough for one item.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adit_deid::{Change, Pixels, Report, Summary};
use adit_domain::deidentification::{ChangeCount, REPORT_FORMAT, ReasonCount, TaskReport};
use adit_domain::{JobId, TaskId, Timestamp};

use super::identity::Identity;
use super::ledger::Ledger;
use crate::{Engine, now};

/// Bytes of all lines together; an item holds 100 KB.
const LINES_BYTES: usize = 72 * 1024;
/// Different reasons that are counted.
const REASONS: usize = 20;
/// Pseudonyms that are named.
const PSEUDONYMS: usize = 20;
/// Different lines that are held in memory.
const LINES: usize = 20_000;
/// How often a running task stores its report, in milliseconds.
const EVERY_MS: i64 = 5_000;

/// The sums of one run.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Sums>);

#[derive(Default)]
struct Sums {
    /// What earlier runs have left.
    before: TaskReport,
    summary: Summary,
    /// Changes without a line of their own.
    left_out: u64,
    images: u64,
    blacked_out: u64,
    scrubbed: u64,
    pseudonyms: BTreeSet<String>,
    stopped: BTreeMap<String, u64>,
    saved: Timestamp,
}

impl Sums {
    /// Counts the changes that have a line already; the others are only counted together.
    fn add_known(&mut self, report: &Report) {
        for change in &report.changes {
            match self.summary.get_mut(&(change.path.clone(), change.what, change.why)) {
                Some(count) => *count += 1,
                None => self.left_out += 1,
            }
        }
    }
}

impl Tally {
    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins with what earlier runs have left.
    pub fn begin(&self, before: TaskReport) {
        self.sums().before = before;
    }

    /// An instance was rewritten and is staged.
    pub fn add(&self, report: &Report) {
        if report.profile.is_empty() {
            return;
        }
        let mut sums = self.sums();
        if sums.summary.len() + report.changes.len() <= LINES {
            report.add_to(&mut sums.summary);
        } else {
            sums.add_known(report);
        }
        sums.images += 1;
        match report.pixels {
            Pixels::Untouched => {}
            Pixels::Scrubbed => sums.scrubbed += 1,
            Pixels::BlackedOut => sums.blacked_out += 1,
        }
        if sums.pseudonyms.len() < PSEUDONYMS {
            sums.pseudonyms.insert(report.pseudonym.clone());
        }
    }

    /// An identifier was found in what was produced.
    pub fn stopped(&self, reason: &str) {
        let mut sums = self.sums();
        if sums.stopped.len() < REASONS || sums.stopped.contains_key(reason) {
            *sums.stopped.entry(reason.to_owned()).or_default() += 1;
        }
    }

    /// The report by now; `None` when this run has added nothing.
    fn report(&self, identity: &Identity, ledger: &Ledger) -> Option<TaskReport> {
        let sums = self.sums();
        let held_back = ledger.held_back_by_reason();
        if !identity.is_active() || (sums.images == 0 && sums.stopped.is_empty() && held_back.is_empty()) {
            return None;
        }
        let before = &sums.before;
        let (changes, changes_left_out) = merged(before, &sums.summary);
        let stopped: u64 = sums.stopped.values().sum();
        let mut pseudonyms: BTreeSet<String> = before.pseudonyms.iter().cloned().collect();
        pseudonyms.extend(sums.pseudonyms.iter().cloned());
        Some(TaskReport {
            format: REPORT_FORMAT,
            profile: identity.label(),
            project: identity.project().to_owned(),
            project_revision: identity.project_revision,
            key_version: identity.key_version,
            pseudonyms: pseudonyms.into_iter().take(PSEUDONYMS).collect(),
            images: before.images + sums.images,
            blacked_out: before.blacked_out + sums.blacked_out,
            scrubbed: before.scrubbed + sums.scrubbed,
            changes,
            changes_left_out: changes_left_out + sums.left_out,
            searched: before.searched + sums.images + stopped,
            // What stays behind and what was stopped is met again by every run.
            stopped: sums.stopped.iter().map(|(reason, count)| reasoned(reason, *count)).collect(),
            held_back: held_back.iter().take(REASONS).map(|(reason, count)| reasoned(reason, *count)).collect(),
        })
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let mut sums = self.sums();
        let due = now.since_ms(sums.saved) >= EVERY_MS;
        if due {
            sums.saved = now;
        }
        due
    }
}

impl Engine {
    /// Stores the report of a task. A report that cannot be stored is no reason to lose images.
    pub(super) async fn save_report(
        &self,
        (job, task): (&JobId, &TaskId),
        identity: &Identity,
        tally: &Tally,
        ledger: &Ledger,
    ) {
        let Some(report) = tally.report(identity, ledger) else { return };
        if let Err(error) = self.0.reports.put(job, task, &report).await {
            tracing::error!(job = %job, task = %task, error = %error, "the report of de-identification could not be stored");
        }
    }
}

impl super::Transfer {
    /// Stores the report now and then, so that a killed process leaves most of it.
    pub(super) async fn save_report_sometimes(&self) {
        if self.identity.is_active() && self.tally.is_due(now()) {
            let task = (&self.task.job_id, &self.task.id);
            self.engine.save_report(task, &self.identity, &self.tally, &self.ledger).await;
        }
    }
}

fn reasoned(reason: &str, count: u64) -> ReasonCount {
    ReasonCount { reason: reason.to_owned(), count }
}

/// Adds this run's sums to the lines of earlier runs; the rarest lines go when there are too many.
fn merged(before: &TaskReport, summary: &Summary) -> (Vec<ChangeCount>, u64) {
    let mut lines: BTreeMap<(String, String, String), ChangeCount> = BTreeMap::new();
    let fresh = summary.iter().map(|((path, what, why), count)| {
        let change = Change { path: path.clone(), what: *what, why: *why, old: None, new: None };
        ChangeCount {
            path: change.path_text(),
            keyword: change.keyword().to_owned(),
            what: what.as_str().to_owned(),
            why: why.as_str().to_owned(),
            count: *count,
        }
    });
    for line in before.changes.iter().cloned().chain(fresh) {
        let key = (line.path.clone(), line.what.clone(), line.why.clone());
        lines.entry(key).and_modify(|known| known.count += line.count).or_insert(line);
    }
    let mut lines: Vec<ChangeCount> = lines.into_values().collect();
    let size = |line: &ChangeCount| line.path.len() + line.keyword.len() + line.what.len() + line.why.len() + 64;
    let mut total: usize = lines.iter().map(size).sum();
    let mut left_out = before.changes_left_out;
    if total > LINES_BYTES {
        lines.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.path.cmp(&b.path)));
        while total > LINES_BYTES {
            let Some(rarest) = lines.pop() else { break };
            total -= size(&rarest);
            left_out += 1;
        }
        lines.sort_by(|a, b| a.path.cmp(&b.path));
    }
    (lines, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize, count: u64) -> ChangeCount {
        ChangeCount {
            path: format!("(0008,{number:04X})/{}", "x".repeat(100)),
            keyword: String::new(),
            what: "removed".into(),
            why: "basic profile".into(),
            count,
        }
    }

    #[test]
    fn hostile_headers_do_not_fill_the_memory() {
        let change = |tag| Change {
            path: vec![tag],
            what: adit_deid::What::Removed,
            why: adit_deid::Source::Private,
            old: None,
            new: None,
        };
        let report = |from: u32, count: u32| Report {
            profile: "p".into(),
            changes: (from..from + count).map(change).collect(),
            ..Report::default()
        };
        let tally = Tally::default();
        tally.add(&report(0, 15_000));
        tally.add(&report(14_999, 6_000));
        let sums = tally.sums();
        assert_eq!((sums.summary.len(), sums.left_out, sums.images), (15_000, 5_999, 2));
        assert_eq!(sums.summary.values().sum::<u64>(), 15_001);
    }

    #[test]
    fn a_report_fits_into_an_item_and_says_what_is_missing() {
        let before = TaskReport {
            changes: (0..2000).map(|number| line(number, if number < 100 { 9 } else { 1 })).collect(),
            ..TaskReport::default()
        };
        let (lines, left_out) = merged(&before, &Summary::new());
        assert_eq!(lines.len() as u64 + left_out, 2000);
        assert!(left_out > 0 && lines.iter().filter(|line| line.count == 9).count() == 100);
        let report = TaskReport { changes: lines, ..TaskReport::default() };
        assert!(serde_json::to_vec(&report).unwrap().len() < adit_store::items::MAX_BODY);
    }
}
