//! What a queue message says: which task. Wire value with a schema version; unknown versions go to the dead-letter queue.

use adit_domain::{JobId, TaskId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Points to a task; at most a few hundred bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pointer {
    v: u32,
    kind: String,
    /// The job.
    pub job_id: JobId,
    /// The task.
    pub task_id: TaskId,
}

/// A message that this version of ADIT cannot read.
#[derive(Debug, Error)]
#[error("unknown queue message: {0}")]
pub struct UnknownMessage(String);

impl Pointer {
    /// Points to a task.
    #[must_use]
    pub fn task(job_id: &JobId, task_id: &TaskId) -> Self {
        Self { v: 1, kind: "task".to_owned(), job_id: job_id.clone(), task_id: task_id.clone() }
    }

    /// The message body.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("a pointer is plain JSON")
    }

    /// Reads a message body.
    pub fn decode(body: &str) -> Result<Self, UnknownMessage> {
        let pointer: Self = serde_json::from_str(body).map_err(|error| UnknownMessage(error.to_string()))?;
        if pointer.v == 1 && pointer.kind == "task" {
            Ok(pointer)
        } else {
            Err(UnknownMessage(format!("version {} kind {}", pointer.v, pointer.kind)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str =
        r#"{"v":1,"kind":"task","job_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","task_id":"01ARZ3NDEKTSV4RRFFQ69G5FAW"}"#;

    #[test]
    fn the_wire_form_is_fixed_both_ways() {
        let pointer = Pointer::task(
            &"01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(),
            &"01ARZ3NDEKTSV4RRFFQ69G5FAW".parse().unwrap(),
        );
        assert_eq!(pointer.encode(), GOLDEN);
        assert_eq!(Pointer::decode(GOLDEN).unwrap(), pointer);
    }

    #[test]
    fn other_versions_and_kinds_are_refused() {
        assert!(Pointer::decode(&GOLDEN.replace("\"v\":1", "\"v\":2")).is_err());
        assert!(Pointer::decode(&GOLDEN.replace("\"task\"", "\"mail\"")).is_err());
        assert!(Pointer::decode("nonsense").is_err());
    }
}
