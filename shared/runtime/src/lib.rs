//! What every process of ADIT needs to run: settings, telemetry, shutdown.

pub mod emf;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
