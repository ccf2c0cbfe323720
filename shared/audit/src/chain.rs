//! The chain: each event's MAC covers the event, its place and the MAC of the event before; a sealed head says where the chain ends.
//!
//! The key comes from the installation's master key. Who has only the table can neither change an event nor add one, and what is
//! missing leaves a gap. An event also names when the one before it expires, so that a missing beginning can be told from a cut.

use adit_domain::{EventId, Timestamp};
use adit_store::items::Item;
use hmac::{Hmac, KeyInit, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::event::{Event, Record};
use crate::rows;

/// Version of how events and heads are written.
const SCHEMA: u8 = 1;
/// A MAC as it is written.
pub type Mac = [u8; 32];

/// A MAC as text.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Mac;

    pub fn serialize<S: Serializer>(mac: &Mac, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&hex::encode(mac))
    }

    /// Lower case only: what is stored has one form.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Mac, D::Error> {
        let text = String::deserialize(from)?;
        let mut mac = [0; 32];
        hex::decode_to_slice(&text, &mut mac).map_err(D::Error::custom)?;
        if hex::encode(mac) == text { Ok(mac) } else { Err(D::Error::custom("not in lower case")) }
    }
}

/// Where a chain stands: its last event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Number of the last event; 0 before the first.
    pub number: u64,
    /// Its MAC; zeros before the first.
    #[serde(with = "hexadecimal")]
    pub mac: Mac,
    /// When it expires, in seconds since the epoch; 0 before the first. Never earlier than that of the event before.
    pub expires: i64,
}

impl Link {
    /// Before the first event.
    pub const START: Self = Self { number: 0, mac: [0; 32], expires: 0 };
}

/// Head of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The chain.
    pub chain: String,
    /// The process that writes it.
    pub process: String,
    /// When it began.
    pub started: Timestamp,
    /// Its entry in the register, made at that moment; the register itself has none.
    pub entry: Option<EventId>,
    /// When that entry expires.
    pub entry_expires: i64,
    /// When the last event was recorded; the moment of its beginning before the first.
    pub moved: Timestamp,
    /// How often the head was written: the version of its item.
    pub writes: u64,
    /// The last event.
    pub last: Link,
}

/// An event with its place in its chain, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventBody {
    schema: u8,
    chain: String,
    number: u64,
    #[serde(with = "hexadecimal")]
    previous: Mac,
    previous_expires: i64,
    /// JSON of [`Content`], to the byte.
    content: String,
    #[serde(with = "hexadecimal")]
    mac: Mac,
}

#[derive(Serialize, Deserialize)]
struct Content {
    at: Timestamp,
    process: String,
    event: Event,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadBody {
    schema: u8,
    content: String,
    #[serde(with = "hexadecimal")]
    mac: Mac,
}

/// An event that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The event.
    pub record: Record,
    /// Its chain.
    pub chain: String,
    /// MAC of the event before.
    pub previous: Mac,
    /// When the event before expires.
    pub previous_expires: i64,
    /// Where the chain stands with it.
    pub link: Link,
    /// Whether MAC and places are right.
    pub intact: bool,
}

/// What is stored cannot be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// Makes and checks MACs.
#[derive(Clone)]
pub struct ChainKey(Hmac<Sha256>);

impl ChainKey {
    /// The key of the installation with this master key.
    pub fn new(master_key: &[u8; 32]) -> Self {
        let derived = keyed(master_key).chain_update(b"adit/v1/audit chain").finalize().into_bytes();
        Self(keyed(&derived))
    }

    /// The item of the next event of a chain that stands at `after`, and where it stands then.
    pub fn event(
        &self,
        chain: &str,
        after: &Link,
        record: &Record,
        expires: i64,
    ) -> Result<(Item, Link), serde_json::Error> {
        let (number, expires) = (after.number + 1, expires.max(after.expires));
        let content = Content { at: record.at, process: record.process.clone(), event: record.event.clone() };
        let mut body = EventBody {
            schema: SCHEMA,
            chain: chain.to_owned(),
            number,
            previous: after.mac,
            previous_expires: after.expires,
            content: serde_json::to_string(&content)?,
            mac: [0; 32],
        };
        let mut item = Item {
            key: rows::event_key(record.at, &record.id),
            body: serde_json::Value::Null,
            counters: Default::default(),
            index1: Some((rows::chain_partition(chain), rows::chain_place(number))),
            index2: user_place(record),
            version: 0,
            expires_at: Some(expires),
        };
        body.mac = self.event_mac(&item, &body).finalize().into_bytes().into();
        item.body = serde_json::to_value(&body)?;
        Ok((item, Link { number, mac: body.mac, expires }))
    }

    /// Reads an event and checks it by itself: MAC, places, moment of expiry.
    pub fn read_event(&self, item: &Item) -> Result<Linked, Unreadable> {
        let body: EventBody = serde_json::from_value(item.body.clone()).map_err(|_| Unreadable)?;
        let content: Content = serde_json::from_str(&body.content).map_err(|_| Unreadable)?;
        let id: EventId = item.key.sk.parse().map_err(|_| Unreadable)?;
        let record = Record { id, at: content.at, process: content.process, event: content.event };
        let place = (rows::chain_partition(&body.chain), rows::chain_place(body.number));
        let intact = body.schema == SCHEMA
            && item.version == 1
            && item.counters.is_empty()
            && item.index1.as_ref() == Some(&place)
            && item.index2 == user_place(&record)
            && item.key == rows::event_key(record.at, &record.id)
            && self.event_mac(item, &body).verify_slice(&body.mac).is_ok();
        let link = Link { number: body.number, mac: body.mac, expires: item.expires_at.unwrap_or_default() };
        let EventBody { chain, previous, previous_expires, .. } = body;
        Ok(Linked { record, chain, previous, previous_expires, link, intact })
    }

