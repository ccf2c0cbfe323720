//! `adit search`.

use std::process::ExitCode;

use adit_api::nodes::NodeView;
use adit_api::paths;
use adit_api::search::{SearchLine, StudyQuery, StudyRow};
use anyhow::Result;
use clap::Args;
use reqwest::Method;

use super::connection::Connection;
use super::nodes::by_name;
use super::output::table;

/// What to search.
#[derive(Args)]
pub struct Options {
    /// Server to search; repeat for several (default: all that can be searched)
    #[arg(long)]
    source: Vec<String>,
    /// Patient ID
    #[arg(long, default_value = "")]
    patient_id: String,
    /// "Last, First"; the beginning of each part is enough
    #[arg(long, default_value = "")]
    name: String,
    /// Birth date, YYYY-MM-DD
    #[arg(long, default_value = "")]
    birth_date: String,
    /// First study date, YYYY-MM-DD
    #[arg(long, default_value = "")]
    from: String,
    /// Last study date, YYYY-MM-DD
    #[arg(long, default_value = "")]
    until: String,
    /// Modality; repeat for several
    #[arg(long)]
    modality: Vec<String>,
    /// Accession number
    #[arg(long, default_value = "")]
    accession: String,
    /// Study description, with * and ?
    #[arg(long, default_value = "")]
    description: String,
    /// Study Instance UID
    #[arg(long, default_value = "")]
    study: String,
}

pub async fn run(connection: &Connection, options: Options, json: bool) -> Result<ExitCode> {
    let nodes: Vec<NodeView> = connection.get(paths::NODES).await?;
    let sources = if options.source.is_empty() {
        nodes
            .iter()
            .filter(|node| node.config.enabled && node.config.server().is_some_and(|server| server.can_find()))
            .map(|node| node.id.clone())
            .collect()
    } else {
        options.source.iter().map(|name| by_name(&nodes, name).map(|node| node.id.clone())).collect::<Result<_>>()?
    };
    let query = StudyQuery {
        sources,
        patient_id: options.patient_id,
        patient_name: options.name,
        patient_birth_date: options.birth_date,
        study_date_from: options.from,
        study_date_until: options.until,
        modalities: options.modality,
        accession_number: options.accession,
        study_description: options.description,
        study_instance_uid: options.study,
    };
    let mut rows = Vec::new();
    let mut failed = false;
    let mut response = connection.send(Method::POST, paths::SEARCH, Some(&query)).await?;
    let mut waiting: Vec<u8> = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        waiting.extend_from_slice(&chunk);
        while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            if json {
                print!("{}", String::from_utf8_lossy(&line));
            }
            match serde_json::from_slice(&line)? {
                SearchLine::Study(row) => rows.push(*row),
                SearchLine::Source(outcome) => {
                    failed |= !outcome.error.is_empty();
                    if !outcome.error.is_empty() {
                        eprintln!("{}", outcome.error);
                    } else if outcome.limited {
                        eprintln!(
                            "{}: there are more than {} studies; narrow the search.",
                            outcome.source_name, outcome.found
                        );
                    }
                }
            }
        }
    }
    if !json {
        show(&mut rows);
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn show(rows: &mut [StudyRow]) {
    rows.sort_by(|a, b| (&b.study_date, &b.study_time).cmp(&(&a.study_date, &a.study_time)));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let count = row.instance_count.map_or_else(String::new, |count| count.to_string());
            vec![
                row.source_name.clone(),
                row.patient_id.clone(),
                row.patient_name.clone(),
                row.study_date.clone(),
                row.modalities.join(","),
                row.study_description.clone(),
                count,
                row.study_instance_uid.clone(),
            ]
        })
        .collect();
    table(
        &["Server", "Patient ID", "Name", "Date", "Modalities", "Description", "Images", "Study Instance UID"],
        &cells,
    );
}
