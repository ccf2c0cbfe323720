//! Projects, the preview of de-identification, and where a job's report is.

use adit_api::paths;
use adit_api::projects::{Preview, PreviewQuery, ProjectInput};
use adit_domain::project::{Project, Revision};
use web_sys::Blob;

use crate::Answer;
use crate::request::{get, part, send, send_file};

fn address(name: &str) -> String {
    paths::fill(paths::PROJECT, &[&part(name)])
}

/// All projects without their rules.
pub async fn projects() -> Answer<Vec<Project>> {
    get(paths::PROJECTS).await
}

/// A project with its rules.
pub async fn project(name: &str) -> Answer<Revision> {
    get(&address(name)).await
}

/// Changes the project of the input's name, or adds it when the input names no revision.
pub async fn save_project(input: &ProjectInput) -> Answer<Revision> {
    match input.revision {
        Some(_) => send("PUT", &address(&input.name), input).await,
        None => send("POST", paths::PROJECTS, input).await,
    }
}

/// What de-identification would do to a file.
pub async fn preview(query: &PreviewQuery, file: &Blob) -> Answer<Preview> {
    let path = format!(
        "{}?project={}&profile={}&allow_risky_pixels={}",
        paths::PREVIEW,
        part(&query.project),
        part(&query.profile),
        query.allow_risky_pixels
    );
    send_file(&path, "application/dicom", file).await
}

/// Where the report of a job can be downloaded.
#[must_use]
pub fn report_address(job: &str) -> String {
    paths::fill(paths::JOB_REPORT, &[job])
}
