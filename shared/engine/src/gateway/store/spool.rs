//! Where parts lie between the program and the server. A row says that there may be something, so that it is found after a kill.

use std::time::Duration;

use adit_store::staging::StagingError;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::pieces::Pieces;
use crate::clock::random;
use crate::{Engine, Refusal, now};

/// How long a spool counts as alive after its row was written.
const ALIVE: Duration = Duration::from_secs(600);

/// The staged parts of one store.
pub(super) struct Spool {
    engine: Engine,
    id: String,
    /// Ends the renewal of the row; none: nothing was spooled yet.
    alive: Option<DropGuard>,
}

impl Spool {
    pub fn new(engine: &Engine) -> Self {
        Self { engine: engine.clone(), id: format!("spool-{:032x}", random()), alive: None }
    }

    /// Begins something of this name.
    pub async fn begin(&mut self, name: &str) -> Result<Pieces, StagingError> {
        if self.alive.is_none() {
            self.alive = Some(self.announce().await?);
        }
        Ok(Pieces::new(&self.engine.0.ports.staging, &self.id, name))
    }

    /// Writes the row, and again as long as the spool lives. With the guard it ends: what is left is removed then.
    async fn announce(&self) -> Result<DropGuard, StagingError> {
        let (engine, id, ended) = (self.engine.clone(), self.id.clone(), CancellationToken::new());
        let until = || now().plus_ms(i64::try_from(ALIVE.as_millis()).unwrap_or(i64::MAX));
        let process = engine.process().to_owned();
        engine.0.spools.put(&id, &process, until()).await.map_err(std::io::Error::other)?;
        let guard = ended.clone().drop_guard();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = ended.cancelled() => break,
                    () = tokio::time::sleep(ALIVE / 3) => {}
                }
                if let Err(error) = engine.0.spools.put(&id, &process, until()).await {
                    tracing::warn!(error = %error, "the row of a spool could not be renewed");
                }
            }
            engine.remove_spool(&id).await;
        });
        Ok(guard)
    }

    /// Removes everything.
    pub async fn clear(&mut self) {
        if self.alive.is_some() {
            self.engine.remove_spool(&self.id).await;
        }
        self.alive = None;
    }
}

impl Engine {
    /// Removes a spool: first what is staged, then its row. What could not be removed is found by the next sweep.
    async fn remove_spool(&self, id: &str) {
        let removed = async {
            self.0.ports.staging.delete_task(id).await?;
            Ok::<_, Refusal>(self.0.spools.remove(id).await?)
        };
        if let Err(error) = removed.await {
            tracing::warn!(error = %error, "a spool could not be removed and is tried again later");
        }
    }

    /// Removes spools whose process has died. `all`: whoever they belong to, because nobody else runs.
    pub(crate) async fn sweep_spools(&self, all: bool) -> Result<(), Refusal> {
        for spool in self.0.spools.list().await? {
            if all || spool.until < now() {
                tracing::warn!("what a store has left behind is removed");
                self.remove_spool(&spool.id).await;
            }
        }
        Ok(())
    }
}
