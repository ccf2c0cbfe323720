//! `adit usage`.

use std::process::ExitCode;

use adit_api::paths;
use adit_api::usage::{Usage, UsageBy, UsageRow};
use adit_domain::usage::{Amount, Way};
use anyhow::Result;
use clap::{Args, ValueEnum};
use indicatif::HumanBytes;

use super::connection::Connection;
use super::output::table;

/// Which days, and what is added up.
#[derive(Args)]
pub struct Options {
    /// First day (UTC), such as 2026-01-31 (default: 30 days)
    #[arg(long)]
    from: Option<String>,
    /// Last day (UTC) (default: today)
    #[arg(long)]
    until: Option<String>,
    /// What each row is about
    #[arg(long, value_enum, default_value_t = By::Person)]
    by: By,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
    Person,
    Server,
    Day,
    All,
}

impl By {
    fn wish(self) -> UsageBy {
        match self {
            Self::Person => UsageBy::Person,
            Self::Server => UsageBy::Server,
            Self::Day => UsageBy::Day,
            Self::All => UsageBy::All,
        }
    }
}

pub async fn run(connection: &Connection, options: Options, json: bool) -> Result<ExitCode> {
    let by = options.by.wish();
    let mut address = format!("{}?by={}", paths::USAGE, super::output::word(&by));
    for (name, day) in [("from", &options.from), ("until", &options.until)] {
        // Whatever is no day is refused by the server; it must not become another parameter.
        let day: Option<String> = day.as_ref().map(|day| day.chars().filter(|c| !"&#%+ ".contains(*c)).collect());
        address.extend(day.map(|day| format!("&{name}={day}")));
    }
    let usage: Usage = connection.get(&address).await?;
    if json {
        println!("{}", serde_json::to_string(&usage)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} to {} (UTC); requests, images, bytes", usage.from, usage.until);
    let mut head: Vec<&str> = match by {
        UsageBy::Person => vec!["PERSON"],
        UsageBy::Server => vec!["SERVER"],
        UsageBy::Day => vec!["DAY"],
        UsageBy::All => vec!["DAY", "PERSON", "SERVER"],
    };
    head.extend(["RETRIEVED", "STORED", "DOWNLOADED", "CONVERTED", "TRANSFERRED"]);
    table(&head, &usage.rows.iter().map(|row| line(row, by)).collect::<Vec<_>>());
    Ok(ExitCode::SUCCESS)
}

fn line(row: &UsageRow, by: UsageBy) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut cells = match by {
        UsageBy::Person => vec![text(&row.person)],
        UsageBy::Server => vec![text(&row.server)],
        UsageBy::Day => vec![text(&row.day)],
        UsageBy::All => vec![text(&row.day), text(&row.person), text(&row.server)],
    };
    cells.extend(Way::ALL.map(|way| cell(row.amount(way))));
    cells
}

fn cell(amount: Amount) -> String {
    match amount {
        Amount { requests: 0, .. } => "-".to_owned(),
        Amount { requests, instances, bytes } => format!("{requests}, {instances}, {}", HumanBytes(bytes)),
    }
}
