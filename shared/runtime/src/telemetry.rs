//! The log: lines for people or JSON for machines, on standard error. `docs/LOGGING.md` says what may stand in it.

use tracing_subscriber::EnvFilter;

/// Starts logging with `filter`, such as `info`; an invalid filter is an error with its reason.
pub fn start(filter: &str, json: bool) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(filter).map_err(|error| format!("the log setting {filter:?} is not valid: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true);
    let started = if json { log.json().flatten_event(true).try_init() } else { log.compact().try_init() };
    started.map_err(|error| error.to_string())
}

/// From now on a panic is an error in the log: where it happened, not what it said, because that may quote what was worked on.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a part of the process panicked");
    }));
}
