//! Delivery by STOW-RS: several instances in one request, each judged by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use adit_dicomweb_client::{Client, StoreOutcome, WebError};
use adit_dimse::{Service, Status};
use adit_domain::task::LogLevel;
use tokio::sync::OwnedSemaphorePermit;

use super::Queue;
use crate::peers::{Batch, Content, Verdict, Verdicts};
use crate::transfer::Transfer;
use crate::transfer::problem::Problem;
use crate::transfer::sink::StagedInstance;

/// Instances in one request at most.
const MOST: usize = 50;
/// How long the first instance of a request waits for others: each request costs a round trip and a transaction of the server.
const MOMENT: Duration = Duration::from_millis(50);
/// Bytes in one request, unless one instance alone has more.
const BYTES: u64 = 64 << 20;

impl Transfer {
    /// Sends instances until no more come.
    pub(super) async fn into_web(
        self: Arc<Self>,
        queue: Queue,
        _permit: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Problem> {
        let client = self.destination.web()?;
        let mut left = None;
        loop {
            let instances = gather(&queue, &mut left).await;
            if instances.is_empty() {
                return Ok(());
            }
            if self.stop.is_cancelled() {
                return Err(Problem::Canceled);
            }
            if let Some(server) = self.destination.server() {
                for _ in &instances {
                    self.destination.state.pace(server.limits.instances_per_second).await;
                }
            }
            // What is too much for the server at once is sent in halves.
            let mut parts = vec![instances.as_slice()];
            while let Some(part) = parts.pop() {
                if !self.send_batch(&client, part).await? {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
    }

    /// Sends some instances in one request; false: they are too much for one.
    async fn send_batch(&self, client: &Client, instances: &[StagedInstance]) -> Result<bool, Problem> {
        let staging = &self.engine.0.ports.staging;
        let contents = instances.iter().map(|one| Content::staged(staging, one.key.clone(), one.size));
        let batch = Arc::new(Batch(contents.collect()));
        let begun = Instant::now();
        let stored = tokio::select! {
            stored = client.store(&batch) => stored,
            () = self.stop.cancelled() => return Err(Problem::Canceled),
        };
        match stored {
            Ok(outcome) => {
                self.destination.state.answered();
                self.destination.took("STOW-RS", begun);
                self.settle_batch(instances, &outcome).await?;
            }
            Err(WebError::Status(413)) if instances.len() > 1 => return Ok(false),
            Err(error) => match self.destination.web_failed("STOW-RS", &error) {
                // The server has refused the request as a whole, and would refuse it again.
                Problem::Permanent(sentence) => {
                    for instance in instances {
                        self.undeliverable(instance, sentence.trim_end_matches('.'), false).await?;
                    }
                }
                problem => return Err(problem),
            },
        }
        Ok(true)
    }

    /// Takes the answer into the books.
    async fn settle_batch(&self, instances: &[StagedInstance], outcome: &StoreOutcome) -> Result<(), Problem> {
        for warning in &outcome.warnings {
            let sentence = format!("The destination says: {warning}");
            self.ledger.note(LogLevel::Warning, "Remark of the destination", &sentence);
        }
        let verdicts = Verdicts::of(outcome.answer.clone());
        for instance in instances {
            let warning = match verdicts.on(&instance.note.delivered_as) {
                Verdict::Stored { warning } => warning,
                Verdict::Failed(code) => {
                    let (status, words) = (Status(code), Status(code).sentence(Service::Store));
                    let reason = format!("the destination refused it: {words} (failure reason {status})");
                    self.undeliverable(instance, &reason, status.is_transient(Service::Store)).await?;
                    continue;
                }
            };
            if let Some(code) = warning {
                let (status, words) = (Status(code), Status(code).sentence(Service::Store));
                let sentence =
                    format!("The destination took an image with a remark: {words} (warning reason {status}).");
                self.ledger.note(LogLevel::Warning, "Remark of the destination", &sentence);
            }
            self.delivered(instance).await?;
        }
        Ok(())
    }
}

/// Waits for an instance and takes what else comes within a moment, up to the limits of one request. `left`: one that did not fit any more.
async fn gather(queue: &Queue, left: &mut Option<StagedInstance>) -> Vec<StagedInstance> {
    let (first, waiting) = match left.take() {
        // Another worker may hold the queue while it waits for more.
        Some(first) => (Some(first), queue.try_lock().ok()),
        None => {
            let mut waiting = queue.lock().await;
            (waiting.recv().await, Some(waiting))
        }
    };
    let Some(first) = first else { return Vec::new() };
    let mut bytes = first.size;
    let mut all = vec![first];
    let Some(mut waiting) = waiting else { return all };
    let until = tokio::time::Instant::now() + MOMENT;
    while all.len() < MOST
        && let Ok(Some(next)) = tokio::time::timeout_at(until, waiting.recv()).await
    {
        bytes += next.size;
        if bytes > BYTES {
            *left = Some(next);
            break;
        }
        all.push(next);
    }
    all
}
