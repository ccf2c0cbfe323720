//! Queries. Expired items are filtered by the service, which counts them into its limit: so it is asked until the page is full.

use adit_store::items::{Cursor, Index, Item, Page, Query, SkRange, StoreError};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::attributes::{self, Attributes, text};
use super::expression::Placeholders;
use super::{DynamoItems, count, failure};

/// Names of the index, its partition and its place.
fn names(index: Index) -> (Option<&'static str>, &'static str, &'static str) {
    match index {
        Index::Primary => (None, "pk", "sk"),
        Index::First => (Some("first"), "i1pk", "i1sk"),
        Index::Second => (Some("second"), "i2pk", "i2sk"),
    }
}

impl DynamoItems {
    /// One page; one item more is asked for, to know whether another page follows.
    pub(super) async fn page(&self, query: &Query) -> Result<Page, StoreError> {
        let limit = query.limit.max(1);
        let (index, ..) = names(query.index);
        let mut holders = Placeholders::default();
        let Some(condition) = condition(query, &mut holders) else { return Ok(Page::default()) };
        let filter = holders.not_expired(self.now());
        let mut start = query.after.as_ref().map(|cursor| start_key(query, cursor));
        let mut items = Vec::new();
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .set_index_name(index.map(str::to_owned))
                .key_condition_expression(&condition)
                .filter_expression(&filter)
                .set_expression_attribute_names(holders.names())
                .set_expression_attribute_values(holders.values())
                .set_exclusive_start_key(start)
                .scan_index_forward(!query.descending)
                .limit(i32::try_from(limit + 1 - items.len()).unwrap_or(i32::MAX))
                .consistent_read(query.index == Index::Primary)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| failure(&error))?;
            count("read", answer.consumed_capacity(), if query.index == Index::Primary { 1.0 } else { 0.5 });
            for found in answer.items.unwrap_or_default() {
                items.push(attributes::decode(found)?);
            }
            start = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if items.len() > limit || start.is_none() {
                return Ok(cut(items, limit, query.index));
            }
        }
    }
}

fn cut(mut items: Vec<Item>, limit: usize, index: Index) -> Page {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| Cursor {
        place: match index {
            Index::Primary => Some(&last.key.sk),
            Index::First => last.index1.as_ref().map(|pair| &pair.1),
            Index::Second => last.index2.as_ref().map(|pair| &pair.1),
        }
        .cloned()
        .unwrap_or_default(),
        pk: last.key.pk.clone(),
        sk: last.key.sk.clone(),
    });
    Page { items, next }
}

/// The condition on the partition and the place; `None` if nothing can meet it, which the service would call an error.
fn condition(query: &Query, holders: &mut Placeholders) -> Option<String> {
    if query.pk.is_empty() {
        return None;
    }
    let (_, partition, place) = names(query.index);
    let partition = format!("{} = {}", holders.name(partition), holders.value("partition", text(&query.pk)));
    let place = |holders: &mut Placeholders| holders.name(place);
    Some(match &query.sk {
        SkRange::All => partition,
        SkRange::Prefix(prefix) if prefix.is_empty() => partition,
        SkRange::Prefix(prefix) => {
            format!("{partition} AND begins_with({}, {})", place(holders), holders.value("low", text(prefix)))
        }
        SkRange::Between(low, high) if high.is_empty() || low > high => return None,
        SkRange::Between(low, high) if low.is_empty() => {
            format!("{partition} AND {} <= {}", place(holders), holders.value("high", text(high)))
        }
        SkRange::Between(low, high) => {
            let (low, high) = (holders.value("low", text(low)), holders.value("high", text(high)));
            format!("{partition} AND {} BETWEEN {low} AND {high}", place(holders))
        }
    })
}

fn start_key(query: &Query, cursor: &Cursor) -> Attributes {
    let (index, partition, place) = names(query.index);
    let mut key = Attributes::from([("pk".to_owned(), text(&cursor.pk)), ("sk".to_owned(), text(&cursor.sk))]);
    if index.is_some() {
        key.insert(partition.to_owned(), text(&query.pk));
        key.insert(place.to_owned(), text(&cursor.place));
    }
    key
}
