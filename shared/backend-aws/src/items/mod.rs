//! ItemStore on one DynamoDB table.
//!
//! An item that has expired is absent, although the table's TTL has not taken it yet: each condition and each query says so. A write
//! that stands alone is a plain put or delete, at half the price of a transaction, unless only the transaction's token makes a second try harmless.

mod attributes;
mod expression;
mod pages;
mod transaction;
mod writes;

use std::sync::Arc;

use adit_store::clock::Clock;
use adit_store::items::{
    Condition, Item, ItemStore, Key, Kind, Page, Query, StoreError, Write, check_query, check_writes,
};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};

use crate::error::{code, refused, told};
use crate::metering;

/// Items in the table.
pub struct DynamoItems {
    client: Client,
    table: String,
    clock: Arc<dyn Clock>,
}

impl DynamoItems {
    /// Items in `table`.
    pub fn new(client: Client, table: String, clock: Arc<dyn Clock>) -> Self {
        Self { client, table, clock }
    }

    /// Seconds since the epoch.
    fn now(&self) -> i64 {
        self.clock.now().seconds()
    }

    /// Checks one condition; a transaction of only a check would cost more and say the same.
    async fn check(&self, key: &Key, condition: Condition) -> Result<(), StoreError> {
        let holds = match condition {
            Condition::None => true,
            Condition::Absent => self.get(key).await?.is_none(),
            Condition::Version(version) => self.get(key).await?.is_some_and(|item| item.version == version),
        };
        if holds { Ok(()) } else { Err(conflict(0)) }
    }
}

#[async_trait]
impl ItemStore for DynamoItems {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(attributes::key(key)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| failure(&error))?;
        count("read", answer.consumed_capacity(), 1.0);
        let item = answer.item.map(attributes::decode).transpose()?;
        Ok(item.filter(|item| item.expires_at.is_none_or(|end| end > self.now())))
    }

    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        check_query(&query)?;
        self.page(&query).await
    }

    async fn transact(&self, mut writes: Vec<Write>) -> Result<(), StoreError> {
        check_writes(&writes)?;
        if writes.len() > 1 {
            return self.together(&writes).await;
        }
        match writes.pop() {
            None => Ok(()),
            Some(Write::Put { item, condition }) => self.put_alone(&item, condition).await,
            Some(Write::Delete { key, condition: Condition::None }) => self.delete_alone(&key).await,
            Some(Write::Check { key, condition }) => self.check(&key, condition).await,
            Some(write) => self.together(&[write]).await,
        }
    }

    /// Always 0: the table's TTL removes what has expired, and until then it answers as absent.
    async fn purge_expired(&self) -> Result<usize, StoreError> {
        Ok(0)
    }
}

fn conflict(index: usize) -> StoreError {
    StoreError::new(Kind::Conflict { index }, "condition not met")
}

/// Sorts an error that is no broken condition.
fn failure<E>(error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let kind = match code(error) {
        Some("ValidationException") if refused(error) => Kind::Invalid,
        _ => Kind::Unavailable,
    };
    StoreError::new(kind, told(error))
}

/// Counts the units that the service named, else those that the size asks for.
fn count(kind: &'static str, consumed: Option<&ConsumedCapacity>, by_size: f64) {
    metering::units(kind, consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or(by_size));
}

/// Text that nobody else comes up with: a put's stamp, a transaction's token.
fn random_text() -> String {
    let mut bytes = [0; 9];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    hex::encode(bytes)
}
