//! A retrieval from its beginning until it is forgotten.

use std::sync::Arc;
use std::time::Duration;

use adit_domain::GroupId;
use adit_store::staging::StagedKey;
use tokio_util::sync::CancellationToken;

use super::super::idle::{GRACE, unread_for};
use super::board::Key;
use super::reader::Known;
use super::reading::{Came, Reading};
use crate::transfer::{Errand, Problem, Reading as Fetching};
use crate::{Engine, Refusal, now};

impl Engine {
    /// Fetches for whoever reads, waits for those who ask again, and tidies up.
    pub(super) async fn fetch_for_readers(self, key: Key, errand: Errand, reading: Arc<Reading>) {
        let limits = errand.source.node.config.server().map(|server| server.limits).unwrap_or_default();
        let most = u64::from(limits.cache_mb) << 20;
        let stop = CancellationToken::new();
        let fetching = self.fetch_errand(&errand, &reading, most, &key, &stop);
        let given_up = async {
            unread_for(reading.changes(), || reading.idle_since(), GRACE).await;
            stop.cancel();
            std::future::pending::<()>().await;
        };
        let result = tokio::select! {
            result = fetching => result,
            () = given_up => Ok(()),
        };
        // Who asks again after a failure begins anew; who reads now hears of it.
        if let Err(refusal) = &result {
            tracing::info!(retrieval = %errand.id, reason = refusal.body.detail, "a retrieval for readers has failed");
            self.0.readings.remove(&key, &reading);
        }
        reading.end(result);
        let keep = Duration::from_secs(u64::from(limits.cache_s)).max(Duration::from_secs(1));
        loop {
            // Nobody can join what has failed or has lost its beginning.
            let keep = if reading.is_open() { keep } else { Duration::ZERO };
            tokio::select! {
                () = unread_for(reading.changes(), || reading.idle_since(), keep) => {}
                () = self.room_is_wanted_of(&reading) => {}
            }
            self.0.readings.remove(&key, &reading);
            // Somebody may have come in the moment before.
            if reading.idle_since().is_some() {
                break;
            }
        }
        self.remove_staged(reading.drop_all()).await;
    }

    /// Waits until others want room in memory, and of those who hold some and are not likely to be asked for again, because somebody has
    /// read them to their end and nobody reads them now, this retrieval is the oldest.
    async fn room_is_wanted_of(&self, reading: &Arc<Reading>) {
        let held = &self.0.held;
        loop {
            held.wants_room().await;
            let oldest = self.0.readings.oldest_served(|key| held.holds(key));
            if held.is_much() && oldest.is_some_and(|oldest| Arc::ptr_eq(&oldest, reading)) {
                return;
            }
        }
    }

    async fn fetch_errand(
        &self,
        errand: &Errand,
        reading: &Arc<Reading>,
        most: u64,
        key: &Key,
        stop: &CancellationToken,
    ) -> Result<(), Refusal> {
        let mut fetching = self.plan_reading(errand, stop).await.map_err(refusal)?;
        reading.learn(Known {
            expected: fetching.expected(),
            held_back: fetching.held_back(),
            patient_id: fetching.patient_id().to_owned(),
        });
        let (places, (to_read, mut staged)) = (fetching.places(), Fetching::channel());
        let publishing = async {
            let mut changes = reading.changes();
            while let Some(instance) = staged.recv().await {
                reading.add(Came { place: places.of(&instance), instance });
                let dropped = reading.drop_read(most);
                if !dropped.is_empty() {
                    // Its beginning has gone: who asks now needs a retrieval of their own.
                    self.0.readings.remove(key, reading);
                    self.remove_staged(dropped).await;
                }
                while reading.ahead() > most && !stop.is_cancelled() {
                    tokio::select! {
                        _ = changes.changed() => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        };
        let (fetched, ()) = tokio::join!(fetching.fetch(to_read), publishing);
        reading.doubt(fetching.doubtful());
        if let Some(group) = &key.group {
            self.count_bytes(group, fetching.bytes()).await;
        }
        match (fetched, fetching.contradiction().await) {
            (Err(_), Some(reason)) => {
                let mut sentence = format!("{reason}.");
                if let Some(first) = sentence.get_mut(0..1) {
                    first.make_ascii_uppercase();
                }
                Err(Refusal::conflict(sentence))
            }
            (fetched, _) => fetched.map_err(refusal),
        }
    }

    /// Counts what came from the server among the group's bytes of the day.
    async fn count_bytes(&self, group: &GroupId, bytes: u64) {
        let counting = async {
            let write = self.0.limits.add_bytes(group, now(), bytes).await?;
            self.0.ports.items.transact(vec![write]).await
        };
        if let Err(error) = counting.await {
            tracing::error!(group = %group, error = %error, "the bytes of a retrieval could not be counted");
        }
    }

    async fn remove_staged(&self, keys: Vec<StagedKey>) {
        for key in keys {
            if let Err(error) = self.0.ports.staging.delete(&key).await {
                tracing::warn!(error = %error, "a staged object could not be removed");
            }
        }
    }
}

fn refusal(problem: Problem) -> Refusal {
    match problem {
        Problem::Absent(sentence) => Refusal::absent(sentence),
        Problem::Permanent(sentence) => Refusal::peer(sentence),
        Problem::Transient(sentence) | Problem::Deferred(_, sentence) => Refusal::unavailable(sentence),
        Problem::Canceled => Refusal::unavailable("The retrieval was given up. Try again."),
    }
}

#[cfg(test)]
mod tests {
    use adit_domain::{JobId, Timestamp};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_comes_back_in_time_keeps_it_going() {
        let reading = Arc::new(Reading::new(JobId::new(Timestamp(0), 1)));
        let begun = Instant::now();
        let reader = reading.enter().unwrap();
        let other = Arc::clone(&reading);
        let visits = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(100)).await;
            other.leave(reader, 0);
            tokio::time::sleep(Duration::from_secs(20)).await;
            let again = other.enter().unwrap();
            tokio::time::sleep(Duration::from_secs(50)).await;
            other.leave(again, 0);
        });
        unread_for(reading.changes(), || reading.idle_since(), GRACE).await;
        assert_eq!(begun.elapsed().as_secs(), 100 + 20 + 50 + GRACE.as_secs());
        visits.await.unwrap();
    }
}
