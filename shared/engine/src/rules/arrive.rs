//! Arrivals: an object has come. Its row is put if it is absent, together with its study's; a repeated event changes nothing.

use std::time::Duration;

use adit_domain::node::NodeKind;
use adit_domain::rule::{Rule, Trigger, inbox};
use adit_domain::{NodeId, Timestamp};
use adit_store::items::Kind;
use adit_store::repositories::{Arrival, ArrivedObject, Versioned};
use adit_store::shelf::ShelfEntry;

use super::facts::{self, Header};
use super::place::{Unread, entry, read_header};
use crate::clock::jitter;
use crate::{Engine, Refusal, now};

/// For how long arrivals are remembered, in seconds.
pub(crate) const REMEMBERED_S: i64 = 30 * 86_400;
/// How often a row is tried again when others write to the same study at the same time.
const TRIES: u32 = 60;
/// Longest name of a file, in bytes.
const MAX_NAME: usize = 900;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// It is on record now.
    Recorded,
    /// It was on record already.
    Known,
    /// No enabled rule asks for it.
    Unwanted,
    /// It is no DICOM file.
    NotDicom,
    /// It is not there (any more).
    Gone,
}

/// How an object has come.
pub(crate) struct Coming {
    pub source: NodeId,
    /// Name below the node; empty in the inbox.
    pub name: String,
    /// Calling AE title; empty for files.
    pub from: String,
    pub size: u64,
    pub modified: Timestamp,
    /// Of all bytes in the inbox; 0 for files.
    pub crc32: u32,
}

impl Engine {
    /// An object was made in a bucket; `key` is its whole name, decoded. Tells every node and rule that is concerned; safe to call twice.
    pub async fn bucket_object_created(&self, bucket: &str, key: &str) -> Result<Vec<Arrived>, Refusal> {
        let mut all = Vec::new();
        for record in self.0.nodes.list().await? {
            let NodeKind::Bucket(place) = &record.node.config.kind else { continue };
            let name = key.strip_prefix(&place.prefix).filter(|name| !name.is_empty());
            if let Some(name) = name.filter(|_| place.bucket == bucket && record.node.config.enabled) {
                all.push(self.object_arrived(&record.node.id, name).await?);
            }
        }
        Ok(all)
    }

    /// A file has come to a watched folder or bucket; `name` is its name below the node. Reads no more of it than the header.
    pub async fn object_arrived(&self, node: &NodeId, name: &str) -> Result<Arrived, Refusal> {
        if self.wanting(node, name).await?.is_empty() {
            return Ok(Arrived::Unwanted);
        }
        let record = self.node_record(node).await?;
        let Some(shelf) = self.shelf_of(&record.node.config.kind) else {
            return Err(Refusal::invalid("This ADIT cannot reach the files of this node."));
        };
        match entry(&*shelf, name).await.map_err(Unread::from) {
            Ok(Some(file)) => self.file_arrived(node, &file).await,
            Ok(None) => Ok(Arrived::Gone),
            Err(error) => Err(Refusal::peer(format!("The files of the node cannot be listed: {}.", error.why()))),
        }
    }

    pub(crate) async fn file_arrived(&self, node: &NodeId, file: &ShelfEntry) -> Result<Arrived, Refusal> {
        let wanting = self.wanting(node, &file.name).await?;
        if wanting.is_empty() || file.size == 0 {
            return Ok(Arrived::Unwanted);
        }
        let record = self.node_record(node).await?;
        let Some(shelf) = self.shelf_of(&record.node.config.kind) else { return Ok(Arrived::Gone) };
        let also = facts::beyond(wanting.iter().map(|rule| &rule.config));
        let open = |range| async { shelf.open(&file.name, Some(range)).await.map_err(Unread::from) };
        let header = match read_header(file.size, &also, open).await {
            Ok(header) => header,
            Err(Unread::Gone) => return Ok(Arrived::Gone),
            Err(Unread::NotDicom) => {
                tracing::info!(node = %node, "a file that is not DICOM was ignored");
                return Ok(Arrived::NotDicom);
            }
            Err(error) => return Err(Refusal::peer(format!("A file could not be read: {}.", error.why()))),
        };
        let coming = Coming {
            source: node.clone(),
            name: file.name.clone(),
            from: String::new(),
            size: file.size,
            modified: file.modified,
            crc32: 0,
        };
        let is_new = self.record(coming, header).await?;
        Ok(if is_new { Arrived::Recorded } else { Arrived::Known })
    }

    /// Enabled rules that ask for a file of this name.
    async fn wanting(&self, node: &NodeId, name: &str) -> Result<Vec<Rule>, Refusal> {
        let mut rules = self.rules_of(node).await?;
        let is_left_alone = is_temporary(name) || name.len() > MAX_NAME;
        rules.retain(|rule| !is_left_alone && takes_name(rule, name));
        Ok(rules)
    }

