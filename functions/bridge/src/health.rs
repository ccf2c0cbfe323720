//! Alive, and ready: whether table and queues have answered lately. A bridge that drains is not ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adit_engine::now;
use adit_store::items::{ItemStore, Key};
use adit_store::queue::{Lane, WorkQueue};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// How often table and queues are asked.
const EVERY: Duration = Duration::from_secs(10);
/// How long they may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how long an answer counts.
const LATELY_MS: i64 = 35_000;

/// How this process is.
#[derive(Clone)]
pub struct Health {
    /// When table and queues answered last, in milliseconds since the epoch.
    answered: Arc<AtomicI64>,
    ending: CancellationToken,
}

/// What is asked.
pub struct Pulse {
    pub items: Arc<dyn ItemStore>,
    pub queue: Arc<dyn WorkQueue>,
    pub lanes: Vec<Lane>,
}

impl Health {
    /// Not ready before the first answer, nor once `ending` is cancelled.
    pub fn new(ending: CancellationToken) -> Self {
        Self { answered: Arc::default(), ending }
    }

    /// Asks table and queues until `stop`.
    pub async fn watch(self, pulse: Pulse, stop: CancellationToken) {
        loop {
            match tokio::time::timeout(PATIENCE, pulse.ask()).await {
                Ok(Ok(())) => self.answered.store(now().0, Ordering::Relaxed),
                Ok(Err(error)) => tracing::warn!(error = %error, "table or queue do not answer"),
                Err(_) => tracing::warn!("table or queue do not answer in time"),
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// `/health/live` and `/health/ready`, for load balancers and operators; no log-in.
    pub fn router(self) -> Router {
        Router::new()
            .route("/health/live", get(|| async { Json(json!({ "status": "ok" })) }))
            .route("/health/ready", get(ready))
            .with_state(self)
    }

    fn state(&self) -> (StatusCode, &'static str) {
        let answered = self.answered.load(Ordering::Relaxed);
        if self.ending.is_cancelled() {
            (StatusCode::SERVICE_UNAVAILABLE, "draining")
        } else if now().0 - answered > LATELY_MS {
            (StatusCode::SERVICE_UNAVAILABLE, "waiting for table and queues")
        } else {
            (StatusCode::OK, "ready")
        }
    }
}

impl Pulse {
    async fn ask(&self) -> Result<(), adit_store::items::StoreError> {
        self.items.get(&Key { pk: "HEALTH".into(), sk: "HEALTH".into() }).await?;
        for lane in &self.lanes {
            self.queue.depth(*lane).await?;
        }
        Ok(())
    }
}

async fn ready(State(health): State<Health>) -> (StatusCode, Json<Value>) {
    let (code, status) = health.state();
    (code, Json(json!({ "status": status })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_that_table_and_queues_have_answered_lately_and_nothing_ends() {
        let health = Health::new(CancellationToken::new());
        assert_eq!(health.state().1, "waiting for table and queues");
        health.answered.store(now().0, Ordering::Relaxed);
        assert_eq!(health.state(), (StatusCode::OK, "ready"));
        health.answered.store(now().0 - LATELY_MS - 1000, Ordering::Relaxed);
        assert_eq!(health.state().0, StatusCode::SERVICE_UNAVAILABLE);
        health.answered.store(now().0, Ordering::Relaxed);
        health.ending.cancel();
        assert_eq!(health.state(), (StatusCode::SERVICE_UNAVAILABLE, "draining"));
    }
}
