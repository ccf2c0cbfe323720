//! How a chain begins: its head and its entry in the register are one transaction, so that no chain can vanish as a whole.

use adit_domain::Timestamp;
use adit_store::items::{Condition, Kind as StoreKind, Write};

use super::writer::{Stopped, Writer};
use super::{event_id, random};
use crate::chain::{Head, Link};
use crate::event::{Actor, Entity, Event, Outcome, Record};
use crate::kind::Kind;
use crate::rows::REGISTER;

/// The register's entry lives this much longer than an event of the same moment: as long as the last event of a chain of one day.
const ENTRY_EXTRA_S: i64 = 2 * 86_400;

impl Writer {
    /// Opens a chain. Other processes write to the register too: who comes second reads it again.
    pub(super) async fn open(&mut self, now: Timestamp, expires: i64) -> Result<Head, Stopped> {
        let chain = self.opening.get_or_insert_with(|| adit_domain::EventId::new(now, random()).into()).clone();
        let before = self.register().await?;
        let record = self.entry(&chain, now);
        let (head, writes) = self
            .opening_writes(&chain, before, &record, expires.saturating_add(ENTRY_EXTRA_S))
            .map_err(|error| Stopped::Failed(error.to_string()))?;
        let answer = self.transact(writes).await;
        let head = match answer {
            Ok(()) => head,
            Err(error) if matches!(error.kind, StoreKind::TooLarge | StoreKind::Invalid) => {
                return Err(Stopped::Failed(error.to_string()));
            }
            // Perhaps it was done, by this try or by an earlier one.
            Err(error) => match self.read_head(&chain).await {
                Ok(Some(found)) => found,
                _ => return Err(Stopped::Again(error.to_string())),
            },
        };
        self.opening = None;
        self.lost = None;
        Ok(head)
    }

    /// Where the register stands; `None` before the first chain of the installation.
    async fn register(&self) -> Result<Option<Head>, Stopped> {
        let again = |error: adit_store::items::StoreError| Stopped::Again(error.to_string());
        let Some(item) = self.head_item(REGISTER).await.map_err(again)? else { return Ok(None) };
        let foreign = |_| {
            Stopped::Failed(
                "the register of audit chains was changed, or written with another master key; run `adit audit verify`"
                    .into(),
            )
        };
        self.key.read_head(&item).map(Some).map_err(foreign)
    }

    fn entry(&self, chain: &str, now: Timestamp) -> Record {
        let actor = Actor { name: self.process.clone(), ..Actor::default() };
        let mut event = Event::new(Kind::RecordingStarted, actor).about(Entity::Chain { id: chain.to_owned() });
        if let Some(lost) = &self.lost {
            let reason = format!("chain {lost} no longer stands where this process left it");
            event = event.with_outcome(Outcome::SeriousFailure, reason);
        }
        Record { id: event_id(now, 0), at: now, process: self.process.clone(), event }
    }

    fn opening_writes(
        &self,
        chain: &str,
        before: Option<Head>,
        record: &Record,
        expires: i64,
    ) -> Result<(Head, Vec<Write>), serde_json::Error> {
        let condition = before.as_ref().map_or(Condition::Absent, |head| Condition::Version(head.writes));
        let mut register = before.unwrap_or_else(|| Head {
            chain: REGISTER.into(),
            process: String::new(),
            started: record.at,
            entry: None,
            entry_expires: 0,
            moved: record.at,
            writes: 0,
            last: Link::START,
        });
        let (entry, last) = self.key.event(REGISTER, &register.last, record, expires)?;
        register.writes += 1;
        let head = Head {
            chain: chain.to_owned(),
            process: self.process.clone(),
            started: record.at,
            entry: Some(record.id.clone()),
            entry_expires: last.expires,
            moved: record.at,
            writes: 1,
            last: Link::START,
        };
        register.last = last;
        register.moved = record.at;
        let writes = vec![
            Write::Put { item: entry, condition: Condition::Absent },
            Write::Put { item: self.key.head(&register)?, condition },
            Write::Put { item: self.key.head(&head)?, condition: Condition::Absent },
        ];
        Ok((head, writes))
    }
}
