//! DynamoDB's expressions: text with placeholders for names and values. All names get one, so that no reserved word can stand there.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::number;

/// An expression's placeholders.
#[derive(Debug, Clone, Default)]
pub struct Placeholders {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Placeholders {
    /// The placeholder of an attribute.
    pub fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// The placeholder of an attribute with a name of any letters; `number` tells it from others.
    pub fn odd_name(&mut self, number: usize, name: &str) -> String {
        let placeholder = format!("#n{number}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// The placeholder of a value.
    pub fn value(&mut self, name: &str, value: AttributeValue) -> String {
        let placeholder = format!(":{name}");
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// True for an item that has not expired, and for one that does not exist.
    pub fn not_expired(&mut self, now: i64) -> String {
        let (end, now) = (self.name("expires_at"), self.value("now", number(now)));
        format!("(attribute_not_exists({end}) OR {end} > {now})")
    }

    /// True for an item that answers as absent.
    pub fn absent(&mut self, now: i64) -> String {
        let (pk, end, now) = (self.name("pk"), self.name("expires_at"), self.value("now", number(now)));
        format!("(attribute_not_exists({pk}) OR {end} <= {now})")
    }

    /// True for an item that exists.
    pub fn exists(&mut self, now: i64) -> String {
        let (pk, live) = (self.name("pk"), self.not_expired(now));
        format!("attribute_exists({pk}) AND {live}")
    }

    /// True for an item that exists with this version.
    pub fn has_version(&mut self, version: u64, now: i64) -> String {
        let (name, value) = (self.name("version"), self.value("expected", number(version)));
        let live = self.not_expired(now);
        format!("{name} = {value} AND {live}")
    }

    /// The names as requests take them: absent rather than empty.
    pub fn names(&self) -> Option<HashMap<String, String>> {
        Some(self.names.clone()).filter(|names| !names.is_empty())
    }

    /// The values as requests take them.
    pub fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        Some(self.values.clone()).filter(|values| !values.is_empty())
    }
}
