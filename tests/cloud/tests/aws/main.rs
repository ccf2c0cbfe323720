//! The AWS backend on a local cloud: contract suites, what it has beside the ports, and how it bears faults.

mod beside;
mod contract;
mod faults;
