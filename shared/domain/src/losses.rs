//! Workers that are lost: a task goes on without them, but not for ever, since it may be what they die of.

use serde::{Deserialize, Serialize};

use crate::retry::{MAX_LOSSES, loss_wait_ms};
use crate::task::{LogLevel, Task, TaskStatus};
use crate::time::Timestamp;

/// Workers of a task that were not heard of again, in a row and without anything new at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Losses {
    /// How many.
    pub times: u32,
    /// The most instances that one of them had delivered.
    pub delivered: u64,
}

impl Task {
    /// The task's worker is gone without a word, or never took it up. `delivered`: how many instances it had delivered when it was last
    /// heard of; more than ever before means that the task gets on. The task waits again; after [`MAX_LOSSES`] losses in a row it
    /// fails, because it may be what its workers die of. `jitter` in 0.0..1.0 spreads the waits, so that those who died together come back apart.
    pub fn lose_worker(&mut self, now: Timestamp, delivered: u64, jitter: f64) {
        let gets_on = delivered > self.losses.delivered;
        self.losses.times = if gets_on { 1 } else { self.losses.times + 1 };
        self.losses.delivered = self.losses.delivered.max(delivered);
        if self.cancel_requested {
            self.end_as(TaskStatus::Canceled, now, "Canceled while it ran.");
            return;
        }
        match loss_wait_ms(self.losses.times, jitter) {
            Some(0) => self.wait_again(false),
            Some(wait) => {
                self.wait_again(false);
                self.not_before = Some(now.plus_ms(wait));
            }
            None => {
                let sentence = format!(
                    "ADIT gave this transfer up: {MAX_LOSSES} times in a row the process that ran it ended without a word. Retry it; if the same happens again, tell an administrator, since an image of this study may be the cause."
                );
                self.note(now, LogLevel::Error, "Given up", sentence.clone());
                self.end_as(TaskStatus::Failure, now, &sentence);
            }
        }
    }

    fn end_as(&mut self, status: TaskStatus, now: Timestamp, message: &str) {
        self.status = status;
        self.lease = None;
        self.not_before = None;
        self.cancel_requested = false;
        self.end = Some(now);
        message.clone_into(&mut self.message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Task {
        serde_json::from_value(serde_json::json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "job_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "source": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "destination": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "patient_id": "1", "study_instance_uid": "1.2.3", "status": "in_progress", "created": 0,
            "start": 0, "end": null, "lease": { "owner": "w", "until": 30_000 }, "not_before": null
        }))
        .unwrap()
    }

    fn lose(task: &mut Task, delivered: u64) {
        task.status = TaskStatus::InProgress;
        task.lose_worker(Timestamp(100_000), delivered, 0.5);
    }

    #[test]
    fn a_task_that_kills_its_workers_ends() {
        let mut task = running();
        lose(&mut task, 0);
        assert_eq!((task.status, task.not_before, task.enqueued), (TaskStatus::Pending, None, false));
        lose(&mut task, 0);
        assert!(task.status == TaskStatus::Pending && task.not_before > Some(Timestamp(100_000)));
        lose(&mut task, 0);
        assert_eq!((task.status, task.end), (TaskStatus::Failure, Some(Timestamp(100_000))));
        assert!(task.message.contains("3 times") && task.log.len() == 1 && task.lease.is_none());
        task.wait_again(true);
        assert_eq!(task.losses, Losses::default());
    }

    #[test]
    fn a_task_that_gets_on_goes_on_for_ever() {
        let mut task = running();
        for delivered in 1..50 {
            lose(&mut task, delivered);
            assert_eq!((task.status, task.not_before), (TaskStatus::Pending, None), "{delivered}");
        }
        // What was delivered once is no progress when it is delivered again.
        lose(&mut task, 49);
        lose(&mut task, 30);
        assert_eq!(task.status, TaskStatus::Failure);
    }

    #[test]
    fn a_wish_to_end_is_granted_when_the_worker_is_gone() {
        let mut task = running();
        task.cancel_requested = true;
        lose(&mut task, 0);
        assert_eq!((task.status, task.cancel_requested), (TaskStatus::Canceled, false));
    }
}
