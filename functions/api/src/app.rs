//! The router and what its handlers share.

use std::sync::Arc;

use adit_access::Access;
use adit_api::paths;
use adit_engine::Engine;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::files::WebPage;
use crate::routes::{deid, jobs, nodes, projects, rules, search, session, tasks};
use crate::{docs, files, headers, refused};

/// Largest request body in bytes; only uploads of later features need more.
const MAX_BODY: usize = 512 * 1024;

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Use cases.
    pub engine: Engine,
    /// Accounts and sessions.
    pub access: Access,
    /// The page is reached by https: cookies are sent encrypted only.
    pub https: bool,
    /// Port of our own DICOM receiver, shown to administrators.
    pub scp_port: Option<u16>,
    /// The built web page.
    pub page: Arc<WebPage>,
}

/// All routes. Who may call: log-in, health and the page's files: anybody; the rest: a session; changes: with its CSRF token;
/// nodes and projects: staff for changes; the preview and rules: staff.
pub fn router(app: App) -> Router {
    Router::new()
        .route(paths::SESSION, get(session::show).post(session::log_in).delete(session::log_out))
        .route(paths::PASSWORD, post(session::change_password))
        .route(paths::PREFERENCES, get(session::preferences).put(session::set_preferences))
        .route(paths::NODES, get(nodes::list).post(nodes::add))
        .route(paths::NODE, get(nodes::show).put(nodes::change).delete(nodes::remove))
        .route(paths::NODE_TEST, post(nodes::test))
        .route(paths::SEARCH, post(search::studies))
        .route(paths::SEARCH_SERIES, post(search::series))
        .route(paths::JOBS, get(jobs::list).post(jobs::create))
        .route(paths::JOB, get(jobs::show).patch(jobs::change).delete(jobs::remove))
        .route(paths::JOB_EVENTS, get(jobs::events))
        .route(paths::JOB_REPORT, get(jobs::report))
        .route(paths::JOB_ACTION, post(jobs::act))
        .route(paths::TASK, get(tasks::show))
        .route(paths::TASK_ACTION, post(tasks::act))
        .route(paths::PROJECTS, get(projects::list).post(projects::add))
        .route(paths::PROJECT, get(projects::show).put(projects::change))
        .route(paths::PREVIEW, post(deid::preview))
        .route(paths::RULES, get(rules::list).post(rules::add))
        .route(paths::RULE_DRY_RUN, post(rules::dry_run))
        .route(paths::RULE, get(rules::show).put(rules::change).delete(rules::remove))
        .route(paths::RULE_FIRINGS, get(rules::firings))
        .route(paths::OPENAPI, get(docs::description))
        .route(paths::DOCS, get(docs::page))
        .route("/api/docs.css", get(docs::style))
        .route(paths::HEALTH, get(|| async { axum::Json(serde_json::json!({ "status": "ok" })) }))
        .route("/api/{*rest}", axum::routing::any(refused::no_such_route))
        .fallback(files::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::custom(refused::panicked))
        .layer(axum::middleware::from_fn(headers::secure))
        .layer(axum::middleware::from_fn(headers::log))
        .with_state(app)
}
