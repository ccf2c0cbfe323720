//! The eight queues: their names, and their addresses, each asked for once.

use std::time::Duration;

use adit_store::queue::{Band, Lane, StoreError};
use aws_sdk_sqs::Client;
use tokio::sync::OnceCell;

use super::letter::Held;
use super::{LONGEST_HOLD, failure, seconds};

/// The queues of one installation.
pub struct Queues {
    client: Client,
    prefix: String,
    urls: [OnceCell<String>; 8],
}

/// A number for each lane and band.
pub fn place(lane: Lane, band: Band) -> usize {
    match (lane, band) {
        (Lane::Bridge, Band::Urgent) => 0,
        (Lane::Bridge, Band::Normal) => 1,
        (Lane::Worker, Band::Urgent) => 2,
        (Lane::Worker, Band::Normal) => 3,
    }
}

const NAMES: [&str; 4] = ["bridge-urgent", "bridge-normal", "worker-urgent", "worker-normal"];

impl Queues {
    pub fn new(client: Client, prefix: String) -> Self {
        Self { client, prefix, urls: Default::default() }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The queue of a lane and band.
    pub async fn url(&self, lane: Lane, band: Band) -> Result<&str, StoreError> {
        self.look_up(place(lane, band), "").await
    }

    /// Its dead-letter queue.
    pub async fn dead_url(&self, lane: Lane, band: Band) -> Result<&str, StoreError> {
        self.look_up(place(lane, band), "-dead").await
    }

    async fn look_up(&self, place: usize, ending: &str) -> Result<&str, StoreError> {
        let slot = if ending.is_empty() { place } else { place + NAMES.len() };
        let ask = async || {
            let name = format!("{}{}{ending}", self.prefix, NAMES[place]);
            let answer = self.client.get_queue_url().queue_name(&name).send().await.map_err(|error| failure(&error))?;
            Ok(answer.queue_url.unwrap_or_default())
        };
        self.urls[slot].get_or_try_init(ask).await.map(String::as_str)
    }

    /// Hides a message for `hold` from now on.
    pub async fn hold(&self, held: &Held, hold: Duration) -> Result<(), StoreError> {
        let url = self.url(held.lane(), held.band()).await?;
        let hold = i32::try_from(seconds(hold).min(LONGEST_HOLD)).unwrap_or(i32::MAX);
        let request = self.client.change_message_visibility().queue_url(url).receipt_handle(&held.handle);
        request.visibility_timeout(hold).send().await.map(|_| ()).map_err(|error| failure(&error))
    }
}
