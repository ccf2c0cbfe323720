//! What people and their programs move: counted when it has moved, added up for administrators and auditors, and the limit of a person's
//! day. The guard of the HTTP interface counts requests, the worker counts transfers together with the end of a run.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adit_api::usage::{Usage, UsageBy, UsageQuery, UsageRow};
use adit_domain::job::Job;
use adit_domain::task::Task;
use adit_domain::usage::{Amount, Way};
use adit_domain::{Timestamp, UserId};
use adit_store::items::Write;
use adit_store::repositories::{GroupLimits, UsageBook, UsageOf, UsageRecord};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::permit::moment;
use crate::transfer::Outcome;
use crate::{Engine, Refusal, now};

/// Days that are shown unless asked otherwise.
const DAYS: i64 = 30;
/// Days that may be asked for at once.
const MOST_DAYS: i64 = 100;
/// Rows of an answer at most.
const MOST_ROWS: usize = 5_000;
/// Rows that are read at once.
const PAGE: usize = 500;
const EPOCH: Date = Date::constant(1970, 1, 1);

/// What has been moved and is not stored yet. One writer at a time: what comes meanwhile is added up and stored together, so that a
/// viewer's thousand frames are no thousand writes on one row.
#[derive(Default)]
pub(crate) struct Unstored(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    sums: HashMap<(UsageOf, Way), Amount>,
    has_writer: bool,
}

impl Unstored {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds; true: there is no writer, the caller is it from now on.
    fn add(&self, of: UsageOf, way: Way, amount: Amount) -> bool {
        let mut waiting = self.waiting();
        waiting.sums.entry((of, way)).or_default().add(amount);
        !std::mem::replace(&mut waiting.has_writer, true)
    }

    /// What is to be stored; nothing: the caller is no longer the writer.
    fn take(&self) -> HashMap<(UsageOf, Way), Amount> {
        let mut waiting = self.waiting();
        waiting.has_writer = !waiting.sums.is_empty();
        std::mem::take(&mut waiting.sums)
    }
}

impl Engine {
    /// Counts what a request has moved. A count that fails is logged; the request has ended. To be run to its end.
    pub async fn count_use(&self, of: UsageOf, way: Way, amount: Amount) {
        if !self.0.unstored.add(of, way, amount) {
            return;
        }
        loop {
            let sums = self.0.unstored.take();
            if sums.is_empty() {
                return;
            }
            for ((of, way), amount) in sums {
                if let Err(refusal) = self.store_use(&of, way, amount).await {
                    tracing::error!(user = %of.user, way = way.name(), error = refusal.body.detail, "what was moved could not be counted");
                }
            }
        }
    }

    async fn store_use(&self, of: &UsageOf, way: Way, amount: Amount) -> Result<(), Refusal> {
        let days = self.installation().await?.audit_days;
        Ok(self.0.usage.add(of, now(), way, amount, days).await?)
    }

    /// Refuses when a person has moved as much by requests today as the installation allows.
    pub async fn permit_day(&self, user: &UserId) -> Result<(), Refusal> {
        let (most, now) = (self.installation().await?.limits.bytes_per_day, now());
        if most == 0 || self.0.usage.bytes_by_requests(user, now).await? < most {
            return Ok(());
        }
        let until = GroupLimits::next_day(now);
        let sentence = format!(
            "You and your programs have moved as much today as one person may in a day ({}). From {} on you can go on.",
            adit_mail::bytes(most),
            moment(until)
        );
        Err(Refusal::too_much(sentence, until))
    }

    /// The write that counts a run of a task to the owner of its job; none: it has moved nothing. Each instance counts once, also when its
    /// run was killed before it could be counted: then with the next run that ends.
    pub(crate) async fn run_as_use(&self, job: &Job, task: &Task, outcome: &Outcome) -> Result<Option<Write>, Refusal> {
        let amount = Amount {
            requests: 1,
            instances: outcome.progress.delivered.saturating_sub(task.counted),
            bytes: outcome.progress.bytes,
        };
        if amount.instances + amount.bytes == 0 {
            return Ok(None);
        }
        let of = UsageOf {
            user: job.owner.clone(),
            person: job.owner_name.clone(),
            node: Some(task.source.clone()),
            server: self.name_of_node(&task.source).await,
        };
        let days = self.installation().await?.audit_days;
        Ok(Some(self.0.usage.write(&of, now(), Way::Transferred, amount, days).await?))
    }

