//! Groups, rights, grants, restrictions and limits, on the embedded backend.

mod house;
mod large;
mod limits;
mod property;
mod revoked;
mod rules;
