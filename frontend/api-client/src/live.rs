//! A job as it changes: server-sent events, which the browser reconnects by itself.

use adit_api::jobs::JobSnapshot;
use adit_api::paths;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

/// An open stream of snapshots; it ends when this is dropped.
pub struct Live {
    source: EventSource,
    _on_snapshot: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// Watches a job; `on_snapshot` sees the present state at once and every change.
#[must_use]
pub fn watch_job(id: &str, mut on_snapshot: impl FnMut(JobSnapshot) + 'static) -> Option<Live> {
    let source = EventSource::new(&paths::fill(paths::JOB_EVENTS, &[id])).ok()?;
    let on_snapshot = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        if let Ok(snapshot) = serde_json::from_str(&text) {
            on_snapshot(snapshot);
        }
    });
    source.add_event_listener_with_callback("snapshot", on_snapshot.as_ref().unchecked_ref()).ok()?;
    Some(Live { source, _on_snapshot: on_snapshot })
}
