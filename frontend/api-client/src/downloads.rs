//! Saving a study on this computer.

use adit_api::downloads::{Download, DownloadInput, DownloadProgress};
use adit_api::paths;

use crate::Answer;
use crate::request::{get, part, send};

/// Lets the server be asked for a study.
pub async fn prepare_download(input: &DownloadInput) -> Answer<Download> {
    send("POST", paths::DOWNLOADS, input).await
}

/// Where the browser fetches the file.
#[must_use]
pub fn download_address(download: &Download) -> String {
    paths::fill(paths::DOWNLOAD, &[&part(&download.ticket)])
}

/// How far it is.
pub async fn download_progress(download: &Download) -> Answer<DownloadProgress> {
    get(&paths::fill(paths::DOWNLOAD_PROGRESS, &[&part(&download.ticket)])).await
}
