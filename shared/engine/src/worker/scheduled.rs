//! A pointer to a scheduled search of a rule. It may run twice: what has fired does not fire again.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use adit_store::queue::{Delivery, RulePointer};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::{AGAIN, HOLD, Worked};
use crate::Engine;

impl Engine {
    pub(super) async fn scheduled(
        &self,
        delivery: &Delivery,
        pointer: &RulePointer,
        stop: &CancellationToken,
    ) -> Worked {
        let due = tokio::select! {
            due = AssertUnwindSafe(self.rule_due(pointer)).catch_unwind() => due,
            () = stop.cancelled() => return Worked::Later(Duration::ZERO),
            () = self.hold(delivery) => return Worked::Later(Duration::ZERO),
        };
        match due {
            Ok(Ok(None)) => Worked::Done,
            Ok(Ok(Some(wait))) => Worked::Later(wait),
            Ok(Err(error)) => {
                tracing::error!(rule = %pointer.rule_id, error = %error, "a scheduled search could not be handled; it comes again");
                Worked::Later(AGAIN)
            }
            Err(_) => {
                tracing::error!(rule = %pointer.rule_id, "a scheduled search broke; it comes again");
                Worked::Later(AGAIN)
            }
        }
    }

    /// Renews the hold for as long as it is polled.
    pub(super) async fn hold(&self, delivery: &Delivery) {
        loop {
            tokio::time::sleep(HOLD / 3).await;
            if let Err(error) = self.0.ports.queue.extend(&delivery.receipt, HOLD).await {
                tracing::warn!(error = %error, "the hold on a queue message could not be renewed");
            }
        }
    }
}
