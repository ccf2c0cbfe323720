//! The JSON API and the delivery of the web page: an axum router over the engine's use cases.
//!
//! Path = file: `routes/<noun>.rs`. A handler takes [`session::Reader`] or [`session::Writer`]; without one of them it cannot
//! know who asks, so a route without a session check does not come about by accident.

mod account_errors;
mod app;
mod docs;
mod face;
mod files;
mod headers;
mod refused;
mod routes;
mod session;

pub use app::{App, router};
pub use face::Face;
pub use files::WebPage;
