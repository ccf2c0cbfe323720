//! The JSON API and the delivery of the web page: an axum router over the engine's use cases.
//!
//! Path = file: `routes/<noun>.rs`. Who may call what stands in [`table`]; `guard` enforces it before the handler, which learns who asks
//! from `caller`; `audit` puts it on record before the answer goes out.

mod account_errors;
mod address;
mod app;
mod archive;
mod audit;
mod caller;
mod directory;
mod docs;
pub mod doors;
mod face;
mod files;
mod guard;
mod headers;
mod letters;
mod limits;
mod meter;
mod refused;
mod routes;
mod subject;
pub mod table;
pub mod viewers;

pub use app::{App, router};
pub use directory::introduce;
pub use face::Face;
pub use files::WebPage;
