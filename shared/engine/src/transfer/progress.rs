//! Shows how far a running task is, about twice a second, with speed and remaining time over the last seconds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use adit_domain::task::Progress;
use adit_domain::{JobId, TaskId, Timestamp};
use adit_store::repositories::LiveProgress;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

use super::ledger::Ledger;
use crate::Engine;

const EVERY: Duration = Duration::from_millis(500);
/// Samples over which speed is averaged: five seconds.
const WINDOW: usize = 10;

/// The showing of one task; ends with [`Showing::stop`], or when it is dropped.
pub(super) struct Showing {
    stop: DropGuard,
    task: JoinHandle<()>,
}

impl Showing {
    pub async fn stop(self) {
        drop(self.stop);
        if self.task.await.is_err() {
            tracing::error!("the display of progress broke");
        }
    }
}

pub(super) fn show(engine: Engine, job: JobId, task: TaskId, ledger: Arc<Ledger>) -> Showing {
    let stop = CancellationToken::new();
    let token = stop.clone();
    let showing = async move {
        let mut speed = Speed::default();
        loop {
            let progress = speed.add_to(ledger.progress());
            let live = LiveProgress { progress, warnings: ledger.shown_warnings() };
            if let Err(error) = engine.0.tasks.show(&job, &task, &live).await {
                tracing::warn!(task = %task, error = %error, "progress could not be stored");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = token.cancelled() => return,
            }
        }
    };
    let task = tokio::spawn(showing.in_current_span());
    Showing { stop: stop.drop_guard(), task }
}

#[derive(Default)]
struct Speed {
    samples: VecDeque<(Timestamp, u64, u64)>,
}

impl Speed {
    fn add_to(&mut self, mut progress: Progress) -> Progress {
        self.samples.push_back((progress.at, progress.bytes, progress.delivered));
        if self.samples.len() > WINDOW {
            self.samples.pop_front();
        }
        let Some((at, bytes, delivered)) = self.samples.front().copied() else { return progress };
        let ms = progress.at.since_ms(at);
        if ms <= 0 {
            return progress;
        }
        #[expect(clippy::cast_precision_loss, reason = "a speed for people")]
        let (seconds, moved, done) =
            (ms as f64 / 1000.0, (progress.bytes - bytes) as f64, progress.delivered.saturating_sub(delivered) as f64);
        progress.bytes_per_second = moved / seconds;
        let left = progress.expected.saturating_sub(progress.delivered + progress.held_back);
        if done > 0.0 {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "seconds for people"
            )]
            let eta = (left as f64 / (done / seconds)).ceil() as u64;
            progress.eta_s = Some(eta);
        }
        progress
    }
}
