//! From the spool to the server, over one pool of connections that are used again and again.

use std::sync::{Arc, Mutex, PoisonError};

use adit_dicomweb::store::reason;
use adit_dimse::StatusClass;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::part::Spooled;
use super::{FateEnd, pieces};
use crate::Engine;
use crate::peers::{Batch, End, Line, Outgoing, Route, Sent, Verdict, Verdicts};
use crate::transfer::Problem;

/// Connections to the server at most, whatever it allows: others want to be served, too.
const LINES: usize = 4;

type Queue = Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Spooled>>>;
type Ends = Arc<Mutex<Vec<(usize, FateEnd)>>>;

/// The running delivery of one store.
pub(super) struct Delivery {
    to_deliver: mpsc::UnboundedSender<Spooled>,
    workers: JoinSet<()>,
    ends: Ends,
}

impl Delivery {
    pub fn start(engine: &Engine, end: &Arc<End>, stop: &CancellationToken) -> Self {
        let (to_deliver, spooled) = mpsc::unbounded_channel();
        let (queue, ends): (Queue, Ends) = (Arc::new(tokio::sync::Mutex::new(spooled)), Ends::default());
        let mut workers = JoinSet::new();
        let most = end.server().map_or(1, |server| usize::from(server.limits.associations)).min(LINES);
        // One waits for its turn at the server, the others help while there is room.
        let mut permits = vec![None];
        permits.extend(std::iter::from_fn(|| end.state.try_permit().map(Some)).take(most));
        if permits.len() > 1 {
            permits.swap_remove(0);
        }
        for permit in permits {
            let worker = Worker {
                engine: engine.clone(),
                end: Arc::clone(end),
                queue: Arc::clone(&queue),
                ends: Arc::clone(&ends),
                stop: stop.clone(),
            };
            workers.spawn(worker.run(permit).in_current_span());
        }
        Self { to_deliver, workers, ends }
    }

    pub fn send(&self, spooled: Spooled) {
        // Without a worker it stays waiting, which is answered as a failure.
        let _ = self.to_deliver.send(spooled);
    }

    /// Waits until everything has its end.
    pub async fn finish(mut self) -> Vec<(usize, FateEnd)> {
        drop(self.to_deliver);
        while let Some(ended) = self.workers.join_next().await {
            if ended.is_err() {
                tracing::error!("a part of a store broke");
            }
        }
        std::mem::take(&mut *self.ends.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Worker {
    engine: Engine,
    end: Arc<End>,
    queue: Queue,
    ends: Ends,
    stop: CancellationToken,
}

impl Worker {
    async fn run(self, permit: Option<OwnedSemaphorePermit>) {
        let _permit = match permit {
            Some(permit) => permit,
            None => tokio::select! {
                permit = self.end.state.permit() => permit,
                () = self.stop.cancelled() => return,
            },
        };
        let server = self.end.server();
        let by_web = server.is_some_and(|server| !server.services.store_scp && server.dicomweb.stow);
        let (mut line, mut over) = (Line::default(), false);
        while let Some(spooled) = next(&self.queue).await {
            if self.stop.is_cancelled() {
                break;
            }
            let end = match (over, by_web) {
                (true, _) => Err(Problem::Canceled),
                (false, true) => self.send_by_web(&spooled).await,
                (false, false) => self.send(&mut line, &spooled).await,
            };
            if spooled.content.is_given_up() {
                // The store itself knows why.
                continue;
            }
            let end = end.unwrap_or_else(|problem| {
                // Nothing more gets through, so the others need not try as long as this one did.
                over = true;
                if let Problem::Transient(sentence) | Problem::Deferred(_, sentence) = &problem {
                    tracing::warn!(node = %self.end.id, problem = %sentence, "a store goes no further");
                }
                FateEnd::Failed(reason::OUT_OF_RESOURCES)
            });
            self.ends.lock().unwrap_or_else(PoisonError::into_inner).push((spooled.number, end));
            // Nothing can be removed before it is there.
            let _ = spooled.content.whole().await;
            pieces::remove(&self.engine.0.ports.staging, &spooled.content).await;
        }
        line.close(!over && !self.stop.is_cancelled()).await;
    }

    async fn send(&self, line: &mut Line, spooled: &Spooled) -> Result<FateEnd, Problem> {
        let route = Route { engine: &self.engine, end: &self.end, stop: &self.stop };
        let outgoing = Outgoing {
            content: &spooled.content,
            offset: spooled.offset,
            sop_class_uid: &spooled.sop_class_uid,
            sop_instance_uid: &spooled.sop_instance_uid,
            transfer_syntax_uid: &spooled.transfer_syntax_uid,
        };
        let node = &self.end.id;
        let again = |sentence: &str| tracing::info!(%node, problem = sentence, "an instance is sent again");
        Ok(match line.send(route, outgoing, &again).await? {
            Sent::Accepted(outcome) => {
                moved(spooled.content.size());
                let remark = outcome.status.class() == StatusClass::Warning;
                FateEnd::Stored { warning: remark.then_some(outcome.status.0) }
            }
            Sent::Refused { status: Some(status), .. } => FateEnd::Failed(status.0),
            Sent::Refused { .. } => FateEnd::Failed(reason::CLASS_NOT_SUPPORTED),
        })
    }

    /// One request for each instance, over connections that are used again.
    async fn send_by_web(&self, spooled: &Spooled) -> Result<FateEnd, Problem> {
        let client = self.end.web()?;
        // A request says how long it is.
        spooled.content.whole().await.map_err(|_| Problem::Canceled)?;
        let batch = Arc::new(Batch(vec![spooled.content.clone()]));
        let stored = tokio::select! {
            stored = client.store(&batch) => stored,
            () = self.stop.cancelled() => return Err(Problem::Canceled),
        };
        match stored {
            Ok(outcome) => match Verdicts::of(outcome.answer).on(&spooled.sop_instance_uid) {
                Verdict::Stored { warning } => {
                    moved(spooled.content.size());
                    Ok(FateEnd::Stored { warning })
                }
                Verdict::Failed(reason) => Ok(FateEnd::Failed(reason)),
            },
            Err(error) => match self.end.web_failed("STOW-RS", &error) {
                Problem::Permanent(sentence) => {
                    tracing::warn!(node = %self.end.id, problem = %sentence, "an instance was refused");
                    Ok(FateEnd::Failed(reason::PROCESSING_FAILURE))
                }
                problem => Err(problem),
            },
        }
    }
}

fn moved(bytes: Option<u64>) {
    metrics::counter!("instances_moved").increment(1);
    metrics::counter!("bytes_moved").increment(bytes.unwrap_or(0));
}

async fn next(queue: &Queue) -> Option<Spooled> {
    queue.lock().await.recv().await
}
