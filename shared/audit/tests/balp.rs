//! Every kind of event, exported, keeps the rules of FHIR R4 AuditEvent (elements, cardinalities, required codes, sev-1) and BALP's patterns.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own functions fail as its cases do")]

mod support;

use adit_audit::{Actor, Entity, Entry, Event, Kind, Outcome, PatientKind, Record, Role, audit_event};
use adit_domain::{EventId, TaskId, Timestamp};
use proptest::prelude::*;
use serde_json::Value;
use support::*;

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";

fn entry(event: Event) -> Entry {
    let at = Timestamp(1_700_000_000_123);
    let record = Record { id: EventId::new(at, 5), at, process: "serve 1".into(), event };
    Entry { record, chain: "C".into(), number: 3, previous: "00".repeat(32), mac: "ab".repeat(32), intact: true }
}

fn entities() -> Vec<Entity> {
    let name = || "Name".to_owned();
    vec![
        Entity::Node { id: node(1), name: "PACS".into(), role: Role::Source },
        Entity::Node { id: node(2), name: "Research".into(), role: Role::Destination },
        Entity::Node { id: node(3), name: String::new(), role: Role::Object },
        Entity::Job { id: job(1) },
        Entity::Task { id: TaskId::new(START, 1) },
        Entity::Study { uid: "1.2.3".parse().unwrap() },
        Entity::Query { level: "STUDY".into(), attributes: vec!["PatientID".into(), "StudyDate".into()] },
        Entity::Person { id: user(1), name: name() },
        Entity::Token { prefix: "01234567".into() },
        Entity::Chain { id: "C".into() },
        Entity::Thing { what: "mail template".into(), id: String::new(), name: name() },
    ]
}

fn about_all(event: Event) -> Event {
    entities().into_iter().fold(event, Event::about)
}

/// Elements of R4: name, at least, at most (0: any number).
type Elements = &'static [(&'static str, usize, usize)];
const RESOURCE: Elements = &[
    ("resourceType", 1, 1),
    ("id", 0, 1),
    ("extension", 0, 0),
    ("type", 1, 1),
    ("subtype", 0, 0),
    ("action", 0, 1),
    ("period", 0, 1),
    ("recorded", 1, 1),
    ("outcome", 0, 1),
    ("outcomeDesc", 0, 1),
    ("purposeOfEvent", 0, 0),
    ("agent", 1, 0),
    ("source", 1, 1),
    ("entity", 0, 0),
];
const AGENT: Elements = &[
    ("type", 0, 1),
    ("role", 0, 0),
    ("who", 0, 1),
    ("altId", 0, 1),
    ("name", 0, 1),
    ("requestor", 1, 1),
    ("location", 0, 1),
    ("policy", 0, 0),
    ("media", 0, 1),
    ("network", 0, 1),
    ("purposeOfUse", 0, 0),
];
const SOURCE: Elements = &[("site", 0, 1), ("observer", 1, 1), ("type", 0, 0)];
const ENTITY: Elements = &[
    ("what", 0, 1),
    ("type", 0, 1),
    ("role", 0, 1),
    ("lifecycle", 0, 1),
    ("securityLabel", 0, 0),
    ("name", 0, 1),
    ("description", 0, 1),
    ("query", 0, 1),
    ("detail", 0, 0),
];
const CODING: Elements = &[("system", 1, 1), ("code", 1, 1), ("display", 0, 1)];
const REFERENCE: Elements = &[("reference", 0, 1), ("type", 0, 1), ("identifier", 0, 1), ("display", 0, 1)];

fn check(value: &Value, elements: Elements, place: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("{place} is no object: {value}"));
    for name in object.keys() {
        assert!(elements.iter().any(|(known, ..)| known == name), "{place}.{name} is not known to R4");
    }
    for (name, least, most) in elements {
        let count = match object.get(*name) {
            None => 0,
            Some(Value::Array(many)) if *most != 1 => many.len().max(1),
            Some(Value::Array(_)) => panic!("{place}.{name} must be one"),
            Some(_) => {
                assert_eq!(*most, 1, "{place}.{name} must be a list");
                1
            }
        };
        assert!(count >= *least, "{place}.{name} is missing");
    }
}

