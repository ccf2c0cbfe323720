//! The books of one run: what is expected, received, delivered, verified, held back, failed, and what was said about it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use adit_domain::task::{InstanceFailure, LogEntry, LogLevel, MAX_FAILURES, MAX_LOG, Progress, Step};
use adit_store::repositories::{Receipt, ReceiptState};
use adit_store::staging::StagedKey;

use super::plan::Plan;
use crate::now;

/// Why reports and documents stay behind. Every other reason is a surprise and lowers the outcome.
pub(crate) const DOCUMENT: &str = "reports, presentation states, key objects and documents name people in their text";
/// Why they stay behind where series are converted.
pub(super) const NO_IMAGES: &str =
    "reports, presentation states, key objects and documents hold no images that could be converted to NIfTI";
/// Why images stay although nothing is wrong with them; never the first reason that people should hear.
pub(super) const INCOMPLETE: &str = "other images of the series are missing, so it was not converted to NIfTI";
/// Reasons that everybody expects.
pub(super) const EXPECTED: [&str; 2] = [DOCUMENT, NO_IMAGES];
/// Warnings shown while a task runs.
const SHOWN: usize = 5;
/// Receipts stored together: what is sent again at most when this process dies.
const RECEIPTS: usize = 100;
/// Bytes of delivered instances that lie in staging before receipts are stored all the same.
const STAGED_BYTES: u64 = 64 << 20;
/// For how long a receipt waits for others.
const RECEIPT_WAITS: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(crate) struct Ledger {
    books: Mutex<Books>,
    bytes: AtomicU64,
    /// Who stores receipts is alone.
    pub saving: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Books {
    step: Step,
    expected: u64,
    /// SOP Instance UIDs at the source.
    received: HashSet<String>,
    delivered: HashSet<String>,
    /// With the reason.
    held_back: HashMap<String, Arc<str>>,
    /// Pseudonyms of what was delivered.
    pseudonyms: BTreeSet<String>,
    verified: u64,
    failures: BTreeMap<String, Failure>,
    log: Vec<LogEntry>,
    warnings: u32,
    unsaved: Unsaved,
    /// What the destination should hold, by SOP Instance UID at the source.
    sent_as: HashMap<String, String>,
    unasked: u64,
}

/// What was delivered and is not on record yet.
#[derive(Default)]
pub(crate) struct Unsaved {
    pub receipts: Vec<Receipt>,
    /// What of it still lies in staging.
    pub staged: Vec<StagedKey>,
    bytes: u64,
    since: Option<Instant>,
}

struct Failure {
    series: String,
    step: Step,
    reason: String,
    transient: bool,
}

impl Ledger {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn step(&self, step: Step) {
        self.books().step = step;
    }

    pub fn present_step(&self) -> Step {
        self.books().step
    }

    pub fn expect(&self, count: u64) {
        self.books().expected = count;
    }

    /// Adds a log line; warnings lower the outcome.
    pub fn note(&self, level: LogLevel, title: &str, message: &str) {
        let mut books = self.books();
        if level == LogLevel::Warning {
            books.warnings += 1;
        }
        if books.log.len() >= MAX_LOG {
            books.log.remove(0);
        }
        books.log.push(LogEntry { at: now(), level, title: title.to_owned(), message: message.to_owned() });
    }

    /// Whether this was said before.
    pub fn has_noted(&self, message: &str) -> bool {
        self.books().log.iter().any(|entry| entry.message == message)
    }

    pub fn add_bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
    }

    /// Whether this instance is still to be received: not delivered, not staged, not held back, not failed for good.
    pub fn is_wanted(&self, uid: &str) -> bool {
        let books = self.books();
        let is_lost = books.failures.get(uid).is_some_and(|failure| !failure.transient);
        !is_lost
            && !books.delivered.contains(uid)
            && !books.received.contains(uid)
            && !books.held_back.contains_key(uid)
    }

    pub fn received(&self, uid: &str) {
        let mut books = self.books();
        books.failures.remove(uid);
        books.received.insert(uid.to_owned());
    }

    /// Whether anything has come, in this run or an earlier one.
    pub fn has_received(&self) -> bool {
        let books = self.books();
        !books.received.is_empty() || !books.delivered.is_empty()
    }

    /// An instance stays behind on purpose. A reason that nobody expects is said as soon as it occurs.
    pub fn hold_back(&self, uid: &str, reason: &str) {
        let mut books = self.books();
        books.failures.remove(uid);
        let known = books.held_back.values().find(|known| &***known == reason).cloned();
        let is_new = known.is_none() && !EXPECTED.contains(&reason);
        books.held_back.insert(uid.to_owned(), known.unwrap_or_else(|| reason.into()));
        drop(books);
        if is_new {
            let sentence = format!("Images stay behind: {}.", reason.trim_end_matches('.'));
            self.note(LogLevel::Warning, "Held back", &sentence);
        }
    }

    /// How many instances stay behind for which reason.
    pub fn held_back_by_reason(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for reason in self.books().held_back.values() {
            *counts.entry(reason.to_string()).or_default() += 1;
        }
        counts
    }

    /// Pseudonyms of everything that was delivered.
    pub fn pseudonyms(&self) -> BTreeSet<String> {
        self.books().pseudonyms.clone()
    }

    /// Whether an instance stays behind on purpose.
    pub fn stays(&self, uid: &str) -> bool {
        self.books().held_back.contains_key(uid)
    }

    /// Whether an instance has failed in a way that trying again will not mend.
    pub fn is_lost(&self, uid: &str) -> bool {
        self.books().failures.get(uid).is_some_and(|failure| !failure.transient)
    }

    /// An instance is where it is wanted: in staging, for who reads it there.
    pub fn is_there(&self, uid: &str) {
        let mut books = self.books();
        books.failures.remove(uid);
        books.received.insert(uid.to_owned());
        books.delivered.insert(uid.to_owned());
    }

    /// An instance was delivered. What lies in staging of it goes when its receipt is stored.
    pub fn delivered_with(&self, receipt: Receipt, staged: Option<&StagedKey>) {
        let mut books = self.books();
        books.failures.remove(&receipt.sop_instance_uid);
        books.delivered.insert(receipt.sop_instance_uid.clone());
        books.sent_as.insert(receipt.sop_instance_uid.clone(), receipt.delivered_as.clone());
        books.pseudonyms.insert(receipt.pseudonym.clone());
        let unsaved = &mut books.unsaved;
        unsaved.since.get_or_insert_with(Instant::now);
        unsaved.bytes += staged.map_or(0, |_| receipt.size);
        unsaved.staged.extend(staged.cloned());
        unsaved.receipts.push(receipt);
    }

    /// Takes over what earlier runs have achieved.
    pub fn restore(&self, receipts: Vec<Receipt>) {
        let mut books = self.books();
        for receipt in receipts {
            match receipt.state {
                ReceiptState::Delivered => {
                    books.received.insert(receipt.sop_instance_uid.clone());
                    books.sent_as.insert(receipt.sop_instance_uid.clone(), receipt.delivered_as);
                    books.pseudonyms.insert(receipt.pseudonym);
                    books.delivered.insert(receipt.sop_instance_uid);
                }
                ReceiptState::HeldBack => {
                    books.held_back.insert(receipt.sop_instance_uid, DOCUMENT.into());
                }
            }
        }
    }

    /// What is on record could not be removed from staging; it goes with what is recorded next.
    pub fn stays_staged(&self, keys: Vec<StagedKey>) {
        self.books().unsaved.staged.extend(keys);
    }

    /// Whether what is not on record should be by now.
    pub fn is_save_due(&self) -> bool {
        let unsaved = &self.books().unsaved;
        let is_old = unsaved.since.is_some_and(|since| since.elapsed() >= RECEIPT_WAITS);
        is_old || unsaved.receipts.len() >= RECEIPTS || unsaved.bytes >= STAGED_BYTES
    }

    pub fn take_unsaved(&self) -> Unsaved {
        std::mem::take(&mut self.books().unsaved)
    }

    /// An instance did not pass `step`. `transient`: trying again may help.
    pub fn fail(&self, uid: &str, series: &str, step: Step, reason: &str, transient: bool) {
        let failure = Failure { series: series.to_owned(), step, reason: reason.to_owned(), transient };
        let mut books = self.books();
        books.received.remove(uid);
        books.failures.insert(uid.to_owned(), failure);
    }

    /// The destination does not hold an instance although it had acknowledged it.
    pub fn lost(&self, uid: &str) {
        let mut books = self.books();
        books.delivered.remove(uid);
        books.received.remove(uid);
    }

    pub fn refuse_unasked(&self) {
        self.books().unasked += 1;
    }

    pub fn unasked(&self) -> u64 {
        self.books().unasked
    }

    pub fn verified(&self, count: u64) {
        self.books().verified = count;
    }

    /// Instances of this run by their UID at the source, with the UID at the destination.
    pub fn sent_as(&self) -> HashMap<String, String> {
        let books = self.books();
        books
            .sent_as
            .iter()
            .filter(|(uid, _)| books.delivered.contains(*uid))
            .map(|(a, b)| (a.clone(), b.clone()))
            .collect()
    }

    pub fn delivered(&self) -> u64 {
        self.books().delivered.len() as u64
    }

    pub fn held_back(&self) -> u64 {
        self.books().held_back.len() as u64
    }

    pub fn wants_more(&self, plan: &Plan) -> bool {
        if plan.exact {
            plan.expected.keys().any(|uid| self.is_wanted(uid))
        } else {
            self.short_of(plan) > 0 || self.delivered() == 0
        }
    }

    /// Expected instances that are neither delivered, held back nor known to have failed (empty without an exact list).
    pub fn unaccounted(&self, plan: &Plan) -> Vec<(String, String)> {
        let books = self.books();
        let open = |uid: &String| {
            !books.delivered.contains(uid) && !books.held_back.contains_key(uid) && !books.failures.contains_key(uid)
        };
        plan.expected
            .iter()
            .filter(|(uid, _)| open(uid))
            .map(|(uid, at)| (uid.clone(), plan.series[at.series].uid.clone()))
            .collect()
    }

    /// Of what stays behind the instances that were fetched: whole series that the plan leaves out are not among those that it expects.
    pub fn held_back_on_the_way(&self) -> u64 {
        self.books().held_back.keys().filter(|uid| !uid.contains('#')).count() as u64
    }

    /// How many instances of a series have failed so far, and those of them that have failed for good.
    pub fn failed_in(&self, series: &str) -> (u64, Vec<String>) {
        let books = self.books();
        let failed = || books.failures.iter().filter(|(_, failure)| failure.series == series);
        let lost = failed().filter(|(_, failure)| !failure.transient).map(|(uid, _)| uid.clone());
        (failed().count() as u64, lost.collect())
    }

    /// How many instances are missing by count, when the source gave numbers only.
    pub fn short_of(&self, plan: &Plan) -> u64 {
        if plan.exact {
            0
        } else {
            plan.expected_count().saturating_sub(self.delivered() + self.held_back_on_the_way())
        }
    }

    pub fn failures(&self) -> (Vec<InstanceFailure>, u64) {
        let books = self.books();
        let listed = books.failures.iter().take(MAX_FAILURES).map(|(uid, failure)| InstanceFailure {
            sop_instance_uid: uid.clone(),
            series_instance_uid: failure.series.clone(),
            step: failure.step,
            reason: failure.reason.clone(),
        });
        (listed.collect(), books.failures.len() as u64)
    }

    pub fn first_reason(&self) -> String {
        let books = self.books();
        let first = books.failures.values().find(|failure| failure.reason != INCOMPLETE);
        first
            .or_else(|| books.failures.values().next())
            .map_or_else(|| "the source sent fewer than it announced".to_owned(), |failure| failure.reason.clone())
    }

    /// Whether trying again may help: some failure is transient, or instances are missing by count.
    pub fn may_get_better(&self) -> bool {
        let books = self.books();
        books.failures.is_empty() || books.failures.values().any(|failure| failure.transient)
    }

    pub fn last_warning(&self) -> Option<String> {
        self.books().log.iter().rev().find(|entry| entry.level == LogLevel::Warning).map(|entry| entry.message.clone())
    }

    pub fn shown_warnings(&self) -> Vec<String> {
        let books = self.books();
        let said =
            books.log.iter().rev().filter(|entry| entry.level == LogLevel::Warning).map(|entry| entry.message.clone());
        let mut lines: Vec<String> = said.take(SHOWN).collect();
        if let Some((_, failure)) = books.failures.iter().next() {
            lines.insert(0, format!("{} images failed so far: {}.", books.failures.len(), failure.reason));
        }
        lines
    }

    pub fn take_log(&self) -> Vec<LogEntry> {
        std::mem::take(&mut self.books().log)
    }

    /// The figures, without speed and remaining time.
    pub fn progress(&self) -> Progress {
        let books = self.books();
        let delivered = books.delivered.len() as u64;
        Progress {
            step: books.step,
            expected: books.expected,
            received: (books.received.len() as u64).max(delivered),
            delivered,
            verified: books.verified,
            failed: books.failures.len() as u64,
            held_back: books.held_back.len() as u64,
            bytes: self.bytes.load(Ordering::Relaxed),
            warnings: books.warnings,
            at: now(),
            ..Progress::default()
        }
    }
}
