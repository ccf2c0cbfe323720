//! Events as tests make them.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};

/// An event with these bodies; each is also its record's id and receipt.
pub fn event<'a>(bodies: impl IntoIterator<Item = &'a str>) -> SqsEvent {
    let record = |body: &str| {
        let mut record = SqsMessage::default();
        record.message_id = Some(body.to_owned());
        record.receipt_handle = Some(body.to_owned());
        record.body = Some(body.to_owned());
        record
    };
    let mut event = SqsEvent::default();
    event.records = bodies.into_iter().map(record).collect();
    event
}

/// Ids of what is to come again, in order.
pub fn failed(response: &SqsBatchResponse) -> Vec<String> {
    let mut ids: Vec<String> =
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.clone()).collect();
    ids.sort();
    ids
}
