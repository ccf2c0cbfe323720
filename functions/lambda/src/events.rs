//! `events`: news of objects in watched buckets, as S3 puts them into a queue.

use std::time::Duration;

use adit_engine::Refusal;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use serde::Deserialize;

use crate::batch::{self, Record, Response};

/// How long a batch may take: the invocation's own limit is longer.
const LIMIT: Duration = Duration::from_secs(100);

/// An object that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Name of the bucket.
    pub bucket: String,
    /// Key, decoded.
    pub key: String,
}

/// A notification of S3, as far as it concerns us.
#[derive(Deserialize)]
struct Notification {
    /// S3 says `s3:TestEvent` when the notification is set up.
    #[serde(default, rename = "Event")]
    event: String,
    #[serde(default, rename = "Records")]
    records: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default, rename = "eventName")]
    event_name: String,
    s3: Place,
}

#[derive(Deserialize)]
struct Place {
    bucket: Bucket,
    object: Key,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

/// Tells `arrived` of every object of a batch. A record whose objects were not all taken comes again; telling twice does no harm.
pub async fn handle<F>(event: SqsEvent, arrived: impl Fn(Object) -> F + Clone + Send + 'static) -> Response
where
    F: Future<Output = Result<(), Refusal>> + Send + 'static,
{
    batch::each(event, LIMIT, |record| one(record, arrived.clone())).await
}

async fn one<F>(record: SqsMessage, arrived: impl Fn(Object) -> F + Send) -> Record
where
    F: Future<Output = Result<(), Refusal>> + Send,
{
    let Some(objects) = objects(record.body.as_deref().unwrap_or_default()) else {
        // Names of objects may be anything: they stay out of the log.
        tracing::error!("a notification cannot be read; after some more tries it is set aside");
        return Record::Again;
    };
    for object in objects {
        if let Err(error) = arrived(object).await {
            tracing::error!(error = %error, "news of an object could not be taken; it comes again");
            return Record::Again;
        }
    }
    Record::Done
}

/// The objects that a notification says were made; `None`: it is no notification.
fn objects(body: &str) -> Option<Vec<Object>> {
    let notification: Notification = serde_json::from_str(body).ok()?;
    if notification.event == "s3:TestEvent" {
        return Some(Vec::new());
    }
    if notification.records.is_empty() {
        return None;
    }
    let made = |entry: &Entry| entry.event_name.is_empty() || entry.event_name.contains("ObjectCreated");
    let object = |entry: Entry| Some(Object { bucket: entry.s3.bucket.name, key: decoded(&entry.s3.object.key)? });
    notification.records.into_iter().filter(made).map(object).collect()
}

/// A key as it stands in a notification: bytes as `%XX`, blanks as `+` (AWS) or `%20` (LocalStack). `None`: it is no UTF-8 text.
fn decoded(key: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let hex = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, hex.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::testing::{event, failed};

    fn notification(keys: &[&str]) -> String {
        let record = |key: &&str| {
            serde_json::json!({ "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                "eventTime": "2026-11-26T12:00:00.000Z", "userIdentity": { "principalId": "A" },
                "s3": { "s3SchemaVersion": "1.0", "bucket": { "name": "in", "arn": "arn:aws:s3:::in" },
                    "object": { "key": key, "size": 1, "sequencer": "0A" } } })
        };
        serde_json::json!({ "Records": keys.iter().map(record).collect::<Vec<_>>() }).to_string()
    }

    #[test]
    fn keys_are_decoded_in_both_ways() {
        for (key, plain) in [
            ("in/my+study/a%2Bb.dcm", "in/my study/a+b.dcm"),
            ("in/my%20study/a%2Bb.dcm", "in/my study/a+b.dcm"),
            ("%C3%BCber%zz%", "über%zz%"),
            ("100%", "100%"),
        ] {
            assert_eq!(decoded(key).as_deref(), Some(plain));
        }
        assert_eq!(decoded("%FF"), None);
    }

    #[tokio::test]
    async fn every_object_is_told_and_what_cannot_be_taken_comes_again() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let removed = notification(&["gone"]).replace("ObjectCreated:Put", "ObjectRemoved:Delete");
        let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"in"}"#.to_owned();
        let (two, broken) = (notification(&["a+b", "c"]), notification(&["refuse"]));
        let bodies = [two.as_str(), test.as_str(), removed.as_str(), broken.as_str(), "nonsense", "{}"];
        let shared = Arc::clone(&told);
        let response = handle(event(bodies), move |object| {
            let told = Arc::clone(&shared);
            async move {
                if object.key == "refuse" {
                    return Err(Refusal::peer("S3 does not answer"));
                }
                told.lock().unwrap().push(format!("{}/{}", object.bucket, object.key));
                Ok(())
            }
        });
        let mut again = [broken.as_str(), "nonsense", "{}"];
        again.sort_unstable();
        assert_eq!(failed(&response.await), again);
        assert_eq!(*told.lock().unwrap(), ["in/a b", "in/c"]);
    }
}