    /// What was moved in some days, added up as asked.
    ///
    /// # Errors
    /// The days cannot be understood, are too many, or hold too many rows.
    pub async fn usage(&self, query: &UsageQuery) -> Result<Usage, Refusal> {
        let (first, last) = days(query, now())?;
        let by = query.by.unwrap_or_default();
        let mut sums: BTreeMap<String, UsageRow> = BTreeMap::new();
        for day in first..=last {
            let mut after = None;
            loop {
                let (records, next) = self.0.usage.of_day(day, PAGE, after).await?;
                for record in &records {
                    add(&mut sums, by, record);
                }
                if sums.len() > MOST_ROWS {
                    return Err(Refusal::invalid(format!(
                        "That is more than the {MOST_ROWS} rows that can be shown at once. Choose fewer days, or add up by person, server or day."
                    )));
                }
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        let mut rows: Vec<UsageRow> = sums.into_values().collect();
        if matches!(by, UsageBy::Person | UsageBy::Server) {
            rows.sort_by_key(|row| std::cmp::Reverse(row.bytes()));
        }
        Ok(Usage { from: as_date(first), until: as_date(last), rows })
    }
}

/// First and last day, in days since the epoch.
fn days(query: &UsageQuery, now: Timestamp) -> Result<(i64, i64), Refusal> {
    let parse =
        |text: &Option<String>, field: &str| match text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => text
                .parse::<Date>()
                .map(number_of)
                .map(Some)
                .map_err(|_| Refusal::invalid("Write a day as in 2026-01-31.").at(field)),
        };
    let last = parse(&query.until, "until")?.unwrap_or_else(|| UsageBook::day_of(now));
    let first = parse(&query.from, "from")?.unwrap_or(last - DAYS + 1);
    if first > last {
        return Err(Refusal::invalid("The first day comes after the last one.").at("from"));
    }
    if last - first >= MOST_DAYS {
        return Err(Refusal::invalid(format!("{MOST_DAYS} days can be shown at once.")).at("from"));
    }
    Ok((first, last))
}

fn number_of(date: Date) -> i64 {
    date.since(EPOCH).map_or(0, |span| i64::from(span.get_days()))
}

fn as_date(day: i64) -> String {
    EPOCH.checked_add(day.days()).map(|date| date.to_string()).unwrap_or_default()
}

fn add(sums: &mut BTreeMap<String, UsageRow>, by: UsageBy, record: &UsageRecord) {
    let UsageOf { user, person, node, server } = &record.of;
    let node_text = node.as_ref().map_or("", |node| node.as_str());
    let (key, has_day, has_person, has_server) = match by {
        UsageBy::Person => (user.to_string(), false, true, false),
        UsageBy::Server => (node_text.to_owned(), false, false, true),
        UsageBy::Day => (format!("{:08}", record.day), true, false, false),
        UsageBy::All => (format!("{:08}#{user}#{node_text}", record.day), true, true, true),
    };
    let row = sums.entry(key).or_insert_with(|| UsageRow {
        day: has_day.then(|| as_date(record.day)),
        user: has_person.then(|| user.clone()),
        node: node.clone().filter(|_| has_server),
        ..UsageRow::default()
    });
    // Days come in their order: the newest name is shown.
    if has_person {
        row.person = Some(person.clone());
    }
    if has_server {
        row.server = Some(server.clone());
    }
    for (way, amount) in &record.amounts {
        row.amount_mut(*way).add(*amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-11-14 22:13 UTC.
    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn ask(from: &str, until: &str) -> UsageQuery {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        UsageQuery { from: some(from), until: some(until), by: None }
    }

    #[test]
    fn one_writes_and_nothing_is_forgotten_meanwhile() {
        let (unstored, amount) = (Unstored::default(), Amount { requests: 1, instances: 2, bytes: 3 });
        let of = || UsageOf { user: UserId::new(NOW, 1), person: String::new(), node: None, server: String::new() };
        assert!(unstored.add(of(), Way::Stored, amount));
        assert!(!unstored.add(of(), Way::Stored, amount), "somebody writes already");
        let first = unstored.take();
        assert_eq!(first[&(of(), Way::Stored)], Amount { requests: 2, instances: 4, bytes: 6 });
        assert!(!unstored.add(of(), Way::Retrieved, amount), "the writer comes back for it");
        assert_eq!(unstored.take().len(), 1);
        assert!(unstored.take().is_empty());
        assert!(unstored.add(of(), Way::Stored, amount), "the writer has gone");
    }

    #[test]
    fn days_are_thirty_unless_asked_otherwise() {
        let shown = |from, until| days(&ask(from, until), NOW).map(|(first, last)| (as_date(first), as_date(last)));
        let owned = |from: &str, until: &str| (from.to_owned(), until.to_owned());
        assert_eq!(shown("", "").unwrap(), owned("2023-10-16", "2023-11-14"));
        assert_eq!(shown("2024-02-28", "2024-03-01").unwrap(), owned("2024-02-28", "2024-03-01"));
        for (from, until, field) in [
            ("2024-03-02", "2024-03-01", "from"),
            ("x", "", "from"),
            ("", "31.1.2026", "until"),
            ("2020-01-01", "", "from"),
        ] {
            assert_eq!(shown(from, until).unwrap_err().body.field.as_deref(), Some(field), "{from} {until}");
        }
    }

    #[test]
    fn rows_add_up_what_they_are_about() {
        let record = |user: u128, day: i64, bytes: u64| UsageRecord {
            day,
            of: UsageOf {
                user: UserId::new(NOW, user),
                person: format!("p{user} on {day}"),
                node: None,
                server: "PACS".into(),
            },
            amounts: vec![(Way::Stored, Amount { requests: 1, instances: 2, bytes })],
        };
        let added = |by| {
            let mut sums = BTreeMap::new();
            for record in [record(1, 5, 10), record(2, 5, 20), record(1, 6, 30)] {
                add(&mut sums, by, &record);
            }
            sums.into_values().collect::<Vec<_>>()
        };
        let people = added(UsageBy::Person);
        assert_eq!((people.len(), people[0].person.as_deref()), (2, Some("p1 on 6")));
        assert_eq!(people[0].stored, Amount { requests: 2, instances: 4, bytes: 40 });
        let (servers, days) = (added(UsageBy::Server), added(UsageBy::Day));
        assert_eq!((servers.len(), servers[0].bytes(), servers[0].user.clone()), (1, 60, None));
        assert_eq!((days.len(), days[1].day.as_deref()), (2, Some("1970-01-07")));
        assert_eq!(added(UsageBy::All).len(), 3);
    }
}
