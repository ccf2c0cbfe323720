//! The worker: receives pointers, claims tasks, runs them, records outcomes.
//!
//! [`Worker`] is the loop of a long-running process; [`Engine::work_on`] handles one pointer and is all that a function needs.

mod claim;
mod mail;
#[cfg(any(test, feature = "proofs"))]
pub mod proofs;
mod record;
mod run;
mod scheduled;
mod settle;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use adit_store::queue::{Delivery, Lane};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Engine;

pub(crate) use claim::owns;
pub(crate) use run::Running;
pub use run::Worked;

/// How long a received pointer is hidden from others before it must be extended.
const HOLD: Duration = Duration::from_secs(30);
/// When a pointer whose handling failed is looked at again.
const AGAIN: Duration = Duration::from_secs(10);
/// How long an idle worker sleeps before it looks again by itself.
const IDLE: Duration = Duration::from_secs(2);
/// Pointers received at once.
const AT_ONCE: usize = 10;

/// Runs tasks, several at a time, until it is told to stop.
pub struct Worker {
    engine: Engine,
    lanes: Vec<Lane>,
    free: Arc<Semaphore>,
}

impl Worker {
    /// A worker that runs up to `parallel` tasks of these lanes at a time.
    #[must_use]
    pub fn new(engine: Engine, parallel: usize, lanes: &[Lane]) -> Self {
        Self { engine, lanes: lanes.to_vec(), free: Arc::new(Semaphore::new(parallel.max(1))) }
    }

    /// Works until `stop`; running tasks are then handed back to the queue with what they have achieved.
    pub async fn run(self, stop: CancellationToken) {
        self.run_until(stop.clone(), stop).await;
    }

    /// Takes no new tasks once `ending` is cancelled and lets the running ones finish; those that still run at `stop` are handed back.
    pub async fn run_until(self, ending: CancellationToken, stop: CancellationToken) {
        let mut loops = JoinSet::new();
        for lane in self.lanes {
            loops.spawn(serve(self.engine.clone(), lane, Arc::clone(&self.free), ending.clone(), stop.clone()));
        }
        while let Some(ended) = loops.join_next().await {
            if ended.is_err() {
                tracing::error!("the loop of a lane broke");
                ending.cancel();
                stop.cancel();
            }
        }
    }
}

/// Serves one lane. The right to run a task is taken before a pointer is, so that nobody holds a pointer and waits.
async fn serve(engine: Engine, lane: Lane, free: Arc<Semaphore>, ending: CancellationToken, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    while !ending.is_cancelled() {
        while tasks.try_join_next().is_some() {}
        let mut rights = tokio::select! {
            rights = some(&free) => rights,
            () = ending.cancelled() => break,
        };
        let queue = &engine.0.ports.queue;
        match queue.receive(lane, rights.len(), HOLD).await {
            Ok(deliveries) if deliveries.is_empty() => {
                drop(rights);
                tokio::select! {
                    () = queue.wait(lane, IDLE) => {}
                    _ = tasks.join_next(), if !tasks.is_empty() => {}
                    () = ending.cancelled() => {}
                }
            }
            Ok(deliveries) => {
                // What was received while the end began is handed back at once.
                let stop = if ending.is_cancelled() { &ending } else { &stop };
                for delivery in deliveries {
                    let (engine, stop, right) = (engine.clone(), stop.clone(), rights.pop());
                    tasks.spawn(async move {
                        let _right = right;
                        deliver(&engine, &delivery, &stop).await;
                    });
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "the queue did not answer");
                drop(rights);
                tokio::time::sleep(IDLE).await;
            }
        }
    }
    let finish = async { while tasks.join_next().await.is_some() {} };
    tokio::join!(finish, engine.0.ports.queue.leave(lane));
}

/// The right to run one task, and more if more are free.
async fn some(free: &Arc<Semaphore>) -> Vec<OwnedSemaphorePermit> {
    let first = Arc::clone(free).acquire_owned().await.expect("the semaphore is never closed");
    let more = std::iter::from_fn(|| Arc::clone(free).try_acquire_owned().ok());
    std::iter::once(first).chain(more).take(AT_ONCE).collect()
}

/// Works on a pointer and answers the queue.
async fn deliver(engine: &Engine, delivery: &Delivery, stop: &CancellationToken) {
    let (queue, receipt) = (&engine.0.ports.queue, &delivery.receipt);
    let answer = match engine.work_on(delivery, stop).await {
        Worked::Done => queue.ack(receipt).await,
        Worked::Later(wait) => queue.release(receipt, wait).await,
        Worked::Unreadable(reason) => queue.dead_letter(receipt, &reason).await,
    };
    if let Err(error) = answer {
        tracing::warn!(error = %error, "the queue did not take the answer; the pointer comes again");
    }
}
