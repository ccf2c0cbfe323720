//! The files of the web page: from a directory, or from within the program. Hashed names are cached for good, the page itself never.

use std::path::PathBuf;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::{App, refused};

/// Where the built page is.
pub enum WebPage {
    /// In a directory, as `cargo xtask dist` writes it.
    Directory(PathBuf),
    /// Inside the program.
    #[cfg(feature = "embed-web")]
    Embedded,
    /// Nowhere: the program was built without it.
    Missing,
}

#[cfg(feature = "embed-web")]
#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../dist"]
struct Embedded;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><title>ADIT</title><h1>The web page is not built</h1><p>The server runs. Build the page with <code>cargo xtask dist</code> and start the server with <code>--web-dir dist</code>, or use <code>make run</code>.</p></html>";

impl WebPage {
    /// The page from `directory` if one is given, else from within the program.
    #[must_use]
    pub fn new(directory: Option<PathBuf>) -> Self {
        match directory {
            Some(directory) => Self::Directory(directory),
            #[cfg(feature = "embed-web")]
            None => Self::Embedded,
            #[cfg(not(feature = "embed-web"))]
            None => Self::Missing,
        }
    }

    async fn file(&self, name: &str) -> Option<Vec<u8>> {
        match self {
            Self::Directory(directory) => tokio::fs::read(directory.join(name)).await.ok(),
            #[cfg(feature = "embed-web")]
            Self::Embedded => Embedded::get(name).map(|file| file.data.into_owned()),
            Self::Missing => None,
        }
    }
}

/// Any path that is not the API's: a file, or the page itself, which reads the path. What begins like DICOMweb is meant for programs.
pub async fn serve(State(app): State<App>, request: Request) -> Response {
    if request.uri().path().starts_with("/dicomweb/") {
        return refused::no_such_route().await.into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let name = request.uri().path().trim_start_matches('/');
    let is_safe = !name.is_empty()
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && !name.contains('\\')
        && !name.contains('%');
    if is_safe && name.contains('.') {
        return match app.page.file(name).await {
            Some(bytes) => (
                [
                    (header::CONTENT_TYPE, media_type(name)),
                    (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
                ],
                bytes,
            )
                .into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        };
    }
    match app.page.file("index.html").await {
        Some(bytes) => {
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], bytes)
                .into_response()
        }
        None => (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT)
            .into_response(),
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
