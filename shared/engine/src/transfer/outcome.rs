//! From what happened to what the task becomes: the one place that weighs delivered, missing and failed instances.

use adit_domain::Timestamp;
use adit_domain::task::{InstanceFailure, LogEntry, LogLevel, Progress, Step, Task, TaskStatus};

use super::ledger::{EXPECTED, Ledger};
use super::plan::Plan;
use super::problem::Problem;
use crate::now;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The task is final.
    Finished(TaskStatus),
    /// A person or the process ended it.
    Canceled,
    /// Wait until then; no attempt is used up.
    Deferred(Timestamp),
    /// Try again; without attempts left the task gets this status.
    Retry(TaskStatus),
}

/// What a run has achieved.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub ending: Ending,
    pub message: String,
    pub log: Vec<LogEntry>,
    pub failures: Vec<InstanceFailure>,
    pub failures_total: u64,
    pub progress: Progress,
}

/// Weighs a run.
pub(super) fn of(ledger: &Ledger, result: Result<Plan, Problem>, canceled: bool) -> Outcome {
    let step = ledger.present_step();
    let (ending, message) = match result {
        Ok(plan) => complete(ledger, &plan),
        Err(Problem::Canceled) => (Ending::Canceled, String::new()),
        Err(_) if canceled => (Ending::Canceled, String::new()),
        Err(Problem::Deferred(until, message)) => (Ending::Deferred(until), message),
        Err(Problem::Permanent(message) | Problem::Absent(message)) => {
            ledger.note(LogLevel::Error, said_at(step), &message);
            (Ending::Finished(partly(ledger)), message)
        }
        Err(Problem::Transient(message)) => {
            ledger.note(LogLevel::Error, said_at(step), &message);
            (Ending::Retry(partly(ledger)), message)
        }
    };
    let (failures, failures_total) = ledger.failures();
    Outcome { ending, message, failures, failures_total, progress: ledger.progress(), log: ledger.take_log() }
}

/// What becomes of a task whose run broke in the middle: it may be tried again.
pub(crate) fn broken(task: &Task) -> Outcome {
    let message =
        "Something broke in ADIT while it ran this transfer. Tell an administrator if it stays like this.".to_owned();
    let entry = LogEntry { at: now(), level: LogLevel::Error, title: "Broken".to_owned(), message: message.clone() };
    let fallback = if task.progress.delivered > 0 { TaskStatus::Warning } else { TaskStatus::Failure };
    Outcome {
        ending: Ending::Retry(fallback),
        message,
        log: vec![entry],
        failures: task.failures.clone(),
        failures_total: task.failures_total,
        // The bytes of the run before were counted when it ended.
        progress: Progress { bytes: 0, ..task.progress },
    }
}

/// Nothing delivered is a failure; something delivered with something missing is a warning.
fn partly(ledger: &Ledger) -> TaskStatus {
    if ledger.delivered() > 0 { TaskStatus::Warning } else { TaskStatus::Failure }
}

fn complete(ledger: &Ledger, plan: &Plan) -> (Ending, String) {
    for (uid, series) in ledger.unaccounted(plan) {
        ledger.fail(&uid, &series, Step::Retrieve, "the source did not send this instance", true);
    }
    let (delivered, held_back) = (ledger.delivered(), ledger.held_back());
    let (_, failed) = ledger.failures();
    let (behind, surprises) = left_behind(ledger);
    if failed > 0 || ledger.short_of(plan) > 0 {
        let missing = failed.max(ledger.short_of(plan));
        // A source that gives no numbers expects nothing.
        let of = Some(plan.expected_count())
            .filter(|all| *all >= missing)
            .map_or_else(String::new, |all| format!(" of {all}"));
        let message = format!("{missing}{of} images did not arrive: {}.{behind}", ledger.first_reason());
        let status = partly(ledger);
        let ending = if ledger.may_get_better() { Ending::Retry(status) } else { Ending::Finished(status) };
        return (ending, message);
    }
    if delivered == 0 && held_back > 0 {
        return (Ending::Finished(TaskStatus::Warning), format!("Nothing was transferred.{behind}"));
    }
    if delivered == 0 {
        return (Ending::Finished(TaskStatus::Failure), "The source says that the study holds no images.".to_owned());
    }
    if surprises {
        return (Ending::Finished(TaskStatus::Warning), format!("{delivered} images transferred.{behind}"));
    }
    match ledger.last_warning() {
        Some(warning) => {
            (Ending::Finished(TaskStatus::Warning), format!("{delivered} images transferred. {warning}{behind}"))
        }
        None => (Ending::Finished(TaskStatus::Success), format!("{delivered} images transferred.{behind}")),
    }
}

/// What stays behind and why, in sentences, and whether something else than reports and documents is among it.
fn left_behind(ledger: &Ledger) -> (String, bool) {
    let reasons = ledger.held_back_by_reason();
    let mut sentences = String::new();
    for (reason, count) in &reasons {
        let (verb, reason) = (if *count == 1 { "stays" } else { "stay" }, reason.trim_end_matches('.'));
        sentences.push_str(&format!(" {count} {verb} behind: {reason}."));
    }
    (sentences, reasons.keys().any(|reason| !EXPECTED.contains(&reason.as_str())))
}

fn said_at(step: Step) -> &'static str {
    match step {
        Step::Queued | Step::Plan => "Looking for the images failed",
        Step::Retrieve => "Fetching from the source failed",
        Step::Transform => "Pseudonymising failed",
        Step::Stage => "Staging failed",
        Step::Deliver => "Sending to the destination failed",
        Step::Verify => "Asking the destination failed",
        Step::Settle => "Recording the outcome failed",
    }
}
