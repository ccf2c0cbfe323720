//! `adit transfer`.

use std::process::ExitCode;

use adit_api::jobs::{CreateJob, JobView, StudySelection};
use adit_api::nodes::NodeView;
use adit_api::paths;
use adit_domain::transfer::{Identity, TransferOptions};
use anyhow::Result;
use clap::Args;

use super::connection::Connection;
use super::jobs::watch;
use super::nodes::by_name;

/// What to transfer.
#[derive(Args)]
pub struct Options {
    /// Server that holds the study
    #[arg(long)]
    source: String,
    /// Study Instance UID; repeat for several studies
    #[arg(long, required = true)]
    study: Vec<String>,
    /// Patient ID of the study, if it is known
    #[arg(long, default_value = "")]
    patient_id: String,
    /// Series Instance UID; repeat for several (default: the whole study)
    #[arg(long)]
    series: Vec<String>,
    /// Server or folder that receives it
    #[arg(long)]
    to: String,
    /// Replaces Patient ID and name
    #[arg(long, default_value = "")]
    pseudonym: String,
    /// Pseudonymise also without --pseudonym: each patient gets a stable code
    #[arg(long)]
    pseudonymise: bool,
    /// Research project whose rules and key count
    #[arg(long, default_value = "")]
    project: String,
    /// Profile of de-identification instead of the project's: basic, research or adit-compatible
    #[arg(long, default_value = "")]
    profile: String,
    /// Somebody has looked at the images: send them although text may be burned in
    #[arg(long)]
    allow_risky_pixels: bool,
    /// Clinical Trial Protocol ID
    #[arg(long, default_value = "")]
    trial_id: String,
    /// Clinical Trial Protocol Name
    #[arg(long, default_value = "")]
    trial_name: String,
    /// Go before others
    #[arg(long)]
    urgent: bool,
    /// Send structured reports, presentation states and key objects too when pseudonymising; their texts are cleaned
    #[arg(long)]
    include_documents: bool,
    /// Let the source send straight to the destination when nothing is changed
    #[arg(long)]
    direct: bool,
    /// Write NIfTI files (dcm2niix) instead of the images; into folders only
    #[arg(long)]
    nifti: bool,
    /// Mail when it is finished
    #[arg(long)]
    mail: bool,
    /// Show progress and wait for the end
    #[arg(long)]
    wait: bool,
}

pub async fn run(connection: &Connection, options: Options, json: bool) -> Result<ExitCode> {
    let nodes: Vec<NodeView> = connection.get(paths::NODES).await?;
    let source = by_name(&nodes, &options.source)?;
    let destination = by_name(&nodes, &options.to)?;
    let studies = options.study.iter().map(|study| StudySelection {
        source: source.id.clone(),
        patient_id: options.patient_id.clone(),
        study_instance_uid: study.clone(),
        pseudonym: String::new(),
        series_instance_uids: options.series.clone(),
        label: String::new(),
        images: None,
    });
    let wish = CreateJob {
        destination: destination.id.clone(),
        options: TransferOptions {
            identity: options.pseudonymise.then_some(Identity::Pseudonymise),
            pseudonym: options.pseudonym,
            project: options.project,
            profile: options.profile,
            allow_risky_pixels: options.allow_risky_pixels,
            trial_protocol_id: options.trial_id,
            trial_protocol_name: options.trial_name,
            include_documents: options.include_documents,
            direct_move: options.direct,
            convert_to_nifti: options.nifti,
            send_finished_mail: options.mail,
            ..TransferOptions::default()
        },
        urgent: options.urgent,
        studies: studies.collect(),
    };
    let job: JobView = connection.post(paths::JOBS, &wish).await?;
    if options.wait {
        return watch(connection, job.id.as_str(), json).await;
    }
    if json {
        println!("{}", serde_json::to_string(&job)?);
    } else {
        println!("Job {} was created; `adit jobs watch {}` shows it.", job.id, job.id);
    }
    Ok(ExitCode::SUCCESS)
}
