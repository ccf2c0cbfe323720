//! `adit jobs`.

use std::process::ExitCode;
use std::time::Duration;

use adit_api::jobs::{Decision, JobPage, JobSnapshot, JobView};
use adit_api::paths;
use adit_api::projects::JobReport;
use adit_domain::job::JobStatus;
use anyhow::Result;
use clap::Subcommand;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use reqwest::Method;

use super::connection::Connection;
use super::output::{table, word};

/// How often a watched job is asked for.
const LOOK: Duration = Duration::from_millis(500);

/// What to do with jobs.
#[derive(Subcommand)]
pub enum Action {
    /// List the newest (the default)
    List {
        /// Jobs of everybody (staff)
        #[arg(long)]
        all: bool,
    },
    /// Show one with its tasks
    Show {
        /// Its id
        id: String,
    },
    /// Show progress until it is finished
    Watch {
        /// Its id
        id: String,
    },
    /// Print what de-identification did, as JSON
    Report {
        /// Its id
        id: String,
    },
    /// Let one that waits for approval begin
    Approve {
        /// Its id
        id: String,
    },
    /// Refuse one that waits for approval
    Reject {
        /// Its id
        id: String,
        /// Why, for its owner
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// End it
    Cancel {
        /// Its id
        id: String,
    },
    /// Let canceled transfers go on
    Resume {
        /// Its id
        id: String,
    },
    /// Let failed and incomplete transfers run again; only what is missing moves
    Retry {
        /// Its id
        id: String,
    },
    /// Run everything again from the start (staff)
    Restart {
        /// Its id
        id: String,
    },
    /// Remove it from the list
    Delete {
        /// Its id
        id: String,
    },
}

pub async fn run(connection: &Connection, action: Option<Action>, json: bool) -> Result<ExitCode> {
    let (id, verb) = match action.unwrap_or(Action::List { all: false }) {
        Action::List { all } => return list(connection, all, json).await,
        Action::Report { id } => {
            let report: JobReport = connection.get(&paths::fill(paths::JOB_REPORT, &[&id])).await?;
            println!("{}", serde_json::to_string_pretty(&report)?);
            return Ok(ExitCode::SUCCESS);
        }
        Action::Show { id } => {
            show(&connection.get(&paths::fill(paths::JOB, &[&id])).await?, json)?;
            return Ok(ExitCode::SUCCESS);
        }
        Action::Watch { id } => return watch(connection, &id, json).await,
        Action::Delete { id } => {
            connection.send(Method::DELETE, &paths::fill(paths::JOB, &[&id]), None::<&()>).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Action::Approve { id } => return decide(connection, &id, "approve", "", json).await,
        Action::Reject { id, reason } => return decide(connection, &id, "reject", &reason, json).await,
        Action::Cancel { id } => (id, "cancel"),
        Action::Resume { id } => (id, "resume"),
        Action::Retry { id } => (id, "retry"),
        Action::Restart { id } => (id, "restart"),
    };
    connection.send(Method::POST, &paths::fill(paths::JOB_ACTION, &[&id, verb]), None::<&()>).await?;
    show(&connection.get(&paths::fill(paths::JOB, &[&id])).await?, json)?;
    Ok(ExitCode::SUCCESS)
}

/// Who has decided about a job may not see it any more: the answer is all there is.
async fn decide(connection: &Connection, id: &str, verb: &str, reason: &str, json: bool) -> Result<ExitCode> {
    let decision = Decision { reason: reason.to_owned() };
    let job: JobView = connection.post(&paths::fill(paths::JOB_ACTION, &[id, verb]), &decision).await?;
    if json {
        println!("{}", serde_json::to_string(&job)?);
    } else {
        println!("Job {}: {}. {}", job.id, word(&job.status), job.message);
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(connection: &Connection, all: bool, json: bool) -> Result<ExitCode> {
    let page: JobPage = connection.get(&format!("{}?all={all}", paths::JOBS)).await?;
    if json {
        println!("{}", serde_json::to_string(&page)?);
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = page
        .jobs
        .iter()
        .map(|job| {
            let done = format!("{}/{}", job.tasks.finished(), job.tasks.total());
            vec![
                job.id.to_string(),
                word(&job.status),
                done,
                format!("{} -> {}", job.source_name, job.destination_name),
                job.message.clone(),
            ]
        })
        .collect();
    table(&["Job", "Status", "Done", "From -> to", "Message"], &rows);
    Ok(ExitCode::SUCCESS)
}

fn show(snapshot: &JobSnapshot, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(snapshot)?);
        return Ok(());
    }
    let job = &snapshot.job;
    println!("Job {}: {}. {}", job.id, word(&job.status), job.message);
    let rows: Vec<Vec<String>> = snapshot
        .tasks
        .iter()
        .map(|task| {
            let progress = &task.progress;
            vec![
                task.id.to_string(),
                word(&task.status),
                format!("{}/{}", progress.delivered, progress.expected),
                word(&progress.step),
                task.message.clone(),
            ]
        })
        .collect();
    table(&["Task", "Status", "Images", "Step", "Message"], &rows);
    Ok(())
}

/// Shows a bar until the job is final.
pub async fn watch(connection: &Connection, id: &str, json: bool) -> Result<ExitCode> {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} images  {msg}")?;
    let bar = if json { ProgressBar::hidden() } else { ProgressBar::new(0).with_style(style) };
    loop {
        let snapshot: JobSnapshot = connection.get(&paths::fill(paths::JOB, &[id])).await?;
        let progress = &snapshot.progress;
        bar.set_length(progress.expected);
        bar.set_position(progress.delivered);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a speed for people")]
        let speed = HumanBytes(progress.bytes_per_second as u64);
        let eta = progress.eta_s.map_or_else(String::new, |seconds| format!(", {seconds} s left"));
        bar.set_message(format!("{} {speed}/s{eta}", word(&progress.step)));
        if snapshot.job.status.is_final() {
            bar.finish_and_clear();
            show(&snapshot, json)?;
            return Ok(if snapshot.job.status == JobStatus::Success { ExitCode::SUCCESS } else { ExitCode::from(2) });
        }
        tokio::time::sleep(LOOK).await;
    }
}
