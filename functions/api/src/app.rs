//! The router and what its handlers share.

use std::sync::Arc;

use adit_access::Access;
use adit_engine::Engine;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use tower_http::catch_panic::CatchPanicLayer;

use crate::face::Face;
use crate::files::WebPage;
use crate::limits::Limits;
use crate::table::routes;
use crate::{face, files, guard, headers, refused};

/// Largest request body in bytes; only uploads of later features need more.
const MAX_BODY: usize = 512 * 1024;

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Use cases.
    pub engine: Engine,
    /// Accounts and sessions.
    pub access: Access,
    /// What this process can do.
    pub face: Face,
    /// The page is reached by https: cookies are sent encrypted only.
    pub https: bool,
    /// Port of our own DICOM receiver, shown to administrators.
    pub scp_port: Option<u16>,
    /// The built web page.
    pub page: Arc<WebPage>,
}

/// The routes of [`routes`], each behind the guard of its row, and the page's files.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    let limits = Limits::default();
    for row in routes() {
        let post = guard::Post { app: app.clone(), row, limits: limits.clone() };
        let guard = axum::middleware::from_fn_with_state(post, guard::check);
        let handler = (row.handler)();
        // A method that a path does not know is refused without asking who is there; a row for all methods knows every one.
        let guarded = if row.method.is_some() { handler.route_layer(guard) } else { handler.layer(guard) };
        router = router.route(row.path, guarded);
    }
    router
        .method_not_allowed_fallback(refused::wrong_method)
        .route_layer(axum::middleware::from_fn_with_state(app.clone(), face::refuse))
        .fallback(files::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::custom(refused::panicked))
        .layer(axum::middleware::from_fn(headers::secure))
        .layer(axum::middleware::from_fn(headers::log))
        .with_state(app)
}
