//! Pages, a folder per feature.

pub mod account;
pub mod admin;
pub mod audit;
pub mod jobs;
pub mod login;
pub mod people;
pub mod projects;
pub mod rules;
pub mod servers;
pub mod transfer;
