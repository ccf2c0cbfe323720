//! WorkQueue on SQS: two standard queues per lane, urgent and normal, each with its own dead-letter queue.
//!
//! - A message's group is its `MessageGroupId`: SQS then takes turns between groups (fair queues).
//! - SQS delays up to 15 minutes; what shall wait longer comes back early, and the receiver hands it back again.
//! - Handing back sends the message anew and then removes it, so that waiting is not counted as failing. A crash between the two makes
//!   a duplicate, which the port allows.
//! - A stale receipt may be answered with success. The task's attempt number fences.
//! - The age of the oldest message is known to CloudWatch only. Here it is how old a message was when this process received one last,
//!   within the last minute; 0 when nothing waits or nothing was received. Alarms use CloudWatch's metric.

mod letter;
mod poll;
mod queues;

use std::sync::Arc;
use std::time::Duration;

use adit_store::clock::Clock;
use adit_store::queue::{Band, Delivery, Depth, Kind, Lane, MAX_BODY, Message, Receipt, StoreError, WorkQueue};
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::QueueAttributeName;

use crate::error::{code, refused, told};
use letter::Held;
pub use letter::{ReceivedMessage, delivery};
use poll::Poll;
use queues::{Queues, place};

/// Messages that SQS hands out at once at most.
const BATCH: usize = 10;
/// The longest delay that SQS knows, in seconds.
const LONGEST_DELAY: u64 = 900;
/// The longest hold, in seconds.
const LONGEST_HOLD: u64 = 12 * 3600;
/// How long what was seen of a message's age counts, in milliseconds.
const AGE_COUNTS_MS: i64 = 60_000;

/// The queue in SQS.
pub struct SqsQueue {
    queues: Arc<Queues>,
    polls: [Arc<Poll>; 4],
    clock: Arc<dyn Clock>,
}

impl SqsQueue {
    /// The queues whose names begin with `prefix`.
    pub fn new(client: Client, prefix: String, clock: Arc<dyn Clock>) -> Self {
        let queues = Arc::new(Queues::new(client, prefix));
        let poll = |lane, band| Arc::new(Poll::new(Arc::clone(&queues), Arc::clone(&clock), lane, band));
        let polls = [
            poll(Lane::Bridge, Band::Urgent),
            poll(Lane::Bridge, Band::Normal),
            poll(Lane::Worker, Band::Urgent),
            poll(Lane::Worker, Band::Normal),
        ];
        Self { queues, polls, clock }
    }

    fn poll(&self, lane: Lane, band: Band) -> &Arc<Poll> {
        &self.polls[place(lane, band)]
    }

    async fn post(&self, message: &Message, delay: Duration) -> Result<(), StoreError> {
        let url = self.queues.url(message.lane, message.band).await?;
        let delay = seconds(delay).min(LONGEST_DELAY);
        let sent = self
            .queues
            .client()
            .send_message()
            .queue_url(url)
            .message_body(&message.body)
            .message_group_id(letter::group_id(&message.group)?)
            .set_message_attributes(letter::attributes(message, None)?)
            .delay_seconds(i32::try_from(delay).unwrap_or(0))
            .send()
            .await;
        sent.map(|_| ()).map_err(|error| failure(&error))
    }

    async fn remove(&self, held: &Held) -> Result<(), StoreError> {
        let url = self.queues.url(held.lane(), held.band()).await?;
        let sent = self.queues.client().delete_message().queue_url(url).receipt_handle(&held.handle).send().await;
        sent.map(|_| ()).map_err(|error| failure(&error))
    }

    async fn counts(&self, url: &str) -> Result<(u64, u64), StoreError> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Waiting, ApproximateNumberOfMessagesNotVisible as Held,
        };
        let request = self.queues.client().get_queue_attributes().queue_url(url);
        let answer =
            request.attribute_names(Waiting).attribute_names(Held).send().await.map_err(|error| failure(&error))?;
        let attributes = answer.attributes.unwrap_or_default();
        let count = |name| attributes.get(&name).and_then(|text: &String| text.parse().ok()).unwrap_or(0);
        Ok((count(Waiting), count(Held)))
    }
}

