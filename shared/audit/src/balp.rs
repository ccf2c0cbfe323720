//! Export: an event as a FHIR R4 AuditEvent after IHE BALP (Basic Audit Log Patterns), with its place in the chain as an extension.
//!
//! BALP's profiles are made for RESTful exchange; what ADIT does is DICOM, so the event's type is the code of DICOM PS3.15 A.5 and no profile is
//! claimed. Agents (user, source, destination) and entities (patient, study, query, job) follow BALP's patterns.

use serde_json::{Value, json};

use crate::event::{Actor, Entity, Role};
use crate::kind::{Code, Kind};
use crate::search::Entry;

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const OWN: &str = "urn:adit:audit-event";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
/// Address of the extension with the place in the chain.
const CHAIN: &str = "urn:adit:audit-chain";

/// The FHIR resource of an event.
#[must_use]
pub fn audit_event(entry: &Entry) -> Value {
    let record = &entry.record;
    let event = &record.event;
    let kind = event.kind();
    let own = json!({ "system": OWN, "code": kind.name(), "display": title(kind) });
    let mut subtype: Vec<Value> = kind.type_code().map(|code| coding(code, kind)).into_iter().collect();
    if kind.id() != Code::Own {
        subtype.push(own);
    }
    let mut resource = json!({
        "resourceType": "AuditEvent",
        "id": record.id.as_str(),
        "extension": [chain(entry)],
        "type": coding(kind.id(), kind),
        "action": kind.action().to_string(),
        "recorded": instant(record.at),
        "outcome": u8::from(event.outcome).to_string(),
        "outcomeDesc": event.sentence(),
        "agent": agents(entry),
        "source": {
            "site": "ADIT",
            "observer": { "display": record.process },
            "type": [{ "system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4", "display": "Application Server" }],
        },
    });
    if !subtype.is_empty() {
        resource["subtype"] = subtype.into();
    }
    let patient = event.patient_id().map(patient);
    let entities: Vec<Value> = patient.into_iter().chain(event.entities.iter().map(entity)).collect();
    if !entities.is_empty() {
        resource["entity"] = entities.into();
    }
    resource
}

fn coding(code: Code, kind: Kind) -> Value {
    match code {
        Code::Dcm(code, meaning) => json!({ "system": DCM, "code": code, "display": meaning }),
        Code::Own => json!({ "system": OWN, "code": kind.name(), "display": title(kind) }),
    }
}

fn title(kind: Kind) -> String {
    kind.name().replace('_', " ")
}

fn instant(at: adit_domain::Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn chain(entry: &Entry) -> Value {
    json!({ "url": CHAIN, "extension": [
        { "url": "chain", "valueString": entry.chain },
        { "url": "number", "valueString": entry.number.to_string() },
        { "url": "previous", "valueString": entry.previous },
        { "url": "mac", "valueString": entry.mac },
        { "url": "intact", "valueBoolean": entry.intact },
    ] })
}

/// The one who asked, then the servers that data came from and went to; ADIT itself stands for the side that is not named.
fn agents(entry: &Entry) -> Vec<Value> {
    let event = &entry.record.event;
    let node = |wanted: Role| {
        event.entities.iter().find_map(|entity| match entity {
            Entity::Node { id, name, role } if *role == wanted => Some((id.to_string(), name.clone())),
            _ => None,
        })
    };
    let mut agents = vec![user(&event.actor)];
    let ends = [(Role::Source, "110153", "Source Role ID"), (Role::Destination, "110152", "Destination Role ID")];
    let moves = event.kind().names_patient() || event.kind() == Kind::Searched;
    for (role, code, meaning) in ends.into_iter().filter(|_| moves) {
        let (id, name) = node(role).unwrap_or_else(|| ("adit".to_owned(), entry.record.process.clone()));
        agents.push(json!({
            "type": { "coding": [{ "system": DCM, "code": code, "display": meaning }] },
            "who": { "identifier": { "value": id }, "display": name },
            "requestor": false,
        }));
    }
    agents
}

fn user(actor: &Actor) -> Value {
    let id = actor.user.as_ref().map_or("unknown", |user| user.as_str());
    let name = if actor.name.is_empty() { "unknown" } else { &actor.name };
    let mut agent = json!({
        "type": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP", "display": "information recipient" }] },
        "who": { "identifier": { "value": id }, "display": name },
        "name": name,
        "requestor": true,
    });
    if let Some(group) = &actor.group {
        agent["role"] =
            json!([{ "coding": [{ "system": "urn:adit:group", "code": group }], "text": actor.group_name }]);
    }
    if let Some(token) = &actor.token {
        agent["policy"] = json!([format!("urn:adit:token:{token}")]);
    }
    if let Some(address) = &actor.address {
        agent["network"] = json!({ "address": address, "type": "2" });
    }
    agent
}

fn patient(id: &str) -> Value {
    json!({
        "what": { "type": "Patient", "identifier": { "value": id } },
        "type": { "system": ENTITY_TYPE, "code": "1", "display": "Person" },
        "role": { "system": OBJECT_ROLE, "code": "1", "display": "Patient" },
    })
}

fn entity(entity: &Entity) -> Value {
    let object = |kind: &str, id: &str, role: &str, display: &str| {
        json!({
            "what": { "identifier": { "system": format!("urn:adit:{kind}"), "value": id } },
            "type": { "system": ENTITY_TYPE, "code": "2", "display": "System Object" },
            "role": { "system": OBJECT_ROLE, "code": role, "display": display },
        })
    };
    let named = |mut value: Value, name: &str| {
        if !name.is_empty() {
            value["name"] = name.into();
        }
        value
    };
    match entity {
        Entity::Study { uid } => json!({
            "what": { "type": "ImagingStudy", "identifier": { "system": "urn:dicom:uid", "value": format!("urn:oid:{uid}") } },
            "type": { "system": ENTITY_TYPE, "code": "2", "display": "System Object" },
            "role": { "system": OBJECT_ROLE, "code": "3", "display": "Report" },
        }),
        Entity::Query { level, attributes } => json!({
            "type": { "system": ENTITY_TYPE, "code": "2", "display": "System Object" },
            "role": { "system": OBJECT_ROLE, "code": "24", "display": "Query" },
            "description": format!("{level}: {}", attributes.join(", ")),
        }),
        Entity::Job { id } => object("job", id.as_str(), "20", "Job"),
        Entity::Task { id } => object("task", id.as_str(), "20", "Job"),
        Entity::Node { id, name, .. } => named(object("node", id.as_str(), "4", "Domain Resource"), name),
        Entity::Person { id, name } => named(object("user", id.as_str(), "11", "Security User Entity"), name),
        Entity::Token { prefix } => object("token", prefix, "13", "Security Resource"),
        Entity::Chain { id } => object("chain", id, "13", "Security Resource"),
        Entity::Thing { what, id, name } => {
            let id = if id.is_empty() { name } else { id };
            named(object(&what.replace(' ', "-"), id, "4", "Domain Resource"), name)
        }
    }
}
