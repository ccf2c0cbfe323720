//! A message as SQS carries it, and the receipt, which holds all that a copy of the message needs.

use std::collections::HashMap;
use std::fmt::Write;

use adit_store::queue::{Band, Delivery, Kind, Lane, Message, Receipt, StoreError};
use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName};
use serde::{Deserialize, Serialize};

/// Message attribute that carries the trace.
pub const TRACE: &str = "trace";
/// Message attribute of a dead letter that says why.
pub const REASON: &str = "reason";
/// Letters of a reason at most.
const MAX_REASON: usize = 256;
/// Letters of a group's name at most, as SQS counts.
const MAX_GROUP: usize = 128;

/// A message as a Lambda function gets it from an event source mapping.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceivedMessage {
    /// The body.
    pub body: String,
    /// `receiptHandle` of the record.
    pub receipt_handle: String,
    /// `attributes.MessageGroupId`, as it stands there; empty if absent.
    pub group: String,
    /// `messageAttributes.trace.stringValue`; empty if absent.
    pub trace: String,
    /// `attributes.ApproximateReceiveCount`.
    pub receive_count: u32,
}

/// What a Lambda function got from an event source mapping on the queue of this lane and band, as a delivery whose receipt the queue
/// understands. A message whose handler reports success is removed by the mapping, one more removal does no harm.
#[must_use]
pub fn delivery(lane: Lane, band: Band, record: ReceivedMessage) -> Delivery {
    let ReceivedMessage { body, receipt_handle, group, trace, receive_count } = record;
    let held = Held {
        bridge: lane == Lane::Bridge,
        urgent: band == Band::Urgent,
        handle: receipt_handle,
        body,
        group: group_of(&group),
        trace,
    };
    Delivery { message: held.message(), receipt: held.receipt(), receive_count }
}

/// What a receipt holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Held {
    bridge: bool,
    urgent: bool,
    pub handle: String,
    body: String,
    group: String,
    trace: String,
}

impl Held {
    pub fn read(receipt: &Receipt) -> Result<Self, StoreError> {
        serde_json::from_str(&receipt.0).map_err(|_| StoreError::new(Kind::Invalid, "not a receipt of this queue"))
    }

    pub fn receipt(&self) -> Receipt {
        Receipt(serde_json::to_string(self).expect("a receipt is plain JSON"))
    }

    pub fn lane(&self) -> Lane {
        if self.bridge { Lane::Bridge } else { Lane::Worker }
    }

    pub fn band(&self) -> Band {
        if self.urgent { Band::Urgent } else { Band::Normal }
    }

    pub fn message(&self) -> Message {
        Message {
            body: self.body.clone(),
            lane: self.lane(),
            band: self.band(),
            group: self.group.clone(),
            trace: self.trace.clone(),
        }
    }
}

/// Reads a received message, and when it was sent, in milliseconds since the epoch.
pub fn read(lane: Lane, band: Band, message: aws_sdk_sqs::types::Message) -> (Delivery, Option<i64>) {
    let system = message.attributes.unwrap_or_default();
    let told = |name| system.get(&name).map(String::as_str);
    let trace = message.message_attributes.unwrap_or_default().remove(TRACE).and_then(|trace| trace.string_value);
    let record = ReceivedMessage {
        body: message.body.unwrap_or_default(),
        receipt_handle: message.receipt_handle.unwrap_or_default(),
        group: told(MessageSystemAttributeName::MessageGroupId).unwrap_or_default().to_owned(),
        trace: trace.unwrap_or_default(),
        receive_count: told(MessageSystemAttributeName::ApproximateReceiveCount)
            .and_then(|n| n.parse().ok())
            .unwrap_or(1),
    };
    let sent = told(MessageSystemAttributeName::SentTimestamp).and_then(|sent| sent.parse().ok());
    (delivery(lane, band, record), sent)
}

/// Attributes of a message: its trace, and why it was set aside.
pub fn attributes(
    message: &Message,
    reason: Option<&str>,
) -> Result<Option<HashMap<String, MessageAttributeValue>>, StoreError> {
    let mut all = HashMap::new();
    let reason = reason.map(|reason| reason.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect::<String>());
    for (name, value) in [(TRACE, Some(message.trace.clone())), (REASON, reason)] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            all.insert(name.to_owned(), value.map_err(|error| StoreError::new(Kind::Invalid, error))?);
        }
    }
    Ok(Some(all).filter(|all| !all.is_empty()))
}

/// A group's name in the letters that SQS allows; others are written as `%XX`.
pub fn group_id(group: &str) -> Result<String, StoreError> {
    let mut id = String::new();
    for byte in group.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            id.push(char::from(byte));
        } else {
            let _ = write!(id, "%{byte:02X}");
        }
    }
    if id.is_empty() {
        id.push('%');
    }
    if id.len() > MAX_GROUP {
        return Err(StoreError::new(Kind::Invalid, "the name of a group is too long"));
    }
    Ok(id)
}

fn group_of(id: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = id.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match (first, code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'%', None) => rest = tail,
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_back_as_they_went() {
        for group in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "", "two words", "100%", "ü", "%41"] {
            let id = group_id(group).unwrap();
            assert!(!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic()), "{id}");
            assert_eq!(group_of(&id), group);
        }
        assert!(group_id(&"x".repeat(129)).is_err());
    }

    #[test]
    fn a_record_of_a_function_makes_a_receipt_that_the_queue_reads() {
        let record = ReceivedMessage {
            body: "b".into(),
            receipt_handle: "h".into(),
            group: "a%20b".into(),
            trace: "t".into(),
            receive_count: 3,
        };
        let delivery = delivery(Lane::Worker, Band::Urgent, record);
        let held = Held::read(&delivery.receipt).unwrap();
        assert_eq!((held.message(), held.handle.as_str(), delivery.receive_count), (delivery.message, "h", 3));
        assert_eq!((held.message().group.as_str(), held.lane(), held.band()), ("a b", Lane::Worker, Band::Urgent));
        assert_eq!(Held::read(&Receipt("nonsense".into())).unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn a_reason_is_short_and_plain() {
        let message = Message {
            body: String::new(),
            lane: Lane::Worker,
            band: Band::Urgent,
            group: String::new(),
            trace: String::new(),
        };
        assert!(attributes(&message, Some("\u{7}")).unwrap().is_none());
        let all = attributes(&message, Some(&"x\n".repeat(500))).unwrap().unwrap();
        assert_eq!(all[REASON].string_value().unwrap().len(), MAX_REASON);
    }
}
