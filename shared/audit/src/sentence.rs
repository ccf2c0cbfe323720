//! An event as one sentence of plain English, without the patient. It is made when it is read, not stored.

use std::fmt::Write;

use crate::event::{Actor, Entity, Event, Role};
use crate::kind::Kind;

impl Event {
    /// One sentence in plain English; without the patient.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = self.who();
        let _ = write!(text, " {}", self.kind().did());
        if !self.detail.is_empty() {
            let _ = write!(text, " ({})", self.detail);
        }
        let about: Vec<String> = self.entities.iter().map(Entity::words).collect();
        if !about.is_empty() {
            let _ = write!(text, ": {}", about.join(", "));
        }
        match self.count {
            Some(count) if self.kind() == Kind::Searched => _ = write!(text, ", {count} results"),
            Some(count) if self.kind() == Kind::MailBroadcast => _ = write!(text, ", {count} people"),
            Some(count) if self.kind() == Kind::JobCreated => _ = write!(text, ", {count} studies"),
            Some(count) => _ = write!(text, ", {count} images"),
            None => {}
        }
        text.push('.');
        if !self.reason.is_empty() {
            let _ = write!(text, " Reason: {}.", self.reason.trim_end_matches('.'));
        }
        text
    }

    fn who(&self) -> String {
        let Actor { name, group_name, token, .. } = &self.actor;
        let mut who = if name.is_empty() { "Somebody unknown".to_owned() } else { name.clone() };
        if !group_name.is_empty() {
            let _ = write!(who, " (group {group_name})");
        }
        if let Some(token) = token {
            let _ = write!(who, " by token {token}");
        }
        who
    }
}

impl Entity {
    fn words(&self) -> String {
        match self {
            Self::Node { name, id, .. } if name.is_empty() => format!("server {id}"),
            Self::Node { name, role: Role::Source, .. } => format!("from {name}"),
            Self::Node { name, role: Role::Destination, .. } => format!("to {name}"),
            Self::Node { name, role: Role::Object, .. } => format!("server {name}"),
            Self::Job { id } => format!("job {id}"),
            Self::Task { id } => format!("task {id}"),
            Self::Study { uid } => format!("study {uid}"),
            Self::Query { level, attributes } if attributes.is_empty() => format!("{level} without conditions"),
            Self::Query { level, attributes } => format!("{level} by {}", attributes.join(" and ")),
            Self::Person { name, .. } => format!("account {name}"),
            Self::Token { prefix } => format!("token {prefix}"),
            Self::Chain { id } => format!("chain {id}"),
            Self::Thing { what, id, name } => format!("{what} {}", if name.is_empty() { id } else { name }),
        }
    }
}

#[cfg(test)]
mod tests {
    use adit_domain::{NodeId, Timestamp};

    use super::*;
    use crate::{Outcome, PatientKind};

    fn ada() -> Actor {
        Actor { name: "ada".into(), group_name: "Neuro".into(), ..Actor::default() }
    }

    #[test]
    fn sentences_are_plain_and_name_no_patient() {
        let node = NodeId::new(Timestamp(1), 1);
        let event = Event::of_patient(PatientKind::Transferred, ada(), "PATIENT-7")
            .about(Entity::Node { id: node.clone(), name: "PACS".into(), role: Role::Source })
            .about(Entity::Node { id: node, name: "Research".into(), role: Role::Destination })
            .with_count(3)
            .with_outcome(Outcome::MinorFailure, "1 image was refused.");
        assert_eq!(
            event.sentence(),
            "ada (group Neuro) transferred images: from PACS, to Research, 3 images. Reason: 1 image was refused."
        );
        assert_eq!(event.patient_id(), Some("PATIENT-7"));
        let failed = Event::new(Kind::LogInFailed, Actor::default());
        assert_eq!(
            (failed.sentence().as_str(), failed.outcome),
            ("Somebody unknown failed to log in.", Outcome::MinorFailure)
        );
    }
}
