//! A batch of queue records: each is handled in a task of its own, and what fails is named by its id, so that one record's panic or poison
//! never takes the others along (`ReportBatchItemFailures`).

use std::collections::HashMap;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// Which records are to come again.
pub type Response = SqsBatchResponse;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// It may go.
    Done,
    /// It is to come again.
    Again,
}

/// Handles all records at the same time, for at most `limit`; what is not done by then comes again.
pub async fn each<F>(event: SqsEvent, limit: Duration, handle: impl Fn(SqsMessage) -> F) -> Response
where
    F: Future<Output = Record> + Send + 'static,
{
    let until = Instant::now() + limit;
    let (mut running, mut open) = (JoinSet::new(), HashMap::new());
    for record in event.records {
        let id = record.message_id.clone().unwrap_or_default();
        open.insert(running.spawn(handle(record)).id(), id);
    }
    let mut again = Vec::new();
    while let Ok(Some(ended)) = timeout_at(until, running.join_next_with_id()).await {
        match ended {
            Ok((task, Record::Done)) => _ = open.remove(&task),
            Ok((task, Record::Again)) => again.extend(open.remove(&task)),
            Err(error) => {
                tracing::error!("the handling of a record broke; it comes again");
                again.extend(open.remove(&error.id()));
            }
        }
    }
    if !open.is_empty() {
        tracing::error!(records = open.len(), "records are not done at the end of the invocation; they come again");
    }
    running.shutdown().await;
    let mut response = Response::default();
    response.set_failures(again.into_iter().chain(open.into_values()));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{event, failed};

    #[tokio::test]
    async fn one_record_never_takes_the_others_along() {
        let event = event(["good", "bad", "panic", "slow", "fine"]);
        let response = each(event, Duration::from_millis(300), |record| async move {
            match record.body.as_deref() {
                Some("bad") => Record::Again,
                Some("panic") => unreachable!("a bug"),
                Some("slow") => std::future::pending().await,
                _ => Record::Done,
            }
        });
        assert_eq!(failed(&response.await), ["bad", "panic", "slow"]);
    }

    #[tokio::test]
    async fn the_answer_has_the_form_that_lambda_reads() {
        let response = each(event(["a", "b"]), Duration::from_secs(1), |_| async { Record::Again }).await;
        let mut value = serde_json::to_value(&response).unwrap();
        value["batchItemFailures"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
        assert_eq!(
            value,
            serde_json::json!({ "batchItemFailures": [{ "itemIdentifier": "a" }, { "itemIdentifier": "b" }] })
        );
    }
}
