//! Delivery by C-STORE over associations that are used again and again.

use std::sync::Arc;

use adit_dimse::{Service, StatusClass, StoreOutcome};
use adit_domain::task::LogLevel;
use tokio::sync::OwnedSemaphorePermit;

use super::{Queue, next};
use crate::peers::{Content, Line, Route, Sent};
use crate::transfer::Transfer;
use crate::transfer::problem::Problem;
use crate::transfer::sink::StagedInstance;

impl Transfer {
    /// Sends instances until no more come.
    pub(super) async fn into_server(
        self: Arc<Self>,
        queue: Queue,
        _permit: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Problem> {
        let mut line = Line::default();
        let result = self.send_all(&queue, &mut line).await;
        line.close(result.is_ok()).await;
        result
    }

    async fn send_all(&self, queue: &Queue, line: &mut Line) -> Result<(), Problem> {
        let route = Route { engine: &self.engine, end: &self.destination, stop: &self.stop, has_another: false };
        let again = |sentence: &str| self.ledger.note(LogLevel::Info, "Sending again", sentence);
        while let Some(instance) = next(queue).await {
            if self.stop.is_cancelled() {
                return Err(Problem::Canceled);
            }
            let content = Content::staged(&self.engine.0.ports.staging, instance.key.clone(), instance.size);
            match line.send(route, instance.outgoing(&content), &again).await? {
                Sent::Accepted(outcome) => self.accepted(&instance, &outcome).await?,
                Sent::Refused { reason, transient, .. } => self.undeliverable(&instance, &reason, transient).await?,
            }
        }
        Ok(())
    }

    async fn accepted(&self, instance: &StagedInstance, outcome: &StoreOutcome) -> Result<(), Problem> {
        if outcome.status.class() == StatusClass::Warning {
            let sentence = format!(
                "The destination took an image with a remark: {} (status {}).",
                outcome.status.sentence(Service::Store),
                outcome.status
            );
            self.ledger.note(LogLevel::Warning, "Remark of the destination", &sentence);
        }
        self.delivered(instance).await
    }
}
