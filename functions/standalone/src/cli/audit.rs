//! `adit audit`: the audit trail of the ADIT on this machine.
//!
//! It reads the data directory itself instead of asking the running ADIT: who verifies must not have to trust the one whose records are verified, and
//! it works while ADIT is stopped. Whoever can read the data directory and the key can read the trail anyway. That it was read is recorded.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use adit_audit::{Actor, Event, Fault, Filter, Journal, Kind, Outcome, Report, Trail, audit_event};
use adit_backend_embedded::Embedded;
use adit_domain::{JobId, NodeId, Timestamp, Uid, UserId};
use adit_store::clock::{Clock, SystemClock};
use anyhow::{Context, Result, anyhow, bail};
use clap::Subcommand;
use serde_json::json;

use super::output::{moment, table};
use crate::files::existing_project_key;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// What to do with the trail.
#[derive(Subcommand)]
pub enum Action {
    /// Check that nothing was changed, added or taken away; exit code 1 if something does not hold
    Verify,
    /// Write events as FHIR AuditEvents, one JSON object a line, oldest first
    Export {
        /// First day (2026-01-31) or moment (2026-01-31T06:30:00Z), UTC
        #[arg(long, value_parser = first_moment)]
        from: Option<Timestamp>,
        /// Last day or moment, UTC
        #[arg(long, value_parser = last_moment)]
        to: Option<Timestamp>,
        /// A new file, instead of standard output
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// List events, newest first
    List {
        /// First day or moment, UTC
        #[arg(long, value_parser = first_moment)]
        from: Option<Timestamp>,
        /// Last day or moment, UTC
        #[arg(long, value_parser = last_moment)]
        to: Option<Timestamp>,
        /// Kind of event, such as logged_in; repeat for several
        #[arg(long = "kind", value_parser = kind)]
        kinds: Vec<Kind>,
        /// Outcome: 0 success, 4 minor, 8 serious, 12 major failure
        #[arg(long, value_parser = outcome)]
        outcome: Option<Outcome>,
        /// Id of the account that did it
        #[arg(long)]
        user: Option<UserId>,
        /// Id of a server that it was about
        #[arg(long)]
        node: Option<NodeId>,
        /// Id of a job that it was about
        #[arg(long)]
        job: Option<JobId>,
        /// Study Instance UID that it was about
        #[arg(long)]
        study: Option<Uid>,
        /// Events at most
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

/// The trail of a data directory, and the journal for the record that it was read.
struct Books {
    trail: Trail,
    journal: Journal,
}

pub async fn run(data_dir: &Path, action: Action, as_json: bool) -> Result<ExitCode> {
    let books = Books::open(data_dir)?;
    match action {
        Action::Verify => {
            let report = books.verify().await?;
            print_report(&report, as_json);
            return Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Action::Export { from, to, out } => {
            books.note("export", Outcome::Success).await?;
            let (from, to) = (from.unwrap_or_default(), to.unwrap_or(Timestamp(i64::MAX)));
            let unreadable = match out {
                Some(path) => books.export(from, to, &mut BufWriter::new(new_file(&path)?)).await?,
                None => books.export(from, to, &mut BufWriter::new(io::stdout().lock())).await?,
            };
            if unreadable > 0 {
                bail!("{unreadable} rows are no readable events; run `adit audit verify`");
            }
        }
        Action::List { from, to, kinds, outcome, user, node, job, study, limit } => {
            books.note("list", Outcome::Success).await?;
            let filter = Filter { from, to, kinds, outcome, user, node, job, study };
            books.list(&filter, limit, as_json).await?;
        }
    }
    books.journal.close().await;
    Ok(ExitCode::SUCCESS)
}

impl Books {
    fn open(data_dir: &Path) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let items = Embedded::items_beside(data_dir, Arc::clone(&clock)).with_context(|| {
            format!("the data directory {} cannot be used; name it with --data-dir", data_dir.display())
        })?;
        let key = existing_project_key(&data_dir.join("project.key")).context("the project key cannot be read")?;
        let trail = Trail::new(Arc::clone(&items), key.as_bytes(), Arc::clone(&clock));
        let journal = Journal::start(items, key.as_bytes(), "command line", clock);
        Ok(Self { trail, journal })
    }

    /// Records that the trail was read.
    async fn note(&self, detail: &str, outcome: Outcome) -> Result<()> {
        let actor = Actor { name: "command line on this machine".into(), ..Actor::default() };
        let event = Event::new(Kind::AuditRead, actor).with_detail(detail).with_outcome(outcome, "");
        self.journal.record(event).await.context("nothing is shown of the audit trail while it cannot be recorded")
    }

    /// Verifies, then records that. A trail without register gets no record: it would begin a new one over the traces.
    async fn verify(&self) -> Result<Report> {
        let report = self.trail.verify().await?;
        let bare = report.findings.iter().any(|finding| matches!(finding.fault, Fault::Nothing | Fault::NoRegister));
        if !bare {
            let outcome = if report.holds() { Outcome::Success } else { Outcome::SeriousFailure };
            if let Err(error) = self.note("verify", outcome).await {
                eprintln!("adit: that the trail was verified could not be recorded: {error:#}");
            }
        }
        self.journal.close().await;
        Ok(report)
    }

    /// Writes all lines; returns how many rows could not be read.
    async fn export(&self, from: Timestamp, to: Timestamp, out: &mut impl Write) -> Result<usize> {
        let (mut place, mut unreadable) = (None, 0);
        loop {
            let page = self.trail.export(from, to, place).await?;
            for line in page.lines {
                writeln!(out, "{line}")?;
            }
            unreadable += page.unreadable;
            place = page.next;
            if place.is_none() {
                out.flush()?;
                return Ok(unreadable);
            }
        }
    }

    async fn list(&self, filter: &Filter, limit: usize, as_json: bool) -> Result<()> {
        let (mut entries, mut token, mut unreadable) = (vec![], None::<String>, 0);
        while entries.len() < limit {
            let found = self.trail.search(filter, limit - entries.len(), token.as_deref()).await?;
            entries.extend(found.entries);
            unreadable += found.unreadable;
            token = found.next;
            if token.is_none() {
                break;
            }
        }
        if as_json {
            println!("{}", json!(entries.iter().map(audit_event).collect::<Vec<_>>()));
        } else {
            let row = |entry: &adit_audit::Entry| {
                let event = &entry.record.event;
                let mark = if entry.intact { "" } else { " (CHANGED since it was recorded)" };
                let outcome = u8::from(event.outcome).to_string();
                vec![moment(entry.record.at), outcome, format!("{}{mark}", event.sentence())]
            };
            table(&["When", "Outcome", "What happened"], &entries.iter().map(row).collect::<Vec<_>>());
        }
        if unreadable > 0 {
            bail!("{unreadable} rows are no readable events; run `adit audit verify`");
        }
        Ok(())
    }
}

fn print_report(report: &Report, as_json: bool) {
    if as_json {
        let sentences: Vec<&str> = report.findings.iter().map(|finding| finding.sentence.as_str()).collect();
        println!(
            "{}",
            json!({
                "holds": report.holds(), "chains": report.chains, "events": report.events, "expired": report.expired,
                "findings": sentences, "more": report.more,
            })
        );
    } else {
        println!("{report}");
    }
}

/// A file for patient ids: new, and for its owner only.
fn new_file(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("{} cannot be made", path.display()))
}

fn first_moment(text: &str) -> Result<Timestamp> {
    instant(text, 0)
}

fn last_moment(text: &str) -> Result<Timestamp> {
    instant(text, DAY_MS - 1)
}

/// A moment, or a day and `into_day` milliseconds.
fn instant(text: &str, into_day: i64) -> Result<Timestamp> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(moment.as_millisecond()));
    }
    let day: jiff::civil::Date =
        text.parse().map_err(|_| anyhow!("give a day such as 2026-01-31 or a moment such as 2026-01-31T06:30:00Z"))?;
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_millisecond();
    Ok(Timestamp(midnight + into_day))
}

