//! What a queue message says: which task, which rule's scheduled minute, or which mail. Wire value with a schema version; unknown versions go to the dead-letter queue.

use adit_domain::{JobId, MailId, RuleId, TaskId, Timestamp};
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

/// Points to a scheduled minute of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulePointer {
    v: u32,
    kind: String,
    /// The rule.
    pub rule_id: RuleId,
    /// The minute for which it is due.
    pub minute: Timestamp,
}

/// Points to a mail that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailPointer {
    v: u32,
    kind: String,
    /// The mail.
    pub mail_id: MailId,
}

/// What a message points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pointed {
    /// A task that is to run.
    Task(Pointer),
    /// A rule whose search is to be made.
    Rule(RulePointer),
    /// A mail that is to be sent.
    Mail(MailPointer),
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

impl RulePointer {
    /// Points to a scheduled minute.
    #[must_use]
    pub fn new(rule: &RuleId, minute: Timestamp) -> Self {
        Self { v: 1, kind: "rule".to_owned(), rule_id: rule.clone(), minute }
    }

    /// The message body.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("a pointer is plain JSON")
    }

    fn decode(body: &str) -> Result<Self, UnknownMessage> {
        let pointer: Self = serde_json::from_str(body).map_err(|error| UnknownMessage(error.to_string()))?;
        if pointer.v == 1 && pointer.kind == "rule" {
            Ok(pointer)
        } else {
            Err(UnknownMessage(format!("version {} kind {}", pointer.v, pointer.kind)))
        }
    }
}

impl MailPointer {
    /// Points to a mail.
    #[must_use]
    pub fn new(mail: &MailId) -> Self {
        Self { v: 1, kind: "mail".to_owned(), mail_id: mail.clone() }
    }

    /// The message body.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("a pointer is plain JSON")
    }

    fn decode(body: &str) -> Option<Self> {
        serde_json::from_str(body).ok().filter(|pointer: &Self| pointer.v == 1 && pointer.kind == "mail")
    }
}

impl Pointed {
    /// Reads a message body of any kind.
    pub fn decode(body: &str) -> Result<Self, UnknownMessage> {
        if let Some(pointer) = MailPointer::decode(body) {
            return Ok(Self::Mail(pointer));
        }
        match RulePointer::decode(body) {
            Ok(pointer) => Ok(Self::Rule(pointer)),
            Err(_) => Pointer::decode(body).map(Self::Task),
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
    fn a_rule_has_a_wire_form_of_its_own() {
        const RULE: &str = r#"{"v":1,"kind":"rule","rule_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","minute":1700000040000}"#;
        let pointer = RulePointer::new(&"01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(), Timestamp(1_700_000_040_000));
        assert_eq!(pointer.encode(), RULE);
        assert_eq!(Pointed::decode(RULE).unwrap(), Pointed::Rule(pointer));
        assert!(matches!(Pointed::decode(GOLDEN).unwrap(), Pointed::Task(_)));
        for wrong in [RULE.replace("\"v\":1", "\"v\":2"), RULE.replace("\"rule\"", "\"mail\"")] {
            assert!(Pointed::decode(&wrong).is_err());
        }
    }

    #[test]
    fn a_mail_has_a_wire_form_of_its_own() {
        const MAIL: &str = r#"{"v":1,"kind":"mail","mail_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#;
        let pointer = MailPointer::new(&"01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap());
        assert_eq!(pointer.encode(), MAIL);
        assert_eq!(Pointed::decode(MAIL).unwrap(), Pointed::Mail(pointer));
        for wrong in [MAIL.replace("\"v\":1", "\"v\":2"), MAIL.replace("\"mail\"", "\"task\"")] {
            assert!(Pointed::decode(&wrong).is_err());
        }
    }

    #[test]
    fn other_versions_and_kinds_are_refused() {
        assert!(Pointer::decode(&GOLDEN.replace("\"v\":1", "\"v\":2")).is_err());
        assert!(Pointer::decode(&GOLDEN.replace("\"task\"", "\"mail\"")).is_err());
        assert!(Pointer::decode("nonsense").is_err());
    }
}
