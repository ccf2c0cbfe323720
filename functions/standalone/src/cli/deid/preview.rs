//! `adit deid --dry-run FILE`: every change with its old and new value. For the eyes of people who may see the file itself.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use adit_deid::{Change, Instructions, Pixels};
use anyhow::{Result, bail};
use serde_json::json;

use super::one::{NotWritten, rewrite};
use crate::cli::output::table;

pub fn run(input: &Path, instructions: &Arc<Instructions>, as_json: bool) -> Result<ExitCode> {
    if !input.is_file() {
        bail!("a dry run looks at one file; {} is none", input.display());
    }
    let report = match rewrite(input, &mut std::io::sink(), instructions, &mut Vec::new()) {
        Ok(report) => report,
        Err(NotWritten::HeldBack(reason)) => bail!("held back: {reason}"),
        Err(NotWritten::Refused(reason)) => bail!("refused: {reason}"),
        Err(NotWritten::Output(error)) => return Err(error.into()),
    };
    if as_json {
        let changes: Vec<_> = report
            .changes
            .iter()
            .map(|change| {
                json!({
                    "path": change.path_text(), "keyword": change.keyword(), "what": change.what.as_str(),
                    "why": change.why.as_str(), "old": change.old, "new": change.new,
                })
            })
            .collect();
        println!("{}", json!({ "profile": report.profile, "pseudonym": report.pseudonym, "changes": changes }));
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = report.changes.iter().map(row).collect();
    table(&["Attribute", "Name", "What", "Why", "Old value", "New value"], &rows);
    if report.pixels == Pixels::BlackedOut {
        println!("\nRegions of the pixels are blacked out.");
    }
    println!("\n{} changes under {}; nothing was written", rows.len(), report.profile);
    Ok(ExitCode::SUCCESS)
}

fn row(change: &Change) -> Vec<String> {
    let short = |value: &Option<String>| -> String {
        value.iter().flat_map(|value| value.chars()).filter(|c| !c.is_control()).take(40).collect()
    };
    vec![
        change.path_text(),
        change.keyword().to_owned(),
        change.what.as_str().to_owned(),
        change.why.as_str().to_owned(),
        short(&change.old),
        short(&change.new),
    ]
}
