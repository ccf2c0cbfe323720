//! The JSON API and the delivery of the web page: an axum router over the engine's use cases.
//!
//! Path = file: `routes/<noun>.rs`. Who may call what stands in [`table`]; `guard` enforces it before the handler, which learns who asks
//! from `caller`.

mod account_errors;
mod address;
mod app;
mod caller;
mod docs;
mod face;
mod files;
mod guard;
mod headers;
mod letters;
mod refused;
mod routes;
pub mod table;

pub use app::{App, router};
pub use face::Face;
pub use files::WebPage;
pub use letters::Addresses;
