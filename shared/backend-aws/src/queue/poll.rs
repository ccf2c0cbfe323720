//! Receiving from one queue. All who wait in this process share one long poll, and what it brings waits in a basket for them.
//!
//! While a long poll is out, receiving asks SQS nothing: the poll would have brought it. So an idle process makes six requests a
//! minute per queue, however many workers it has.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adit_store::clock::Clock;
use adit_store::queue::{Band, Delivery, Lane, StoreError};
use aws_sdk_sqs::types::MessageSystemAttributeName;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::letter::{self, Held};
use super::queues::Queues;
use super::{BATCH, LONGEST_HOLD, failure, seconds};

/// Length of a long poll in seconds. SQS offers twice that; but whoever ends waits for the poll that is out.
const LONG: i32 = 10;
/// How long who ends waits for the poll that is out: a little longer than one takes.
const LEAVING: Duration = Duration::from_secs(13);
/// Hold of what a long poll brings before anybody has said how long they want to hold.
const FIRST_HOLD: Duration = Duration::from_secs(60);
/// What has lain in the basket for longer than this is held anew when it is handed out.
const FRESH: Duration = Duration::from_secs(2);
/// After a long poll that failed.
const REST: Duration = Duration::from_secs(5);

/// Receiving from one queue.
pub struct Poll {
    queues: Arc<Queues>,
    clock: Arc<dyn Clock>,
    lane: Lane,
    band: Band,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    basket: VecDeque<Found>,
    waiting: usize,
    polling: bool,
    hold: Option<Duration>,
    /// When a message was received last and how old it was, in milliseconds.
    seen: Option<(i64, i64)>,
}

/// A message in the basket.
struct Found {
    delivery: Delivery,
    at: Instant,
    hold: Duration,
}

/// Counts somebody who waits, until dropped.
struct Waiting(Arc<Poll>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

impl Poll {
    pub fn new(queues: Arc<Queues>, clock: Arc<dyn Clock>, lane: Lane, band: Band) -> Self {
        Self { queues, clock, lane, band, state: Mutex::default(), arrived: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How old a message was that was received within the last `counts_ms`; else 0.
    pub fn age_ms(&self, now: i64, counts_ms: i64) -> i64 {
        self.state().seen.filter(|(at, _)| now - at <= counts_ms).map_or(0, |(_, age)| age)
    }

    /// Up to `max` messages that are there now, hidden for `hold`.
    pub async fn take(&self, max: usize, hold: Duration) -> Result<Vec<Delivery>, StoreError> {
        let mut deliveries = Vec::new();
        while deliveries.len() < max {
            let Some(found) = self.next_in_basket(hold) else { break };
            if self.still_held(&found, hold).await {
                deliveries.push(found.delivery);
            }
        }
        while deliveries.len() < max && !self.state().polling {
            let wanted = (max - deliveries.len()).min(BATCH);
            let received = match self.ask(wanted, hold, 0).await {
                Ok(received) => received,
                Err(error) if deliveries.is_empty() => return Err(error),
                // What was received is on loan already; the error will come again.
                Err(_) => break,
            };
            let full = received.len() == wanted;
            deliveries.extend(received);
            if !full {
                break;
            }
        }
        Ok(deliveries)
    }

    fn next_in_basket(&self, hold: Duration) -> Option<Found> {
        let mut state = self.state();
        state.hold = Some(hold);
        state.basket.pop_front()
    }

    /// Renews the hold of what has waited in the basket or was held for another time. False: it belongs to others by now.
    async fn still_held(&self, found: &Found, hold: Duration) -> bool {
        if found.at.elapsed() >= found.hold {
            return false;
        }
        if found.hold == hold && found.at.elapsed() < FRESH {
            return true;
        }
        match Held::read(&found.delivery.receipt) {
            Ok(held) => self.queues.hold(&held, hold).await.is_ok(),
            Err(_) => false,
        }
    }

    /// Returns when something lies in the basket. Starts a long poll unless one is out.
    pub async fn arrival(this: &Arc<Self>) {
        this.state().waiting += 1;
        let _waiting = Waiting(Arc::clone(this));
        loop {
            let arrived = this.arrived.notified();
            {
                let mut state = this.state();
                if !state.basket.is_empty() {
                    return;
                }
                if !state.polling {
                    state.polling = true;
                    tokio::spawn(Arc::clone(this).run());
                }
            }
            arrived.await;
        }
    }

    /// Polls until it has brought something or nobody waits. Not ended when a waiter leaves: what SQS hands to a request that nobody
    /// reads would be hidden for the whole hold.
    async fn run(self: Arc<Self>) {
        loop {
            let (wanted, hold) = {
                let mut state = self.state();
                if state.waiting == 0 || !state.basket.is_empty() {
                    state.polling = false;
                    break;
                }
                (state.waiting.min(BATCH), state.hold.unwrap_or(FIRST_HOLD))
            };
            match self.ask(wanted, hold, LONG).await {
                Ok(received) => {
                    let at = Instant::now();
                    let found = received.into_iter().map(|delivery| Found { delivery, at, hold });
                    self.state().basket.extend(found);
                }
                Err(error) => {
                    tracing::warn!(error = %error, "a queue does not answer; asking again soon");
                    if self.state().waiting > 0 {
                        tokio::time::sleep(REST).await;
                    }
                }
            }
        }
        self.arrived.notify_waiters();
    }

    /// Waits until no long poll is out, as long as one takes, and takes what was brought for nobody. Nobody may be waiting.
    pub async fn leave(&self) -> Vec<Delivery> {
        let idle = async {
            loop {
                let arrived = self.arrived.notified();
                if !self.state().polling {
                    break;
                }
                arrived.await;
            }
        };
        if tokio::time::timeout(LEAVING, idle).await.is_err() {
            tracing::warn!("a queue does not answer; what it hands out now comes again when its hold ends");
        }
        // What has lain there for too long belongs to others by now.
        let is_held = |found: &Found| found.at.elapsed() < found.hold;
        self.state().basket.drain(..).filter(is_held).map(|found| found.delivery).collect()
    }

    async fn ask(&self, max: usize, hold: Duration, wait: i32) -> Result<Vec<Delivery>, StoreError> {
        use MessageSystemAttributeName::{ApproximateReceiveCount, MessageGroupId, SentTimestamp};
        let url = self.queues.url(self.lane, self.band).await?;
        let answer = self
            .queues
            .client()
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(i32::try_from(max).unwrap_or(1))
            .visibility_timeout(i32::try_from(seconds(hold).min(LONGEST_HOLD)).unwrap_or(i32::MAX))
            .wait_time_seconds(wait)
            .message_system_attribute_names(ApproximateReceiveCount)
            .message_system_attribute_names(MessageGroupId)
            .message_system_attribute_names(SentTimestamp)
            .message_attribute_names(letter::TRACE)
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let now = self.clock.now().0;
        let mut deliveries = Vec::new();
        for message in answer.messages.unwrap_or_default() {
            let (delivery, sent) = letter::read(self.lane, self.band, message);
            self.state().seen = Some((now, sent.map_or(0, |sent| (now - sent).max(0))));
            deliveries.push(delivery);
        }
        Ok(deliveries)
    }
}
