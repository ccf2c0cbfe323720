//! What crosses HTTP: requests, responses, the error body, route paths. Builds for `wasm32-unknown-unknown`.
//!
//! The browser, the command line and the server compile this one crate; nothing here knows how a request is answered.

pub mod account;
pub mod audit;
pub mod downloads;
pub mod error;
pub mod groups;
pub mod installation;
pub mod jobs;
pub mod nodes;
pub mod paths;
pub mod people;
pub mod projects;
pub mod rules;
pub mod search;
pub mod session;
pub mod tokens;
pub mod usage;
