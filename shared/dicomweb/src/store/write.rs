//! From our own answer to DICOM JSON (PS3.18 Annex F).

use serde_json::{Map, Value, json};

use super::{Failed, StoreAnswer, Stored};

impl StoreAnswer {
    /// The answer as one JSON object with both sequences, also where they are empty. Items name class and instance twice: by the attributes
    /// of the standard, and by those that ADIT has always used and its users read.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut object = Map::new();
        put(&mut object, "00081190", "UR", &self.retrieve_url);
        object.insert("00081198".to_owned(), sequence(self.failed.iter().map(failed).collect()));
        object.insert("00081199".to_owned(), sequence(self.stored.iter().map(stored).collect()));
        Value::Object(object).to_string().into_bytes()
    }
}

fn stored(one: &Stored) -> Value {
    let mut item = reference(&one.sop_class_uid, &one.sop_instance_uid);
    put(&mut item, "00081190", "UR", &one.retrieve_url);
    if let Some(warning) = one.warning {
        item.insert("00081196".to_owned(), json!({"vr": "US", "Value": [warning]}));
    }
    Value::Object(item)
}

fn failed(one: &Failed) -> Value {
    let mut item = reference(&one.sop_class_uid, &one.sop_instance_uid);
    item.insert("00081197".to_owned(), json!({"vr": "US", "Value": [one.reason]}));
    Value::Object(item)
}

fn reference(class: &str, instance: &str) -> Map<String, Value> {
    let mut item = Map::new();
    for (tag, uid) in [("00080016", class), ("00080018", instance), ("00081150", class), ("00081155", instance)] {
        put(&mut item, tag, "UI", uid);
    }
    item
}

fn put(object: &mut Map<String, Value>, tag: &str, vr: &str, text: &str) {
    if !text.is_empty() {
        object.insert(tag.to_owned(), json!({"vr": vr, "Value": [text]}));
    }
}

fn sequence(items: Vec<Value>) -> Value {
    if items.is_empty() { json!({"vr": "SQ"}) } else { json!({"vr": "SQ", "Value": items}) }
}
