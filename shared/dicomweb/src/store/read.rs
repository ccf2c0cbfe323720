//! From a server's answer in DICOM JSON to ours. Servers are taken as they are: what is missing counts as not said.

use serde_json::Value;
use thiserror::Error;

use super::{Failed, StoreAnswer, Stored, reason};

/// What a server sent is no answer to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the answer is no DICOM JSON object")]
pub struct InvalidAnswer;

impl StoreAnswer {
    /// Reads an answer in DICOM JSON: an object, or an array with one.
    pub fn parse(json: &[u8]) -> Result<Self, InvalidAnswer> {
        let value: Value = serde_json::from_slice(json).map_err(|_| InvalidAnswer)?;
        let object = match &value {
            Value::Array(all) => all.first(),
            other => Some(other),
        };
        let object = object.filter(|object| object.is_object()).ok_or(InvalidAnswer)?;
        let stored = items(object, "00081199").map(|item| Stored {
            sop_class_uid: uid(item, "00081150", "00080016"),
            sop_instance_uid: uid(item, "00081155", "00080018"),
            retrieve_url: text(item, "00081190"),
            warning: number(item, "00081196"),
        });
        let failed = items(object, "00081198").map(|item| Failed {
            sop_class_uid: uid(item, "00081150", "00080016"),
            sop_instance_uid: uid(item, "00081155", "00080018"),
            reason: number(item, "00081197").unwrap_or(reason::PROCESSING_FAILURE),
        });
        Ok(Self { retrieve_url: text(object, "00081190"), stored: stored.collect(), failed: failed.collect() })
    }
}

fn items<'a>(object: &'a Value, tag: &str) -> impl Iterator<Item = &'a Value> {
    values(object, tag).iter().filter(|item| item.is_object())
}

fn values<'a>(object: &'a Value, tag: &str) -> &'a [Value] {
    object[tag]["Value"].as_array().map_or(&[], Vec::as_slice)
}

fn text(object: &Value, tag: &str) -> String {
    values(object, tag).first().and_then(Value::as_str).map(|text| text.trim().to_owned()).unwrap_or_default()
}

fn uid(object: &Value, tag: &str, other: &str) -> String {
    let found = text(object, tag);
    if found.is_empty() { text(object, other) } else { found }
}

fn number(object: &Value, tag: &str) -> Option<u16> {
    let value = values(object, tag).first()?;
    let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
    number.or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}
