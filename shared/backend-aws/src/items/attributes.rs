//! An item as DynamoDB's attributes and back.

use std::collections::{BTreeMap, HashMap};

use adit_store::items::{Item, Key, Kind, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;

/// Attributes by name.
pub type Attributes = HashMap<String, AttributeValue>;

/// Names of the four attributes that place an item in the indexes.
pub const INDEX_NAMES: [&str; 4] = ["i1pk", "i1sk", "i2pk", "i2sk"];

pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The primary key.
pub fn key(key: &Key) -> Attributes {
    HashMap::from([("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))])
}

/// What stands for `body`.
pub fn body(item: &Item) -> Result<AttributeValue, StoreError> {
    serde_json::to_string(&item.body).map(AttributeValue::S).map_err(|error| StoreError::new(Kind::Invalid, error))
}

/// What stands for `counters`.
pub fn counters(item: &Item) -> AttributeValue {
    AttributeValue::M(item.counters.iter().map(|(name, value)| (name.clone(), number(value))).collect())
}

/// The places in the indexes, in the order of [`INDEX_NAMES`].
pub fn places(item: &Item) -> [Option<&String>; 4] {
    let (first, second) = (item.index1.as_ref(), item.index2.as_ref());
    [first.map(|pair| &pair.0), first.map(|pair| &pair.1), second.map(|pair| &pair.0), second.map(|pair| &pair.1)]
}

/// A new item, with version 1.
pub fn fresh(item: &Item) -> Result<Attributes, StoreError> {
    let mut all = key(&item.key);
    all.insert("body".into(), body(item)?);
    all.insert("counters".into(), counters(item));
    all.insert("version".into(), number(1));
    for (name, place) in INDEX_NAMES.into_iter().zip(places(item)) {
        all.extend(place.map(|place| (name.to_owned(), text(place))));
    }
    all.extend(item.expires_at.map(|end| ("expires_at".to_owned(), number(end))));
    Ok(all)
}

/// Write units for one item: 1 per KiB begun, twice in a transaction, and once for each index it stands in.
pub fn write_units(item: &Item, in_transaction: bool) -> f64 {
    let indexes = [&item.index1, &item.index2].into_iter().flatten().count();
    let places: usize = places(item).into_iter().flatten().map(String::len).sum();
    let body = serde_json::to_string(&item.body).map_or(0, |text| text.len());
    let size = item.key.pk.len() + item.key.sk.len() + places + body + 24 * item.counters.len() + 64;
    let units = size.div_ceil(1024) * (indexes + if in_transaction { 2 } else { 1 });
    f64::from(u32::try_from(units).unwrap_or(u32::MAX))
}

/// An item as it is stored; text that cannot be read is [`Kind::Corrupt`].
pub fn decode(mut all: Attributes) -> Result<Item, StoreError> {
    let mut text = |name: &str| match all.remove(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    };
    let key = text("pk").zip(text("sk")).map(|(pk, sk)| Key { pk, sk }).ok_or_else(|| corrupt("key"))?;
    let body = text("body").and_then(|body| serde_json::from_str(&body).ok()).ok_or_else(|| corrupt("body"))?;
    let (index1, index2) = (text("i1pk").zip(text("i1sk")), text("i2pk").zip(text("i2sk")));
    let version = integer(all.get("version")).and_then(|n| u64::try_from(n).ok()).ok_or_else(|| corrupt("version"))?;
    let counters = match all.get("counters") {
        Some(AttributeValue::M(counters)) => counters
            .iter()
            .map(|(name, value)| integer(Some(value)).map(|value| (name.clone(), value)))
            .collect::<Option<BTreeMap<_, _>>>()
            .ok_or_else(|| corrupt("counters"))?,
        _ => return Err(corrupt("counters")),
    };
    Ok(Item { key, body, counters, index1, index2, version, expires_at: integer(all.get("expires_at")) })
}

fn integer(value: Option<&AttributeValue>) -> Option<i64> {
    match value {
        Some(AttributeValue::N(number)) => number.parse().ok(),
        _ => None,
    }
}

fn corrupt(what: &str) -> StoreError {
    StoreError::new(Kind::Corrupt, format!("the {what} of a stored item cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item() -> Item {
        Item {
            key: Key { pk: "P".into(), sk: "S".into() },
            body: json!({ "a": [1, null, "ü"] }),
            counters: BTreeMap::from([("n".into(), -5)]),
            index1: Some(("I".into(), "1".into())),
            index2: None,
            version: 1,
            expires_at: Some(7),
        }
    }

    #[test]
    fn an_item_comes_back_as_it_went() {
        assert_eq!(decode(fresh(&item()).unwrap()).unwrap(), item());
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for name in ["pk", "body", "version", "counters"] {
            let mut all = fresh(&item()).unwrap();
            all.insert(name.into(), AttributeValue::Bool(true));
            assert_eq!(decode(all).unwrap_err().kind, Kind::Corrupt, "{name}");
        }
    }

    #[test]
    fn units_grow_with_size_indexes_and_transactions() {
        assert!((write_units(&item(), false) - 2.0).abs() < f64::EPSILON);
        assert!((write_units(&item(), true) - 3.0).abs() < f64::EPSILON);
        let large = Item { body: json!("x".repeat(2000)), index1: None, ..item() };
        assert!((write_units(&large, false) - 3.0).abs() < f64::EPSILON);
    }
}