fn kind(name: &str) -> Result<Kind> {
    Kind::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        anyhow!("kinds are {}", names.join(", "))
    })
}

fn outcome(code: &str) -> Result<Outcome> {
    let code: u8 = code.parse().context("give 0, 4, 8 or 12")?;
    Ok(Outcome::try_from(code)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::project_key;

    /// A data directory in which `events` log-ins were recorded by an ADIT that still runs.
    async fn data_dir(events: u32) -> (tempfile::TempDir, Embedded) {
        let dir = tempfile::tempdir().unwrap();
        let running = Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap();
        let key = project_key(&dir.path().join("project.key")).unwrap();
        let journal = Journal::start(Arc::clone(&running.items), key.as_bytes(), "serve", Arc::new(SystemClock));
        for _ in 0..events {
            journal.record(Event::new(Kind::LoggedIn, Actor::default())).await.unwrap();
        }
        (dir, running)
    }

    #[tokio::test]
    async fn beside_a_running_adit_it_verifies_and_records_that() {
        let (dir, _running) = data_dir(3).await;
        let first = Books::open(dir.path()).unwrap().verify().await.unwrap();
        assert!(first.holds() && first.events == 4, "{first}");
        let second = Books::open(dir.path()).unwrap().verify().await.unwrap();
        assert!(second.holds() && second.events == 6, "its own record and its chain's: {second}");
    }

    #[tokio::test]
    async fn what_is_exported_is_one_event_a_line_and_the_span_is_kept() {
        let (dir, _running) = data_dir(3).await;
        let books = Books::open(dir.path()).unwrap();
        let mut out = vec![];
        assert_eq!(books.export(Timestamp(0), Timestamp(i64::MAX), &mut out).await.unwrap(), 0);
        let text = String::from_utf8(out).unwrap();
        let events: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(events.len() == 4 && events.iter().all(|event| event["resourceType"] == "AuditEvent"), "{text}");
        let mut out = vec![];
        books.export(Timestamp(0), last_moment("2020-12-31").unwrap(), &mut out).await.unwrap();
        assert!(out.is_empty());
    }

    #[tokio::test]
    async fn without_a_trail_it_does_not_hold_and_none_is_begun() {
        let (dir, _running) = data_dir(0).await;
        for _ in 0..2 {
            let report = Books::open(dir.path()).unwrap().verify().await.unwrap();
            assert_eq!(report.findings[0].fault, Fault::Nothing);
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(Books::open(empty.path()).is_err());
        assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing is made where nothing was");
    }

    #[test]
    fn days_and_moments() {
        assert_eq!(first_moment("1970-01-02").unwrap(), Timestamp(DAY_MS));
        assert_eq!(last_moment("1970-01-02").unwrap(), Timestamp(2 * DAY_MS - 1));
        assert_eq!(last_moment("1970-01-01T00:00:01Z").unwrap(), Timestamp(1000));
        assert!(first_moment("yesterday").is_err());
    }
}
