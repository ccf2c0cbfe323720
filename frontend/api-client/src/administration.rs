//! The installation as a whole, and its audit trail.

use adit_api::audit::{AuditPage, AuditQuery, AuditVerdict, ExportQuery};
use adit_api::installation::{BroadcastInput, BroadcastSent, InstallationInput, InstallationView, Notice, Overview};
use adit_api::paths;
use adit_api::usage::{Usage, UsageQuery};
use serde::Serialize;

use crate::Answer;
use crate::request::{get, send};

/// What everybody is told.
pub async fn notice() -> Answer<Notice> {
    get(paths::NOTICE).await
}

/// The settings of the installation.
pub async fn installation() -> Answer<InstallationView> {
    get(paths::INSTALLATION).await
}

/// Changes them.
pub async fn save_installation(input: &InstallationInput) -> Answer<InstallationView> {
    send("PUT", paths::INSTALLATION, input).await
}

/// How the installation does.
pub async fn overview() -> Answer<Overview> {
    get(paths::OVERVIEW).await
}

/// Sends a mail to many.
pub async fn broadcast(input: &BroadcastInput) -> Answer<BroadcastSent> {
    send("POST", paths::BROADCAST, input).await
}

/// A page of the audit trail.
pub async fn audit(query: &AuditQuery) -> Answer<AuditPage> {
    get(&with_query(paths::AUDIT, query)).await
}

/// Verifies the audit trail.
pub async fn verify_audit() -> Answer<AuditVerdict> {
    send("POST", paths::AUDIT_VERIFY, &()).await
}

/// Where the audit trail is downloaded as a file.
#[must_use]
pub fn audit_export_address(query: &ExportQuery) -> String {
    with_query(paths::AUDIT_EXPORT, query)
}

/// What people and their programs have moved.
pub async fn usage(query: &UsageQuery) -> Answer<Usage> {
    get(&with_query(paths::USAGE, query)).await
}

/// A path with what is set of a flat query.
fn with_query(path: &str, query: &impl Serialize) -> String {
    let fields = serde_json::to_value(query).unwrap_or_default();
    let mut address = path.to_owned();
    for (name, value) in fields.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = String::from(js_sys::encode_uri_component(&text));
        address.push_str(&format!("{}{name}={value}", if address.contains('?') { '&' } else { '?' }));
    }
    address
}
