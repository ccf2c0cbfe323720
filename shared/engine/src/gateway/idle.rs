//! When nobody reads any more: what is made for readers is stopped, and in the end forgotten.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long something runs on when its last reader has gone: clients come back within this time (they wait 16 s at most).
pub(super) const GRACE: Duration = Duration::from_secs(30);

/// Waits until nobody has read for this long. `changes` tells whenever a reader comes or goes, `idle_since` since when there is none.
pub(super) async fn unread_for(
    mut changes: watch::Receiver<()>,
    idle_since: impl Fn() -> Option<Instant>,
    time: Duration,
) {
    loop {
        changes.borrow_and_update();
        match idle_since() {
            Some(since) if since + time <= Instant::now() => return,
            Some(since) => tokio::select! {
                () = sleep_until(since + time) => {}
                _ = changes.changed() => {}
            },
            None => {
                let _ = changes.changed().await;
            }
        }
    }
}
