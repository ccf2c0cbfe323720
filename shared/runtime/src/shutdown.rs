//! Ending in an orderly way: a signal cancels the token, supervised tasks wind down, and a task that dies ends the process.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long tasks may take to wind down.
const GRACE: Duration = Duration::from_secs(20);

/// Tasks that must all live as long as the process.
#[derive(Default)]
pub struct Supervisor {
    tasks: JoinSet<&'static str>,
    stop: CancellationToken,
}

impl Supervisor {
    /// Cancelled when the process is to end.
    #[must_use]
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Supervises a task that ends only after [`Supervisor::stop`] was cancelled.
    pub fn add(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            task.await;
            name
        });
    }

    /// Waits for a signal or the death of a task, then winds down. False: a task died, so the process should exit with a failure and
    /// be started again; its work resumes from leases.
    pub async fn run(mut self) -> bool {
        let healthy = self.until_end().await;
        self.stop.cancel();
        self.wind_down(GRACE).await;
        healthy
    }

    /// Waits for a signal or, false, the death of a task. Nothing is told to stop yet.
    pub async fn until_end(&mut self) -> bool {
        tokio::select! {
            () = signal() => true,
            ended = self.tasks.join_next() => {
                match ended {
                    Some(Ok(name)) => tracing::error!(part = name, "a supervised task ended by itself"),
                    Some(Err(error)) => tracing::error!(error = %error, "a supervised task died"),
                    None => tracing::error!("nothing to supervise"),
                }
                false
            }
        }
    }

    /// Waits until all tasks have ended, for at most `limit`. They must have been told to stop.
    pub async fn wind_down(mut self, limit: Duration) {
        let winding_down = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, winding_down).await.is_err() {
            tracing::warn!("some tasks did not wind down in time");
        }
    }
}

/// Returns on SIGINT or SIGTERM.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
