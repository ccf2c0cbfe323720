//! The log: lines for people or JSON for machines, on standard error. `docs/LOGGING.md` says what may stand in it.

use std::panic::PanicHookInfo;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging with `filter`, such as `info` or `info,adit_engine=debug`; an invalid filter is an error with its reason. JSON lines carry the fields of the span
/// they were written in (`span.job`, `span.task`, `span.trace`).
pub fn start(filter: &str, json: bool) -> Result<(), String> {
    let targets: Targets =
        filter.parse().map_err(|error| format!("the log setting {filter:?} is not valid: {error}"))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(true);
    let log = tracing_subscriber::registry().with(targets);
    let started = if json {
        log.with(lines.json().flatten_event(true).with_current_span(true).with_span_list(false)).try_init()
    } else {
        log.with(lines.compact()).try_init()
    };
    started.map_err(|error| error.to_string())?;
    std::panic::set_hook(Box::new(panicked));
    Ok(())
}

/// Says where something broke, not what it said: a panic's text may quote what was being read, and that may be a name.
fn panicked(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "unknown".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    tracing::error!(place, "a part of the program broke");
}
