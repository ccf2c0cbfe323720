//! Measures what a request moves, while it moves, and counts it when the last byte has gone or nobody waits for it any more.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use adit_domain::usage::{Amount, Way};
use adit_engine::Engine;
use adit_store::repositories::UsageOf;
use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http_body::{Frame, SizeHint};

use crate::audit::Note;
use crate::caller::Caller;
use crate::limits::Opened;

/// The meter of one request. All clones are the same one; when the last is gone the request is counted.
#[derive(Clone)]
pub struct Meter(Arc<Reading>);

struct Reading {
    engine: Engine,
    caller: Caller,
    note: Note,
    way: Way,
    bytes: AtomicU64,
    is_answered: AtomicBool,
    is_refused: AtomicBool,
    /// The retrieval that stays open as long as anybody reads.
    _opened: Option<Opened>,
}

impl Meter {
    /// A meter at zero.
    pub fn new(engine: &Engine, caller: &Caller, note: &Note, way: Way, opened: Option<Opened>) -> Self {
        Self(Arc::new(Reading {
            engine: engine.clone(),
            caller: caller.clone(),
            note: note.clone(),
            way,
            bytes: AtomicU64::new(0),
            is_answered: AtomicBool::new(false),
            is_refused: AtomicBool::new(false),
            _opened: opened,
        }))
    }

    /// A body that a program sends, measured where that is what counts.
    pub fn incoming(&self, body: Body) -> Body {
        if self.0.way == Way::Stored { Body::new(Measured { body, meter: self.clone() }) } else { body }
    }

    /// An answer, measured where that is what counts. What is refused counts nothing.
    pub fn outgoing(self, response: Response) -> Response {
        if !response.status().is_success() {
            self.0.is_refused.store(true, Ordering::Relaxed);
            return response;
        }
        self.0.is_answered.store(true, Ordering::Relaxed);
        if self.0.way == Way::Stored {
            response
        } else {
            response.map(|body| Body::new(Measured { body, meter: self }))
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // Who hangs up while storing has stored all the same.
        let is_stored = self.way == Way::Stored && *self.bytes.get_mut() > 0 && !*self.is_refused.get_mut();
        if !*self.is_answered.get_mut() && !is_stored {
            return;
        }
        let (node, instances) = self.note.moved();
        let (node, server) = node.unzip();
        let actor = &self.caller.actor;
        let (user, person) = (actor.user_id.clone(), actor.username.clone());
        let of = UsageOf { user, person, node, server: server.unwrap_or_default() };
        let amount = Amount { requests: 1, instances, bytes: *self.bytes.get_mut() };
        let (engine, way) = (self.engine.clone(), self.way);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { engine.count_use(of, way, amount).await });
        }
    }
}

/// A body whose bytes are measured as they pass.
struct Measured {
    body: Body,
    meter: Meter,
}

impl HttpBody for Measured {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.meter.0.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