/// ele-1: nothing is empty.
fn nothing_is_empty(value: &Value, place: &str) {
    match value {
        Value::Null => panic!("{place} is null"),
        Value::String(text) => assert!(!text.trim().is_empty(), "{place} is empty"),
        Value::Array(many) => {
            assert!(!many.is_empty(), "{place} is empty");
            many.iter().for_each(|one| nothing_is_empty(one, place));
        }
        Value::Object(all) => {
            assert!(!all.is_empty(), "{place} is empty");
            all.iter().for_each(|(name, one)| nothing_is_empty(one, &format!("{place}.{name}")));
        }
        Value::Bool(_) | Value::Number(_) => {}
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn concept(value: &Value, place: &str) {
    check(value, &[("coding", 0, 0), ("text", 0, 1)], place);
    list(value, "coding").iter().for_each(|coding| check_coding(coding, place));
}

fn check_coding(value: &Value, place: &str) {
    let group = value["system"] == "urn:adit:group";
    check(value, CODING, place);
    assert!(group || value["display"].is_string(), "{place} has no display");
}

fn keeps_the_rules(event: &Value) {
    nothing_is_empty(event, "AuditEvent");
    check(event, RESOURCE, "AuditEvent");
    assert_eq!(event["resourceType"], "AuditEvent");
    let id = event["id"].as_str().unwrap();
    assert!(id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    check_coding(&event["type"], "type");
    list(event, "subtype").iter().for_each(|coding| check_coding(coding, "subtype"));
    assert!("CRUDE".contains(event["action"].as_str().unwrap()));
    assert!(["0", "4", "8", "12"].contains(&event["outcome"].as_str().unwrap()));
    assert_eq!(event["recorded"], "2023-11-14T22:13:20.123Z");
    for agent in list(event, "agent") {
        check(agent, AGENT, "agent");
        concept(&agent["type"], "agent.type");
        check(&agent["who"], REFERENCE, "agent.who");
        assert!(agent["requestor"].is_boolean());
        list(agent, "role").iter().for_each(|role| concept(role, "agent.role"));
        assert!(agent.get("network").is_none_or(|network| network["type"] == "2"));
    }
    check(&event["source"], SOURCE, "source");
    check(&event["source"]["observer"], REFERENCE, "source.observer");
    for entity in list(event, "entity") {
        check(entity, ENTITY, "entity");
        check_coding(&entity["type"], "entity.type");
        check_coding(&entity["role"], "entity.role");
        assert!(entity.get("what").is_none_or(|what| what.get("identifier").is_some()));
        assert!(entity.get("name").is_none() || entity.get("query").is_none(), "sev-1: a name or a query, not both");
    }
    for extension in list(event, "extension") {
        assert!(extension["url"].as_str().unwrap().starts_with("urn:"));
        assert!(extension.get("extension").is_some() != extension.keys_with("value"), "ext-1");
    }
}

trait Keys {
    fn keys_with(&self, prefix: &str) -> bool;
}

impl Keys for Value {
    fn keys_with(&self, prefix: &str) -> bool {
        self.as_object().unwrap().keys().any(|key| key.starts_with(prefix))
    }
}

fn agent_types(event: &Value) -> Vec<&str> {
    list(event, "agent").iter().map(|agent| agent["type"]["coding"][0]["code"].as_str().unwrap()).collect()
}

#[test]
fn every_kind_keeps_the_rules_with_everything_and_with_nothing() {
    let full =
        Actor { group: Some("G".into()), group_name: "Neuro".into(), token: Some("01234567".into()), ..actor(1) };
    for kind in Kind::ALL {
        for event in [Event::new(*kind, Actor::default()), about_all(Event::new(*kind, full.clone()))] {
            let json = audit_event(&entry(event.with_count(2).with_outcome(Outcome::MinorFailure, "busy")));
            keeps_the_rules(&json);
            assert_eq!(agent_types(&json)[0], "IRCP", "the user");
            let names = [&json["type"], &json["subtype"]].map(ToString::to_string).join("");
            assert!(names.contains(kind.name()), "our own kind is in type or subtype: {names}");
        }
    }
}

#[test]
fn transfers_name_patient_source_and_destination_as_balp_does() {
    for kind in PatientKind::ALL {
        let event = about_all(Event::of_patient(kind, actor(1), "PAT-1"));
        let json = audit_event(&entry(event));
        keeps_the_rules(&json);
        assert_eq!(json["type"]["system"], DCM);
        assert_eq!(agent_types(&json), ["IRCP", "110153", "110152"]);
        let patients: Vec<&Value> =
            list(&json, "entity").iter().filter(|entity| entity["role"]["code"] == "1").collect();
        assert_eq!(patients.len(), 1);
        assert_eq!((&patients[0]["type"]["code"], &patients[0]["what"]["type"]), (&"1".into(), &"Patient".into()));
        assert_eq!(patients[0]["what"]["identifier"]["value"], "PAT-1");
    }
}

proptest! {
    /// Whatever is put into an event by its public fields and makers: a patient comes out of the five kinds only.
    #[test]
    fn no_patient_in_kinds_that_must_not_have_one(kind in prop::sample::select(Kind::ALL), n in 0_u128..100, patient in "PAT-[0-9]{6}") {
        let event = Event::of_patient(PatientKind::Transferred, actor(n), patient.clone());
        let plain = about_all(Event::new(kind, actor(n)));
        prop_assert_eq!(plain.patient_id(), None);
        let stored = serde_json::to_string(&plain).unwrap();
        prop_assert!(!stored.contains("patient\":"));
        let exported = audit_event(&entry(plain)).to_string();
        prop_assert!(!exported.contains("Patient\""));
        // And what somebody has written into the table by hand is not read.
        let forged = stored.replacen('{', &format!("{{\"patient\":\"{patient}\","), 1);
        prop_assert_eq!(serde_json::from_str::<Event>(&forged).is_ok(), kind.names_patient());
        prop_assert!(!event.sentence().contains(&patient));
    }
}
