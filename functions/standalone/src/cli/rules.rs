//! `adit rules`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use adit_api::paths;
use adit_api::rules::{DryRun, DryRunInput, Firing, RuleInput, RuleView};
use adit_domain::rule::RuleConfig;
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use reqwest::Method;
use serde::Serialize;

use super::connection::Connection;
use super::output::{moment, table};

/// What to do with rules.
#[derive(Subcommand)]
pub enum Action {
    /// List them (the default)
    List,
    /// Show one as JSON, as `add` takes it
    Show {
        /// Its name or id
        rule: String,
    },
    /// Add one, or with --replace change the one of the same name
    Add {
        /// A file with the rule as JSON; see docs/rules.md
        #[arg(long)]
        file: PathBuf,
        /// Change the rule of this name if there is one
        #[arg(long)]
        replace: bool,
    },
    /// Switch one on
    Enable {
        /// Its name or id
        rule: String,
    },
    /// Switch one off
    Disable {
        /// Its name or id
        rule: String,
    },
    /// Delete one; its jobs stay
    Delete {
        /// Its name or id
        rule: String,
    },
    /// See what a rule would have done lately; nothing is transferred
    DryRun {
        /// Its name or id
        #[arg(required_unless_present = "file")]
        rule: Option<String>,
        /// A file with a rule that need not be saved
        #[arg(long, conflicts_with = "rule")]
        file: Option<PathBuf>,
    },
    /// List the newest firings of one
    Firings {
        /// Its name or id
        rule: String,
    },
}

pub async fn run(connection: &Connection, action: Option<Action>, json: bool) -> Result<ExitCode> {
    let rules: Vec<RuleView> = connection.get(paths::RULES).await?;
    match action.unwrap_or(Action::List) {
        Action::List => list(&rules, json)?,
        Action::Show { rule } => println!("{}", serde_json::to_string_pretty(&by_name(&rules, &rule)?.rule.config)?),
        Action::Add { file, replace } => add(connection, &rules, &file, replace, json).await?,
        Action::Enable { rule } => switch(connection, by_name(&rules, &rule)?, true).await?,
        Action::Disable { rule } => switch(connection, by_name(&rules, &rule)?, false).await?,
        Action::Delete { rule } => {
            let path = one(by_name(&rules, &rule)?);
            connection.send(Method::DELETE, &path, None::<&()>).await?;
        }
        Action::DryRun { rule, file } => dry_run(connection, &rules, rule, file, json).await?,
        Action::Firings { rule } => firings(connection, by_name(&rules, &rule)?, json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn one(rule: &RuleView) -> String {
    paths::fill(paths::RULE, &[rule.rule.id.as_str()])
}

fn list(rules: &[RuleView], json: bool) -> Result<()> {
    if json {
        return print_json(rules);
    }
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|rule| {
            let state = match (rule.rule.config.enabled, rule.problem.is_empty()) {
                (false, _) => "off",
                (true, true) => "on",
                (true, false) => "problem",
            };
            let last = rule.last.as_ref().map_or_else(String::new, |firing| moment(firing.at));
            let next = rule.next.map_or_else(String::new, moment);
            let about = if rule.problem.is_empty() { &rule.summary } else { &rule.problem };
            vec![rule.rule.config.name.clone(), state.to_owned(), last, next, about.clone()]
        })
        .collect();
    table(&["Name", "State", "Last", "Next", "What it does"], &rows);
    Ok(())
}

async fn add(connection: &Connection, rules: &[RuleView], file: &Path, replace: bool, json: bool) -> Result<()> {
    let config = read(file)?;
    let name = config.name.trim().to_lowercase();
    let known = rules.iter().find(|rule| rule.rule.config.name.to_lowercase() == name);
    let saved: RuleView = match known {
        Some(_) if !replace => bail!("there is a rule of this name already; add --replace to change it"),
        Some(known) => put(connection, known, config).await?,
        None => connection.post(paths::RULES, &RuleInput { config, version: None }).await?,
    };
    if json {
        return print_json(&saved);
    }
    println!("{}", saved.summary);
    Ok(())
}

async fn put(connection: &Connection, rule: &RuleView, config: RuleConfig) -> Result<RuleView> {
    let input = RuleInput { config, version: Some(rule.version) };
    Ok(connection.send(Method::PUT, &one(rule), Some(&input)).await?.json().await?)
}

async fn switch(connection: &Connection, rule: &RuleView, enabled: bool) -> Result<()> {
    let saved = put(connection, rule, RuleConfig { enabled, ..rule.rule.config.clone() }).await?;
    println!("{} is {}.", saved.rule.config.name, if enabled { "on" } else { "off" });
    Ok(())
}

async fn dry_run(
    connection: &Connection,
    rules: &[RuleView],
    rule: Option<String>,
    file: Option<PathBuf>,
    json: bool,
) -> Result<()> {
    let input = match (rule, file) {
        (Some(rule), _) => {
            let rule = by_name(rules, &rule)?;
            DryRunInput { config: rule.rule.config.clone(), id: Some(rule.rule.id.clone()) }
        }
        (None, Some(file)) => DryRunInput { config: read(&file)?, id: None },
        (None, None) => bail!("name a rule or a file"),
    };
    let run: DryRun = connection.post(paths::RULE_DRY_RUN, &input).await?;
    if json {
        return print_json(&run);
    }
    println!("{} of {} studies match.", run.matched, run.looked_at);
    let rows: Vec<Vec<String>> = run
        .matches
        .iter()
        .map(|found| {
            let series = match found.series {
                (_, 0) => "all".to_owned(),
                (some, all) => format!("{some} of {all}"),
            };
            let fired = if found.fired { "yes" } else { "no" };
            vec![moment(found.at), found.label.clone(), found.images.to_string(), series, fired.to_owned()]
        })
        .collect();
    if !rows.is_empty() {
        table(&["When", "Study", "Images", "Series", "Fired already"], &rows);
    }
    Ok(())
}

async fn firings(connection: &Connection, rule: &RuleView, json: bool) -> Result<()> {
    let firings: Vec<Firing> = connection.get(&paths::fill(paths::RULE_FIRINGS, &[rule.rule.id.as_str()])).await?;
    if json {
        return print_json(&firings);
    }
    let rows: Vec<Vec<String>> = firings
        .iter()
        .map(|firing| {
            let job = firing.job.as_ref().map_or_else(String::new, ToString::to_string);
            vec![moment(firing.at), job, format!("{} {}", firing.event, firing.problem).trim().to_owned()]
        })
        .collect();
    table(&["When", "Job", "What happened"], &rows);
    Ok(())
}

fn read(file: &Path) -> Result<RuleConfig> {
    let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} does not hold a rule", file.display()))
}

fn by_name<'a>(rules: &'a [RuleView], name: &str) -> Result<&'a RuleView> {
    let wanted = name.to_lowercase();
    let mut found =
        rules.iter().filter(|rule| rule.rule.id.as_str() == name || rule.rule.config.name.to_lowercase() == wanted);
    match (found.next(), found.next()) {
        (Some(rule), None) => Ok(rule),
        (None, _) => bail!("there is no rule {name:?}; `adit rules` lists them"),
        (Some(_), Some(_)) => bail!("several rules are called {name:?}; give the id"),
    }
}

fn print_json(value: &(impl Serialize + ?Sized)) -> Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}