#[async_trait]
impl WorkQueue for SqsQueue {
    async fn send(&self, message: Message, delay: Duration) -> Result<(), StoreError> {
        if message.body.len() > MAX_BODY {
            return Err(StoreError::new(Kind::TooLarge, "a message is a pointer, not a letter"));
        }
        self.post(&message, delay).await
    }

    async fn receive(&self, lane: Lane, max: usize, hold: Duration) -> Result<Vec<Delivery>, StoreError> {
        let mut deliveries = Vec::new();
        for band in [Band::Urgent, Band::Normal] {
            if deliveries.len() < max {
                let wanted = max - deliveries.len();
                match self.poll(lane, band).take(wanted, hold).await {
                    Ok(found) => deliveries.extend(found),
                    // What was received is on loan already: better to work on it than to let it time out.
                    Err(error) if !deliveries.is_empty() => {
                        tracing::warn!(error = %error, "a queue did not answer");
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(deliveries)
    }

    async fn extend(&self, receipt: &Receipt, hold: Duration) -> Result<(), StoreError> {
        let held = Held::read(receipt)?;
        self.queues.hold(&held, hold).await
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.remove(&Held::read(receipt)?).await
    }

    async fn release(&self, receipt: &Receipt, delay: Duration) -> Result<(), StoreError> {
        let held = Held::read(receipt)?;
        self.post(&held.message(), delay).await?;
        self.remove(&held).await
    }

    async fn dead_letter(&self, receipt: &Receipt, reason: &str) -> Result<(), StoreError> {
        let held = Held::read(receipt)?;
        let message = held.message();
        let url = self.queues.dead_url(message.lane, message.band).await?;
        let sent = self
            .queues
            .client()
            .send_message()
            .queue_url(url)
            .message_body(&message.body)
            .message_group_id(letter::group_id(&message.group)?)
            .set_message_attributes(letter::attributes(&message, Some(reason))?)
            .send()
            .await;
        sent.map_err(|error| failure(&error))?;
        self.remove(&held).await
    }

    async fn depth(&self, lane: Lane) -> Result<Depth, StoreError> {
        let mut depth = Depth::default();
        for band in [Band::Urgent, Band::Normal] {
            let (waiting, held) = self.counts(self.queues.url(lane, band).await?).await?;
            let (dead, dead_held) = self.counts(self.queues.dead_url(lane, band).await?).await?;
            match band {
                Band::Urgent => depth.urgent = waiting,
                Band::Normal => depth.normal = waiting,
            }
            depth.in_flight += held;
            depth.dead += dead + dead_held;
            let age = self.poll(lane, band).age_ms(self.clock.now().0, AGE_COUNTS_MS).unsigned_abs() / 1000;
            depth.oldest_age_seconds = depth.oldest_age_seconds.max(if waiting > 0 { age } else { 0 });
        }
        Ok(depth)
    }

    async fn wait(&self, lane: Lane, timeout: Duration) {
        let (urgent, normal) = (self.poll(lane, Band::Urgent), self.poll(lane, Band::Normal));
        tokio::select! {
            () = Poll::arrival(urgent) => {}
            () = Poll::arrival(normal) => {}
            () = tokio::time::sleep(timeout) => {}
        }
    }

    async fn leave(&self, lane: Lane) {
        let (urgent, normal) =
            tokio::join!(self.poll(lane, Band::Urgent).leave(), self.poll(lane, Band::Normal).leave());
        for delivery in urgent.into_iter().chain(normal) {
            if let Err(error) = self.release(&delivery.receipt, Duration::ZERO).await {
                tracing::warn!(error = %error, "a message could not be handed back; it comes again when its hold ends");
            }
        }
    }
}

/// Whole seconds, begun ones too.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Sorts an error of SQS. Receipts that are no longer valid are conflicts.
fn failure<E>(error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let code = code(error).unwrap_or_default();
    // An expired receipt handle is called an invalid parameter, too.
    let stale = code.contains("ReceiptHandleIsInvalid")
        || code.contains("MessageNotInflight")
        || code.contains("InvalidParameterValue") && told(error).to_lowercase().contains("receipt");
    let kind = match refused(error) {
        true if stale => Kind::Conflict { index: 0 },
        true if code.starts_with("Invalid") => Kind::Invalid,
        _ => Kind::Unavailable,
    };
    StoreError::new(kind, told(error))
}
