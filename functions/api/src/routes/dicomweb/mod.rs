//! DICOMweb: the standard's layout and the one of the published `adit-client`, which differ in their paths only.

pub mod album;
mod array;
mod intake;
pub mod metadata;
pub mod nifti;
mod parts;
pub mod pixels;
pub mod query;
pub mod retrieve;
mod several;
pub mod store;

use adit_api::error::ErrorCode;
use adit_dicomweb::accept::NotAcceptable;
use adit_dicomweb::paths::Resource;
use axum::extract::{FromRequestParts, Path};
use axum::http::header::{ACCEPT, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use crate::App;
use crate::refused::Refused;

/// The placeholders of a path.
#[derive(Debug, Deserialize)]
struct Named {
    server: String,
    study: Option<String>,
    series: Option<String>,
    instance: Option<String>,
    frames: Option<String>,
    value: Option<String>,
}

/// What a path names, and what its request says about the answer.
pub struct Target {
    /// AE title of the server.
    pub server: String,
    /// Study Instance UID.
    pub study: Option<String>,
    /// Series Instance UID.
    pub series: Option<String>,
    /// SOP Instance UID.
    pub instance: Option<String>,
    /// Numbers of frames.
    pub frames: Option<String>,
    /// Path of a value within the instance.
    pub value: Option<String>,
    /// Behind the question mark, as it came.
    pub query: String,
    /// Media types that the client takes.
    pub accept: String,
    /// Where instances of this server can be fetched: an address without a slash at its end.
    pub address: String,
}

impl FromRequestParts<App> for Target {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let Path(Named { server, study, series, instance, frames, value }) =
            Path::<Named>::from_request_parts(parts, app).await?;
        let accept = parts.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let accept = accept.collect::<Vec<_>>().join(",");
        let root = parts.uri.path().split('/').take(4).collect::<Vec<_>>().join("/");
        // `/dicomweb/PACS/..` or `/api/dicom-web/PACS/wadors/..`
        let path = match root.strip_prefix("/api/") {
            Some(_) => format!("{root}/wadors"),
            None => root.split('/').take(3).collect::<Vec<_>>().join("/"),
        };
        let here = || format!("{}{path}", origin(&parts.headers, app));
        let address = app.engine.link_from_outside(&path).unwrap_or_else(here);
        let query = parts.uri.query().unwrap_or_default().to_owned();
        Ok(Self { server, study, series, instance, frames, value, query, accept, address })
    }
}

impl Target {
    /// The study, series or instance of the path. UIDs that cannot exist are those of nothing.
    pub fn resource(&self) -> Result<Resource, Refused> {
        let study = self.study.as_deref().unwrap_or_default();
        Resource::parse(study, self.series.as_deref(), self.instance.as_deref()).map_err(|error| {
            Refused::new(ErrorCode::Invalid, format!("The address names something that cannot exist: {error}."))
        })
    }
}

/// The address that the client has used, as far as it says so: some write the host without its port. Proxies pass on what they were asked,
/// and say that they do.
fn origin(headers: &HeaderMap, app: &App) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let is_passed_on = headers.keys().any(|name| name == "forwarded" || name.as_str().starts_with("x-forwarded-"));
    if app.https {
        return format!("https://{host}");
    }
    match app.engine.port_here().filter(|_| !is_passed_on && !has_port(host)) {
        Some(port) => format!("http://{host}:{port}"),
        None => format!("http://{host}"),
    }
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
        && !(host.starts_with('[') && host.ends_with(']'))
}

impl From<NotAcceptable> for Refused {
    fn from(error: NotAcceptable) -> Self {
        Self::new(ErrorCode::NotAcceptable, error.0)
    }
}

/// The refusal where everything is held back.
pub fn nothing() -> Refused {
    Refused::new(ErrorCode::NotFound, retrieve::NOTHING)
}

/// A header `Warning` that says something about a whole answer (PS3.18 8.3.4.2).
fn warning(sentence: &str) -> Option<HeaderValue> {
    let plain: String = sentence.chars().filter(|c| c.is_ascii() && !c.is_ascii_control() && *c != '"').collect();
    HeaderValue::from_str(&format!("299 adit \"{plain}\"")).ok()
}
