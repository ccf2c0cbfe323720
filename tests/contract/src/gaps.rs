//! Promises that a backend is excused from.

/// A promise that not every backend can keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// An index shows a write as soon as it is acknowledged.
    IndexesAreCurrent,
    /// Items at the same place of an index come in the order of their keys.
    EqualPlacesInOrder,
    /// `purge_expired` removes what has expired and counts it.
    PurgeCounts,
    /// A receipt is refused once the message was delivered again or is gone.
    StaleReceiptsAreRefused,
    /// The group with the fewest messages on loan is served next.
    FewestOnLoanFirst,
    /// Messages of a group come in the order in which they were sent.
    OrderWithinGroup,
}

/// Promises that a backend is excused from, each with the reason.
#[derive(Debug, Clone, Copy)]
pub struct Gaps(pub &'static [(Promise, &'static str)]);

impl Gaps {
    /// Every promise is kept.
    pub const NONE: Self = Self(&[]);

    /// Whether the backend is excused from this promise; says so with the reason.
    pub fn excuse(self, promise: Promise) -> bool {
        let gap = self.0.iter().find(|(excused, _)| *excused == promise);
        if let Some((promise, reason)) = gap {
            println!("excused from {promise:?}: {reason}");
        }
        gap.is_some()
    }
}
