//! Transfers on record: that one begins, before its first byte moves, and how it ended, before that is settled. Each run of a task is
//! recorded, so that whoever reads the trail finds every time that data moved.
//!
//! What cannot be recorded waits: the task is put off and uses up no attempt; what has been delivered keeps its receipts.

use adit_audit::{Actor, Entity, Event, Outcome as Recorded, PatientKind, Role};
use adit_domain::Uid;
use adit_domain::job::Job;
use adit_domain::task::{Progress, Task, TaskStatus};

use crate::transfer::{Ending, Outcome};
use crate::{Engine, Refusal, now};

/// When a task is tried again whose beginning or end could not be recorded, in milliseconds.
const AGAIN_MS: i64 = 60_000;

impl Engine {
    /// Records that a transfer begins.
    pub(super) async fn record_beginning(&self, job: &Job, task: &Task) -> Result<(), Refusal> {
        self.put_on_record(self.event(PatientKind::TransferBegan, job, task).await).await
    }

    /// Records how a transfer has ended, and gives the outcome back: as it was, or put off where it could not be recorded.
    pub(super) async fn record_ending(&self, job: &Job, task: &Task, outcome: Outcome) -> Outcome {
        let (recorded, reason) = said(&outcome);
        let event = self.event(PatientKind::Transferred, job, task).await;
        let event = event.with_count(outcome.progress.delivered).with_outcome(recorded, reason);
        match self.put_on_record(event).await {
            Ok(()) => outcome,
            Err(_) => put_off(outcome),
        }
    }

    async fn event(&self, kind: PatientKind, job: &Job, task: &Task) -> Event {
        let mut actor = Actor { name: job.owner_name.clone(), ..Actor::default() };
        actor.user = Some(job.owner.clone());
        actor.group = job.group.as_ref().map(ToString::to_string);
        let mut event = Event::of_patient(kind, actor, task.patient_id.clone())
            .about(Entity::Node {
                id: task.source.clone(),
                name: self.source_name(job, task).await,
                role: Role::Source,
            })
            .about(Entity::Node {
                id: task.destination.clone(),
                name: job.destination_name.clone(),
                role: Role::Destination,
            })
            .about(Entity::Job { id: job.id.clone() })
            .about(Entity::Task { id: task.id.clone() });
        if let Ok(uid) = Uid::parse(&task.study_instance_uid) {
            event = event.about(Entity::Study { uid });
        }
        match &job.cause {
            Some(cause) => event.with_detail(format!("by the rule {}", cause.rule_name)),
            None => event,
        }
    }

    /// The name of the task's source. A job that has one source knows it; else the store is asked, and the id serves where that fails.
    async fn source_name(&self, job: &Job, task: &Task) -> String {
        if job.source == task.source && !job.source_name.contains(", ") {
            return job.source_name.clone();
        }
        let found = self.0.nodes.get(&task.source).await.ok().flatten();
        found.map_or_else(|| task.source.to_string(), |record| record.node.config.name)
    }
}

/// The outcome of a run that may not begin, because its beginning cannot be recorded.
pub(super) fn not_on_record(task: &Task) -> Outcome {
    put_off(Outcome {
        ending: Ending::Canceled,
        message: String::new(),
        log: Vec::new(),
        failures: task.failures.clone(),
        failures_total: task.failures_total,
        // The bytes of the run before were counted when it ended.
        progress: Progress { bytes: 0, ..task.progress },
    })
}

fn put_off(outcome: Outcome) -> Outcome {
    Outcome {
        ending: Ending::Deferred(now().plus_ms(AGAIN_MS)),
        message: "The audit trail cannot be written at the moment; the transfer waits until it can.".to_owned(),
        ..outcome
    }
}

/// The ending in the standard's numbers and a few words. The outcome's own message may quote a server and is not repeated.
fn said(outcome: &Outcome) -> (Recorded, String) {
    let failed = outcome.failures_total;
    let missing = if failed == 0 { String::new() } else { format!("; {failed} images are missing") };
    match outcome.ending {
        Ending::Finished(TaskStatus::Success) => (Recorded::Success, String::new()),
        Ending::Finished(TaskStatus::Warning) => (Recorded::MinorFailure, format!("it ended with warnings{missing}")),
        Ending::Finished(TaskStatus::Canceled) | Ending::Canceled => {
            (Recorded::MinorFailure, "it was canceled or interrupted".to_owned())
        }
        Ending::Finished(_) => (Recorded::SeriousFailure, format!("it failed{missing}")),
        Ending::Deferred(_) => (Recorded::MinorFailure, "it was put off".to_owned()),
        Ending::Retry(_) => (Recorded::MinorFailure, format!("it did not succeed and is tried again{missing}")),
    }
}
