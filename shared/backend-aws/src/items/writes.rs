//! Writes as DynamoDB's operations.
//!
//! A put without condition has two forms, because an expired item that still lies there must not lend its counters and version to the
//! new one: `over` an item that is live or not there, `fresh` in place of one that has expired. The first is tried first.

use std::collections::BTreeMap;

use adit_store::items::{Condition, Item, Key, Kind, StoreError, Write};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};

use super::attributes::{self, Attributes, INDEX_NAMES, number, text};
use super::expression::Placeholders;
use super::transaction::Patience;
use super::{DynamoItems, conflict, count, failure, random_text};
use crate::error::code;

/// Attribute that tells whose the last plain put was, so that a second try knows the first one's work.
const STAMP: &str = "stamp";

/// What is done to one item.
#[derive(Debug, Clone)]
pub enum Action {
    /// Replaces it.
    Put(Attributes),
    /// Changes it by this expression.
    Update(String),
    /// Removes it.
    Delete,
    /// Only the condition counts.
    Check,
}

/// An operation on one item.
#[derive(Debug, Clone)]
pub struct Operation {
    pub key: Key,
    pub action: Action,
    pub condition: Option<String>,
    pub placeholders: Placeholders,
}

/// Which form a put without condition takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Over,
    Fresh,
}

impl Form {
    pub fn other(self) -> Self {
        if self == Self::Over { Self::Fresh } else { Self::Over }
    }
}

/// The operation for a write; `None` if there is nothing to do or to check.
pub fn operation(write: &Write, form: Form, stamp: Option<&str>, now: i64) -> Result<Option<Operation>, StoreError> {
    let mut placeholders = Placeholders::default();
    let condition = match write {
        Write::Put { condition: Condition::None, .. } => Some(match form {
            Form::Over => placeholders.not_expired(now),
            Form::Fresh => placeholders.absent(now),
        }),
        Write::Put { condition, .. } | Write::Delete { condition, .. } | Write::Check { condition, .. } => {
            match condition {
                Condition::None => None,
                Condition::Absent => Some(placeholders.absent(now)),
                Condition::Version(version) => Some(placeholders.has_version(*version, now)),
            }
        }
        Write::Add { .. } => Some(placeholders.exists(now)),
    };
    let action = match write {
        Write::Put { item, condition } => match (condition, form) {
            (Condition::Absent, _) | (Condition::None, Form::Fresh) => {
                let mut all = attributes::fresh(item)?;
                all.extend(stamp.map(|stamp| (STAMP.to_owned(), text(stamp))));
                Action::Put(all)
            }
            (Condition::Version(version), _) => {
                Action::Update(replace(item, Some(*version), stamp, &mut placeholders)?)
            }
            (Condition::None, Form::Over) => Action::Update(replace(item, None, stamp, &mut placeholders)?),
        },
        Write::Delete { .. } => Action::Delete,
        Write::Check { .. } if condition.is_none() => return Ok(None),
        Write::Check { .. } => Action::Check,
        Write::Add { deltas, .. } => add(deltas, &mut placeholders)?,
    };
    Ok(Some(Operation { key: write.key().clone(), action, condition, placeholders }))
}

/// Everything of the item but its counters, which only a new one takes.
fn replace(
    item: &Item,
    version: Option<u64>,
    stamp: Option<&str>,
    holders: &mut Placeholders,
) -> Result<String, StoreError> {
    let mut set = Vec::new();
    let mut remove = Vec::new();
    let mut assign = |holders: &mut Placeholders, name: &str, value: AttributeValue| {
        set.push(format!("{} = {}", holders.name(name), holders.value(name, value)));
    };
    assign(holders, "body", attributes::body(item)?);
    let optional = INDEX_NAMES.into_iter().zip(attributes::places(item).map(|place| place.map(text)));
    for (name, value) in optional.chain([("expires_at", item.expires_at.map(number)), (STAMP, stamp.map(text))]) {
        match value {
            Some(value) => assign(holders, name, value),
            None => remove.push(holders.name(name)),
        }
    }
    match version {
        Some(version) => assign(holders, "version", number(version + 1)),
        None => {
            let (name, zero, one) =
                (holders.name("version"), holders.value("zero", number(0)), holders.value("one", number(1)));
            set.push(format!("{name} = if_not_exists({name}, {zero}) + {one}"));
            let (name, value) = (holders.name("counters"), holders.value("counters", attributes::counters(item)));
            set.push(format!("{name} = if_not_exists({name}, {value})"));
        }
    }
    let removed = if remove.is_empty() { String::new() } else { format!(" REMOVE {}", remove.join(", ")) };
    Ok(format!("SET {}{removed}", set.join(", ")))
}

