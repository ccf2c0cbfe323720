//! The event model after DICOM PS3.15 A.5: event, active participant, participant objects, source.

use adit_domain::{EventId, InvalidValue, JobId, NodeId, TaskId, Timestamp, Uid, UserId};
use serde::{Deserialize, Serialize};

use crate::kind::{Kind, PatientKind};

/// EventOutcomeIndicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Outcome {
    /// It was done.
    Success = 0,
    /// It was not done, or in part; the one who asked may try again.
    MinorFailure = 4,
    /// It was refused or ended.
    SeriousFailure = 8,
    /// Something has become unavailable.
    MajorFailure = 12,
}

impl From<Outcome> for u8 {
    fn from(outcome: Outcome) -> Self {
        outcome as Self
    }
}

impl TryFrom<u8> for Outcome {
    type Error = InvalidValue;
    fn try_from(code: u8) -> Result<Self, InvalidValue> {
        match code {
            0 => Ok(Self::Success),
            4 => Ok(Self::MinorFailure),
            8 => Ok(Self::SeriousFailure),
            12 => Ok(Self::MajorFailure),
            _ => Err(InvalidValue::new("outcome", "is not 0, 4, 8 or 12")),
        }
    }
}

/// Who did it. Everything may be unknown: the log-in of somebody without an account, a rule that starts by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Actor {
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Name of the account, or of the process or rule. Never what somebody has typed who could not log in: it may be a password.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Id of the group acted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Name of the group acted for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group_name: String,
    /// Public prefix of the token, never the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Network address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Which part a server had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Data came from it.
    Source,
    /// Data went to it.
    Destination,
    /// It was searched, tested or changed.
    Object,
}

/// What it was about. No variant has room for a patient; see [`Event::of_patient`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Entity {
    /// A server, folder or bucket.
    Node {
        /// Its id.
        id: NodeId,
        /// Its name at that time.
        name: String,
        /// Its part.
        role: Role,
    },
    /// A job.
    Job {
        /// Its id.
        id: JobId,
    },
    /// A task of a job.
    Task {
        /// Its id.
        id: TaskId,
    },
    /// A study.
    Study {
        /// Study Instance UID at the source.
        uid: Uid,
    },
    /// A search: which attributes had a value, without the values.
    Query {
        /// Query/retrieve level.
        level: String,
        /// Keywords of the attributes.
        attributes: Vec<String>,
    },
    /// An account that something was done to.
    Person {
        /// Its id.
        id: UserId,
        /// Its name at that time.
        name: String,
    },
    /// A token.
    Token {
        /// Its public prefix.
        prefix: String,
    },
    /// A chain of events.
    Chain {
        /// Its id.
        id: String,
    },
    /// Something else that has a name: a group, rule, project, setting, announcement.
    Thing {
        /// What it is, in a word that people read: `group`.
        what: String,
        /// Its id or key; may be empty.
        id: String,
        /// Its name at that time; may be empty.
        name: String,
    },
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Event {
    kind: Kind,
    patient: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Who.
    pub actor: Actor,
    /// What it was about.
    pub entities: Vec<Entity>,
    /// What exactly was done: `cancel`, `password reset`. Plain words without patient data.
    pub detail: String,
    /// Why it was refused or failed. Plain words without patient data.
    pub reason: String,
    /// Instances that were transferred, downloaded, uploaded; results of a search.
    pub count: Option<u64>,
}

impl Event {
    /// An event without patient. The outcome is success, except for what is a failure by its kind.
    #[must_use]
    pub fn new(kind: Kind, actor: Actor) -> Self {
        let outcome = match kind {
            Kind::LogInFailed => Outcome::MinorFailure,
            Kind::AccessRefused => Outcome::SeriousFailure,
            _ => Outcome::Success,
        };
        let nothing = String::new;
        Self {
            kind,
            patient: None,
            outcome,
            actor,
            entities: vec![],
            detail: nothing(),
            reason: nothing(),
            count: None,
        }
    }

    /// An event about one patient's images. There is no other way for a patient id into the audit trail.
    #[must_use]
    pub fn of_patient(kind: PatientKind, actor: Actor, patient_id: impl Into<String>) -> Self {
        Self { patient: Some(patient_id.into()).filter(|id| !id.is_empty()), ..Self::new(kind.into(), actor) }
    }

    /// Adds what it was about.
    #[must_use]
    pub fn about(mut self, entity: Entity) -> Self {
        self.entities.push(entity);
        self
    }

    /// Sets the outcome.
    #[must_use]
    pub fn with_outcome(self, outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: reason.into(), ..self }
    }

    /// Says what exactly was done.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// Says how many instances or results.
    #[must_use]
    pub fn with_count(self, count: u64) -> Self {
        Self { count: Some(count), ..self }
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Patient ID, of the kinds in [`PatientKind`] only.
    #[must_use]
    pub fn patient_id(&self) -> Option<&str> {
        self.patient.as_deref()
    }
}

/// An event as it is kept: with its id, moment and source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Identifies it; later ids sort later.
    pub id: EventId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Which process has recorded it (AuditSourceIdentification).
    pub process: String,
    /// What happened.
    pub event: Event,
}

/// How an event is written; reading refuses a patient where there must be none.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    patient: Option<String>,
    outcome: Outcome,
    #[serde(default)]
    actor: Actor,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    entities: Vec<Entity>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    detail: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

impl From<Event> for Stored {
    fn from(event: Event) -> Self {
        let Event { kind, patient, outcome, actor, entities, detail, reason, count } = event;
        Self { kind, patient, outcome, actor, entities, detail, reason, count }
    }
}

impl TryFrom<Stored> for Event {
    type Error = InvalidValue;
    fn try_from(stored: Stored) -> Result<Self, InvalidValue> {
        let Stored { kind, patient, outcome, actor, entities, detail, reason, count } = stored;
        if patient.is_some() && !kind.names_patient() {
            return Err(InvalidValue::new("patient", "must not stand in an event of this kind"));
        }
        Ok(Self { kind, patient, outcome, actor, entities, detail, reason, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Actor {
        Actor { name: "ada".into(), ..Actor::default() }
    }

    #[test]
    fn a_patient_is_refused_where_the_standard_does_not_demand_one() {
        for kind in Kind::ALL {
            let event = Event::new(*kind, ada());
            let mut json = serde_json::to_value(&event).unwrap();
            assert_eq!(serde_json::from_value::<Event>(json.clone()).unwrap(), event);
            json["patient"] = "P1".into();
            assert_eq!(serde_json::from_value::<Event>(json).is_ok(), kind.names_patient(), "{kind:?}");
        }
    }
}
