//! One binary for all journeys.

mod dcmtk;
mod kill;
mod orthanc;
mod rendering;
mod store;
mod tls;
mod web;