    /// Puts an object on record; false: it was, as it is.
    pub(crate) async fn record(&self, coming: Coming, header: Header) -> Result<bool, Refusal> {
        let mut object = object(coming, header, now());
        let (source, study) = (object.source.clone(), object.study_instance_uid.clone());
        let (source, study) = (&source, study.as_str());
        let rules = self.rules_of(source).await?;
        for _ in 0..TRIES {
            let known = self.0.arrivals.object(source, study, &object.sop_instance_uid).await?;
            if known.as_ref().is_some_and(|known| is_same(&known.value, &object)) {
                return Ok(false);
            }
            let senders = known.iter().flat_map(|known| &known.value.from);
            let more: Vec<String> = senders.filter(|title| !object.from.contains(title)).cloned().collect();
            object.from.extend(more);
            object.replaced = known.as_ref().is_some_and(|known| is_replacing(&known.value, &object));
            let before = self.0.arrivals.get(source, study).await?;
            let arrival = grown(before.as_ref(), &object, known.is_none(), &rules);
            let versions = (known.map(|known| known.version), before.map(|before| before.version));
            match self.0.arrivals.record(&object, versions.0, &arrival, versions.1).await {
                Ok(()) => return Ok(true),
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => {
                    tokio::time::sleep(Duration::from_secs_f64(jitter() * 0.05)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::conflict("Too many images of one study arrive at the same moment."))
    }
}

fn object(coming: Coming, header: Header, now: Timestamp) -> ArrivedObject {
    ArrivedObject {
        source: coming.source,
        study_instance_uid: header.study_instance_uid,
        series_instance_uid: header.series_instance_uid,
        sop_instance_uid: header.sop_instance_uid,
        sop_class_uid: header.sop_class_uid,
        name: coming.name,
        from: Some(coming.from).filter(|title| !title.is_empty()).into_iter().collect(),
        size: coming.size,
        modified: coming.modified,
        crc32: coming.crc32,
        replaced: false,
        at: now,
        facts: header.facts,
        also: header.also,
        removed: false,
        expires_at: now.seconds() + REMEMBERED_S,
    }
}

/// Whether an object is on record just so.
fn is_same(known: &ArrivedObject, new: &ArrivedObject) -> bool {
    let is_sender_known = new.from.iter().all(|title| known.from.contains(title));
    !known.removed && is_same_file(known, new) && is_sender_known && known.facts == new.facts
}

fn is_same_file(known: &ArrivedObject, new: &ArrivedObject) -> bool {
    let file = |one: &ArrivedObject| (one.name.clone(), one.size, one.modified, one.crc32);
    file(known) == file(new)
}

/// Whether something else may have been transferred under the SOP Instance UID before. Of a file that comes back only the inbox can tell
/// that it is the same one: it has its checksum.
fn is_replacing(known: &ArrivedObject, new: &ArrivedObject) -> bool {
    known.replaced || !is_same_file(known, new) || (known.removed && !new.name.is_empty())
}

/// The study with one more object.
fn grown(before: Option<&Versioned<Arrival>>, object: &ArrivedObject, is_new: bool, rules: &[Rule]) -> Arrival {
    let now = object.at;
    let mut arrival = before.map_or_else(
        || Arrival {
            source: object.source.clone(),
            study_instance_uid: object.study_instance_uid.clone(),
            first: now,
            last: now,
            images: 0,
            changes: 0,
            due: None,
            handled: Default::default(),
            jobs: Vec::new(),
            takers: Default::default(),
            wanted: false,
        },
        |before| before.value.clone(),
    );
    arrival.images += u64::from(is_new);
    arrival.changes += 1;
    arrival.last = now;
    arrival.takers.extend(rules.iter().filter(|rule| takes_from(rule, object)).map(|rule| rule.id.to_string()));
    let due = rules.iter().filter_map(|rule| ready_at(rule, &arrival)).min();
    arrival.due = Some(due.unwrap_or_else(|| now.plus_ms(60_000)));
    arrival
}

/// When a study counts as complete for a rule; none: the rule is about something else.
pub(crate) fn ready_at(rule: &Rule, arrival: &Arrival) -> Option<Timestamp> {
    let complete = rule.config.trigger.complete()?;
    let is_first = !arrival.handled.contains_key(rule.id.as_str());
    if is_first && complete.count > 0 && arrival.images >= u64::from(complete.count) {
        return Some(arrival.last);
    }
    Some(arrival.last.plus_ms(i64::from(complete.quiet_seconds) * 1000))
}

/// Whether a rule is about objects of this source.
pub(crate) fn is_about(rule: &Rule, node: &NodeId) -> bool {
    match &rule.config.trigger {
        Trigger::Inbox { .. } => *node == inbox(),
        Trigger::Objects { source, .. } => source == node,
        Trigger::Schedule { .. } => false,
    }
}

/// Whether a rule takes an object because of its sender or its name.
pub(crate) fn takes_from(rule: &Rule, object: &ArrivedObject) -> bool {
    match &rule.config.trigger {
        Trigger::Inbox { calling_ae_titles, .. } => calling_ae_titles.iter().any(|title| object.from.contains(title)),
        Trigger::Objects { .. } => takes_name(rule, &object.name),
        Trigger::Schedule { .. } => false,
    }
}

fn takes_name(rule: &Rule, name: &str) -> bool {
    matches!(&rule.config.trigger, Trigger::Objects { prefix, .. } if name.starts_with(prefix.as_str()))
}

/// Whether a name says that the file (or a folder around it) is hidden or still being written.
pub(crate) fn is_temporary(name: &str) -> bool {
    const ENDINGS: [&str; 8] = ["~", ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp"];
    let lower = name.to_lowercase();
    name.split('/').any(|part| part.starts_with('.')) || ENDINGS.iter().any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_and_unfinished_files_are_left_alone() {
        for name in [".adit-1", "a/.hidden/b.dcm", "a.dcm.part", "b.TMP", "c~"] {
            assert!(is_temporary(name), "{name}");
        }
        for name in ["a.dcm", "1.2.840", "DICOM/0001", "template"] {
            assert!(!is_temporary(name), "{name}");
        }
    }
}
