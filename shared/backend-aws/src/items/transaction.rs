//! Several writes together.

use std::time::Duration;

use adit_store::items::{Condition, Kind, StoreError, Write};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnConsumedCapacity, TransactWriteItem, Update,
};

use super::attributes;
use super::writes::{Action, Form, Operation, operation};
use super::{DynamoItems, conflict, failure, random_text};
use crate::error::code;
use crate::metering;

/// How often a write is tried again because others are at work on its items, or because there are too many at once.
const TRIES: u32 = 14;
/// The first wait is up to this long, each further one up to twice as long, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Waits between tries: random times that grow, about 4 s in all, then no more.
#[derive(Debug, Default)]
pub struct Patience(u32);

impl Patience {
    /// Waits for the next try, or gives up with [`Kind::Unavailable`].
    pub async fn wait(&mut self, what: &str) -> Result<(), StoreError> {
        self.0 += 1;
        if self.0 > TRIES {
            let said = format!("{what} was changed by others all the time; {TRIES} tries");
            return Err(StoreError::new(Kind::Unavailable, said));
        }
        let longest = LONGEST_WAIT.min(FIRST_WAIT * 2_u32.pow(self.0.min(10)));
        let mut random = [0; 4];
        getrandom::fill(&mut random).expect("the operating system gives random numbers");
        let share = f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX);
        tokio::time::sleep(longest.mul_f64(share)).await;
        Ok(())
    }
}

/// Why a transaction was not done.
enum Canceled {
    /// The condition of this write did not hold.
    Conflict(usize),
    /// These puts met an item that had expired, or no longer had.
    Forms(Vec<usize>),
    /// Others are at work.
    Busy,
    /// For good.
    Failed(StoreError),
}

impl DynamoItems {
    /// Does all writes or none. The token makes a second try after a lost answer harmless: it stays the same through all tries, and so must
    /// the moment, until the writes themselves take another form.
    pub(super) async fn together(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut forms = vec![Form::Over; writes.len()];
        let mut patience = Patience::default();
        let (now, mut token) = (self.now(), random_text());
        loop {
            let (mut items, mut places) = (Vec::new(), Vec::new());
            for (at, (write, form)) in writes.iter().zip(&forms).enumerate() {
                if let Some(operation) = operation(write, *form, None, now)? {
                    items.push(self.transactional(operation)?);
                    places.push(at);
                }
            }
            if items.is_empty() {
                return Ok(());
            }
            let request =
                self.client.transact_write_items().client_request_token(&token).set_transact_items(Some(items));
            match request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
                Ok(answer) => {
                    let used: f64 = answer.consumed_capacity().iter().filter_map(|used| used.capacity_units()).sum();
                    metering::units("write", if used > 0.0 { used } else { price(writes) });
                    return Ok(());
                }
                Err(error) => match canceled(&error, writes, &places) {
                    Canceled::Conflict(at) => return Err(conflict(at)),
                    Canceled::Failed(error) => return Err(error),
                    Canceled::Busy => patience.wait("a transaction").await?,
                    Canceled::Forms(wrong) => {
                        wrong.into_iter().for_each(|at| forms[at] = forms[at].other());
                        token = random_text();
                        patience.wait("a transaction").await?;
                    }
                },
            }
        }
    }

    fn transactional(&self, operation: Operation) -> Result<TransactWriteItem, StoreError> {
        let Operation { key, action, condition, placeholders } = operation;
        let (names, values) = (placeholders.names(), placeholders.values());
        let key = Some(attributes::key(&key));
        let item = TransactWriteItem::builder();
        let built = match action {
            Action::Put(all) => Put::builder()
                .table_name(&self.table)
                .set_item(Some(all))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .build()
                .map(|put| item.put(put)),
            Action::Update(expression) => Update::builder()
                .table_name(&self.table)
                .set_key(key)
                .update_expression(expression)
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .build()
                .map(|update| item.update(update)),
            Action::Delete => Delete::builder()
                .table_name(&self.table)
                .set_key(key)
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .build()
                .map(|delete| item.delete(delete)),
            Action::Check => ConditionCheck::builder()
                .table_name(&self.table)
                .set_key(key)
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .build()
                .map(|check| item.condition_check(check)),
        };
        built.map(|item| item.build()).map_err(|error| StoreError::new(Kind::Invalid, error))
    }
}

/// Reads the reasons, one per operation; `places` tells which write each operation was.
fn canceled(error: &SdkError<TransactWriteItemsError>, writes: &[Write], places: &[usize]) -> Canceled {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
        return match code(error) {
            Some("TransactionInProgressException" | "TransactionConflictException") => Canceled::Busy,
            _ => Canceled::Failed(failure(error)),
        };
    };
    let mut wrong_forms = Vec::new();
    let mut busy = false;
    for (reason, at) in canceled.cancellation_reasons().iter().map(CancellationReason::code).zip(places) {
        match reason {
            None | Some("None") => {}
            Some("ConditionalCheckFailed") => match writes[*at] {
                Write::Put { condition: Condition::None, .. } => wrong_forms.push(*at),
                _ => return Canceled::Conflict(*at),
            },
            Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded") => busy = true,
            Some(other) => {
                return Canceled::Failed(StoreError::new(Kind::Invalid, format!("write {at}: {other}")));
            }
        }
    }
    match (wrong_forms.is_empty(), busy) {
        (false, _) => Canceled::Forms(wrong_forms),
        (true, true) => Canceled::Busy,
        (true, false) => Canceled::Failed(failure(error)),
    }
}

fn price(writes: &[Write]) -> f64 {
    let units = |write: &Write| match write {
        Write::Put { item, .. } => attributes::write_units(item, true),
        _ => 2.0,
    };
    writes.iter().map(units).sum()
}