fn add(deltas: &[(String, i64)], holders: &mut Placeholders) -> Result<Action, StoreError> {
    let mut sums = BTreeMap::<&str, i64>::new();
    for (name, delta) in deltas {
        let sum = sums.entry(name).or_default();
        *sum = sum.checked_add(*delta).ok_or_else(|| StoreError::new(Kind::Invalid, "too much is added"))?;
    }
    if sums.is_empty() {
        return Ok(Action::Check);
    }
    let (counters, zero) = (holders.name("counters"), holders.value("zero", number(0)));
    let set = sums.into_iter().enumerate().map(|(at, (name, delta))| {
        let (name, delta) = (holders.odd_name(at, name), holders.value(&format!("d{at}"), number(delta)));
        format!("{counters}.{name} = if_not_exists({counters}.{name}, {zero}) + {delta}")
    });
    let set = set.collect::<Vec<_>>().join(", ");
    Ok(Action::Update(format!("SET {set}")))
}

/// What became of a plain put.
enum Put {
    Done(Option<f64>),
    /// The condition did not hold; this is the stamp of what lies there.
    Conflict(Option<String>),
    /// A transaction is at work on the item.
    Busy,
}

impl DynamoItems {
    /// A put of its own, without a transaction. If an answer is lost and the second try meets the first one's work, the stamp tells.
    pub(super) async fn put_alone(&self, item: &Item, condition: Condition) -> Result<(), StoreError> {
        let write = Write::Put { item: item.clone(), condition };
        let stamp = random_text();
        let (mut form, mut patience) = (Form::Over, Patience::default());
        loop {
            let Some(operation) = operation(&write, form, Some(&stamp), self.now())? else { return Ok(()) };
            match self.try_put(operation).await? {
                Put::Done(units) => {
                    crate::metering::units("write", units.unwrap_or_else(|| attributes::write_units(item, false)));
                    return Ok(());
                }
                Put::Conflict(found) if found.as_ref() == Some(&stamp) => return Ok(()),
                Put::Conflict(_) if condition == Condition::None => {
                    form = form.other();
                    patience.wait("an item").await?;
                }
                Put::Conflict(_) => return Err(conflict(0)),
                Put::Busy => patience.wait("an item").await?,
            }
        }
    }

    async fn try_put(&self, operation: Operation) -> Result<Put, StoreError> {
        let Operation { key, action, condition, placeholders } = operation;
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        match action {
            Action::Put(all) => {
                let sent = self.client.put_item().table_name(&self.table).set_item(Some(all));
                let sent = sent
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .return_values_on_condition_check_failure(old)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                match sent.send().await {
                    Ok(answer) => Ok(Put::Done(answer.consumed_capacity().and_then(|used| used.capacity_units()))),
                    Err(error) => {
                        let failed = error.as_service_error().and_then(|error| match error {
                            aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(
                                failed,
                            ) => Some(failed),
                            _ => None,
                        });
                        not_put(&error, failed)
                    }
                }
            }
            Action::Update(expression) => {
                let sent = self.client.update_item().table_name(&self.table).set_key(Some(attributes::key(&key)));
                let sent = sent
                    .update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .return_values_on_condition_check_failure(old)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                match sent.send().await {
                    Ok(answer) => Ok(Put::Done(answer.consumed_capacity().and_then(|used| used.capacity_units()))),
                    Err(error) => {
                        let failed = error.as_service_error().and_then(|error| match error {
                            aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(failed) => Some(failed),
                            _ => None,
                        });
                        not_put(&error, failed)
                    }
                }
            }
            Action::Delete | Action::Check => Err(StoreError::new(Kind::Invalid, "not a put")),
        }
    }

    /// A delete without condition.
    pub(super) async fn delete_alone(&self, key: &Key) -> Result<(), StoreError> {
        let mut patience = Patience::default();
        loop {
            let sent = self
                .client
                .delete_item()
                .table_name(&self.table)
                .set_key(Some(attributes::key(key)))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            match sent {
                Ok(answer) => {
                    count("write", answer.consumed_capacity(), 1.0);
                    return Ok(());
                }
                Err(error) if code(&error) == Some("TransactionConflictException") => patience.wait("an item").await?,
                Err(error) => return Err(failure(&error)),
            }
        }
    }
}

fn not_put<E>(error: &SdkError<E>, failed: Option<&ConditionalCheckFailedException>) -> Result<Put, StoreError>
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata + std::error::Error + 'static,
{
    match (code(error), failed) {
        (_, Some(failed)) => {
            let found = failed.item().and_then(|item| item.get(STAMP));
            Ok(Put::Conflict(found.and_then(|stamp| stamp.as_s().ok()).cloned()))
        }
        (Some("TransactionConflictException"), _) => Ok(Put::Busy),
        _ => Err(failure(error)),
    }
}
