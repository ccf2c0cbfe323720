//! `worker`: transfers that need no DIMSE, from the queues of the lane `worker`.
//!
//! Before the invocation ends, what still runs is handed back with its receipts and goes on in another one. A pointer that comes too
//! early is sent anew, so that waiting does not count as failing.

use std::sync::Arc;
use std::time::Duration;

use adit_backend_aws::{ReceivedMessage, delivery};
use adit_engine::Engine;
use adit_engine::worker::Worked;
use adit_store::queue::{Band, Delivery, Lane, WorkQueue};
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use tokio_util::sync::CancellationToken;

use crate::batch::{self, Record, Response};
use crate::budget::Budget;

/// The room.
pub struct Worker {
    /// Use cases.
    pub engine: Engine,
    /// The queue that the records are from.
    pub queue: Arc<dyn WorkQueue>,
    /// How a record is read.
    pub to_delivery: fn(SqsMessage) -> Delivery,
}

impl Worker {
    /// Works on a batch for at most `left`.
    pub async fn handle(&self, event: SqsEvent, left: Duration) -> Response {
        let budget = Budget::of(left);
        let stop = CancellationToken::new();
        let handled = batch::each(event, budget.all, |record| {
            let (engine, queue, stop) = (self.engine.clone(), Arc::clone(&self.queue), stop.clone());
            let delivery = (self.to_delivery)(record);
            async move { answer(&*queue, &delivery, engine.work_on(&delivery, &stop).await).await }
        });
        tokio::pin!(handled);
        tokio::select! {
            response = &mut handled => return response,
            () = tokio::time::sleep(budget.work) => {}
        }
        tracing::info!("the invocation is about to end; what runs is handed back");
        stop.cancel();
        handled.await
    }
}

/// Lambda removes the record of what is done; everything else is told to the queue here.
async fn answer(queue: &dyn WorkQueue, delivery: &Delivery, worked: Worked) -> Record {
    let told = match worked {
        Worked::Done => return Record::Done,
        Worked::Later(wait) => queue.release(&delivery.receipt, wait).await,
        Worked::Unreadable(reason) => queue.dead_letter(&delivery.receipt, &reason).await,
    };
    match told {
        Ok(()) => Record::Done,
        Err(error) => {
            tracing::warn!(error = %error, "the queue did not take the answer; the pointer comes again");
            Record::Again
        }
    }
}

/// A record of one of the lane's two queues.
pub fn delivery_of(record: SqsMessage) -> Delivery {
    let urgent = record.event_source_arn.is_some_and(|arn| arn.ends_with("-urgent"));
    let attribute = |name: &str| record.attributes.get(name).cloned().unwrap_or_default();
    let trace = record.message_attributes.get("trace").and_then(|trace| trace.string_value.clone());
    let received = ReceivedMessage {
        group: attribute("MessageGroupId"),
        receive_count: attribute("ApproximateReceiveCount").parse().unwrap_or(1),
        trace: trace.unwrap_or_default(),
        body: record.body.unwrap_or_default(),
        receipt_handle: record.receipt_handle.unwrap_or_default(),
    };
    delivery(Lane::Worker, if urgent { Band::Urgent } else { Band::Normal }, received)
}

#[cfg(test)]
mod tests;
