//! What a rule set is asked for each element, and what it may answer.

use crate::facts::Facts;

/// An element in its place.
#[derive(Debug, Clone, Copy)]
pub struct ElementContext<'a> {
    /// Tag as 0xGGGGEEEE.
    pub tag: u32,
    /// VR as written, or from the dictionary.
    pub vr: [u8; 2],
    /// 0 at the top level, one more in each sequence.
    pub depth: usize,
    /// Whether the group is odd.
    pub is_private: bool,
    /// The value of a non-sequence.
    pub value: &'a [u8],
    /// The instance.
    pub facts: &'a Facts,
}

/// What happens to an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It stays byte for byte; the items of a sequence are looked at one by one.
    Keep,
    /// It disappears.
    Remove,
    /// It stays without a value.
    Empty,
    /// It gets this value (padding is added).
    Replace(Vec<u8>),
}

/// An element that is written whether or not it was there; one of the same tag is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted {
    /// Tag as 0xGGGGEEEE.
    pub tag: u32,
    /// Its VR.
    pub vr: [u8; 2],
    /// Its value, without padding.
    pub value: Vec<u8>,
}

/// Decides over the elements of a data set. The same data set always gets the same decisions.
pub trait RuleSet: Send + Sync {
    /// What happens to this element.
    fn action(&self, element: &ElementContext<'_>) -> Action;
    /// What is written at the top level in any case.
    fn inserted(&self, facts: &Facts) -> Vec<Inserted>;
    /// Whether group lengths are dropped (they are wrong after a change).
    fn drops_group_lengths(&self) -> bool {
        true
    }
}
