//! The way down. Each stage lets go of what the one before needed no longer:
//!
//! 1. *ending* - no new tasks, not ready; running ones may finish, so instances are still received, passed on and taken over;
//! 2. *hand back* - what still runs goes back to the queue with what it has achieved;
//! 3. *quiet* - nothing is waited for here any more: the row goes, no new associations or requests, open ones end at their next pause;
//! 4. *last* - what is still open is cut.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// Time kept for handing back, before the end.
const HAND_BACK: Duration = Duration::from_secs(20);
/// Time kept for closing what is open.
const CLOSE: Duration = Duration::from_secs(8);
/// Time kept for the very last.
const CUT: Duration = Duration::from_secs(2);

/// The stages; each is a token that is cancelled when it begins.
#[derive(Default)]
pub struct Stages {
    pub ending: CancellationToken,
    pub hand_back: CancellationToken,
    pub quiet: CancellationToken,
    pub last: CancellationToken,
    /// Cancelled by the worker when it runs nothing any more.
    pub idle: CancellationToken,
}

impl Stages {
    /// Goes through the stages. Running tasks may go on for `finish`; all is over after `stop`.
    pub async fn go(&self, finish: Duration, stop: Duration) {
        let end = Instant::now() + stop;
        let before_end = |time: Duration| end - time.min(stop);
        tracing::info!("the bridge drains: no new tasks");
        self.ending.cancel();
        let finish = (Instant::now() + finish).min(before_end(HAND_BACK));
        if timeout_at(finish, self.idle.cancelled()).await.is_err() {
            tracing::info!("running tasks are handed back");
        }
        self.hand_back.cancel();
        if timeout_at(before_end(CLOSE), self.idle.cancelled()).await.is_err() {
            tracing::warn!("some tasks could not be handed back in time; their leases expire");
        }
        self.quiet.cancel();
        let last = self.last.clone();
        let cut = before_end(CUT);
        tokio::spawn(async move {
            tokio::time::sleep_until(cut).await;
            last.cancel();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn an_idle_bridge_is_quiet_at_once() {
        let stages = Stages::default();
        stages.idle.cancel();
        let begun = Instant::now();
        stages.go(SECOND * 60, SECOND * 110).await;
        assert!(begun.elapsed() < SECOND && stages.quiet.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn running_tasks_get_their_time_and_the_end_is_kept() {
        for (finish, stop, handed_back) in [(60, 110, 60), (500, 110, 90), (0, 110, 0), (5, 10, 0)] {
            let stages = Stages::default();
            let begun = Instant::now();
            let watching = async {
                stages.hand_back.cancelled().await;
                let at = begun.elapsed();
                stages.last.cancelled().await;
                (at.as_secs(), begun.elapsed().as_secs())
            };
            let ((), seen) = tokio::join!(stages.go(SECOND * finish, SECOND * stop), watching);
            assert_eq!(seen, (handed_back, u64::from(stop) - 2));
        }
    }
}
