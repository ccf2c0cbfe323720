//! What verification has found, in plain sentences.

use std::collections::HashSet;
use std::fmt;

/// Findings that are listed at most; further ones are counted.
const LISTED: usize = 200;

/// What does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// There is no trail at all.
    Nothing,
    /// The register of chains is missing.
    NoRegister,
    /// An event is not as it was recorded, or stands where it was not.
    Changed,
    /// Events are missing in the middle.
    Gap,
    /// A number occurs twice.
    Duplicate,
    /// Events are missing at the end.
    CutOff,
    /// Events are missing at the beginning that have not expired.
    MissingBeginning,
    /// There are events behind the end that the head names.
    BeyondEnd,
    /// A head is not as it was written.
    HeadChanged,
    /// A chain has events and no head.
    NoHead,
    /// A chain is not entered in the register.
    NotInRegister,
    /// The register names a chain that is gone.
    ChainGone,
    /// A row among the events is no event.
    Stray,
}

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub fault: Fault,
    /// Where, in words that are the same for the same thing.
    pub place: String,
    /// One plain sentence.
    pub sentence: String,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Chains that were walked, the register among them.
    pub chains: u64,
    /// Events that hold.
    pub events: u64,
    /// Events that are gone because their time is over.
    pub expired: u64,
    /// What does not hold, at most 200.
    pub findings: Vec<Finding>,
    /// How many more.
    pub more: u64,
    seen: HashSet<(Fault, String)>,
}

impl Report {
    /// Whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds a finding, once for each place.
    pub(super) fn add(&mut self, fault: Fault, place: impl Into<String>, sentence: impl Into<String>) {
        let place = place.into();
        let room = self.findings.len() < LISTED;
        if room && self.seen.insert((fault, place.clone())) {
            self.findings.push(Finding { fault, place, sentence: sentence.into() });
        } else if !room {
            self.more += 1;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(out, "{}", finding.sentence)?;
        }
        if self.more > 0 {
            writeln!(out, "{} more findings are not listed.", self.more)?;
        }
        let Self { chains, events, expired, .. } = self;
        write!(out, "{events} events in {chains} chains were checked; {expired} older ones have expired. ")?;
        if self.holds() {
            out.write_str("Everything holds: nothing was changed, added or taken away.")
        } else {
            out.write_str("The audit trail does NOT hold.")
        }
    }
}