    /// The item of a head. The register's never expires; another's outlives its events and its entry.
    pub fn head(&self, head: &Head) -> Result<Item, serde_json::Error> {
        let expires_at = head.entry.as_ref().map(|_| outlives(head));
        let key = rows::head_key(&head.chain);
        let content = serde_json::to_string(head)?;
        let mac: Mac = self.head_mac(expires_at, &content).finalize().into_bytes().into();
        let body = serde_json::to_value(HeadBody { schema: SCHEMA, content, mac })?;
        Ok(Item { key, body, counters: Default::default(), index1: None, index2: None, version: 0, expires_at })
    }

    /// Reads and checks a head.
    pub fn read_head(&self, item: &Item) -> Result<Head, Unreadable> {
        let body: HeadBody = serde_json::from_value(item.body.clone()).map_err(|_| Unreadable)?;
        self.head_mac(item.expires_at, &body.content).verify_slice(&body.mac).map_err(|_| Unreadable)?;
        let head: Head = serde_json::from_str(&body.content).map_err(|_| Unreadable)?;
        let plain = item.counters.is_empty() && item.index1.is_none() && item.index2.is_none();
        let right =
            body.schema == SCHEMA && plain && item.key == rows::head_key(&head.chain) && item.version == head.writes;
        if right { Ok(head) } else { Err(Unreadable) }
    }

    fn event_mac(&self, item: &Item, body: &EventBody) -> Hmac<Sha256> {
        let expires = item.expires_at.unwrap_or(i64::MIN).to_be_bytes();
        let parts: [&[u8]; 9] = [
            b"event",
            body.chain.as_bytes(),
            &body.number.to_be_bytes(),
            &body.previous,
            &body.previous_expires.to_be_bytes(),
            item.key.pk.as_bytes(),
            item.key.sk.as_bytes(),
            &expires,
            body.content.as_bytes(),
        ];
        self.mac(&parts)
    }

    fn head_mac(&self, expires_at: Option<i64>, content: &str) -> Hmac<Sha256> {
        self.mac(&[b"head", &expires_at.unwrap_or(i64::MIN).to_be_bytes(), content.as_bytes()])
    }

    /// The length before each part keeps "ab" + "c" apart from "a" + "bc".
    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        parts.iter().fold(self.0.clone(), |mac, part| {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            mac.chain_update(length.to_be_bytes()).chain_update(part)
        })
    }
}

/// A week longer than everything that speaks of the chain, so that a missing head is never just an expired one.
fn outlives(head: &Head) -> i64 {
    head.last.expires.max(head.entry_expires).saturating_add(7 * rows::DAY_MS / 1000)
}

fn user_place(record: &Record) -> Option<(String, String)> {
    let user = record.event.actor.user.as_ref()?;
    Some((rows::user_partition(user.as_str()), record.id.to_string()))
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, Kind};

    fn record() -> Record {
        let at = Timestamp(1_700_000_000_000);
        let actor = Actor { user: Some("01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap()), ..Actor::default() };
        Record { id: EventId::new(at, 7), at, process: "p".into(), event: Event::new(Kind::LoggedIn, actor) }
    }

    #[test]
    fn an_event_comes_back_and_any_change_shows() {
        let key = ChainKey::new(&[1; 32]);
        let (mut item, link) = key.event("C", &Link::START, &record(), 2_000_000_000).unwrap();
        item.version = 1;
        let read = key.read_event(&item).unwrap();
        assert!(read.intact && read.record == record() && read.link == link && link.number == 1);
        assert!(!ChainKey::new(&[2; 32]).read_event(&item).unwrap().intact, "another installation's key");
        let changes: [fn(&mut Item); 8] = [
            |item| item.key.pk = "AUDIT#2023-11-15".into(),
            |item| item.key.sk = EventId::new(Timestamp(1_700_000_000_001), 7).into(),
            |item| item.index1 = None,
            |item| item.index2 = None,
            |item| item.expires_at = Some(1_999_999_999),
            |item| item.version = 2,
            |item| item.body["number"] = 2.into(),
            |item| {
                item.body["content"] = item.body["content"].as_str().unwrap().replace("logged_in", "logged_out").into()
            },
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut changed = item.clone();
            change(&mut changed);
            assert!(!key.read_event(&changed).unwrap().intact, "change {at}");
        }
    }

    #[test]
    fn a_head_is_sealed() {
        let key = ChainKey::new(&[1; 32]);
        let started = Timestamp(1_700_000_000_000);
        let entry = Some(EventId::new(started, 7));
        let head = Head {
            chain: "C".into(),
            process: "p".into(),
            started,
            entry,
            entry_expires: 9,
            moved: started,
            writes: 1,
            last: Link::START,
        };
        let mut item = key.head(&head).unwrap();
        item.version = 1;
        assert_eq!(key.read_head(&item), Ok(head));
        for changed in [Item { version: 2, ..item.clone() }, Item { expires_at: None, ..item.clone() }] {
            assert_eq!(key.read_head(&changed), Err(Unreadable));
        }
    }
}
