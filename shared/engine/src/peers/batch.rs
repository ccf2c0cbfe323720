//! Staged instances as the content of one STOW-RS request: how many go together, and what the answer says of each.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use adit_dicomweb::store::reason;
use adit_dicomweb_client::{Source, StoreOutcome};
use tokio::io::AsyncRead;

use super::Content;

/// Instances in one request at most.
pub(crate) const BATCH: usize = 50;
/// Bytes in one request, unless one instance alone has more.
pub(crate) const BATCH_BYTES: u64 = 64 << 20;
/// How long the first instance of a request waits for others: each request costs a round trip and a transaction of the server.
pub(crate) const BATCH_MOMENT: Duration = Duration::from_millis(50);

/// Several instances that are there as a whole.
pub(crate) struct Batch(pub Vec<Content>);

impl Source for Batch {
    fn sizes(&self) -> Vec<u64> {
        self.0.iter().map(|content| content.size().unwrap_or(0)).collect()
    }

    async fn open(&self, place: usize) -> io::Result<Box<dyn AsyncRead + Send + Unpin>> {
        let content = self.0.get(place).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(content.open(0)))
    }
}

/// What an answer says of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The server has it.
    Stored {
        /// Its remark, a warning reason.
        warning: Option<u16>,
    },
    /// It has not, for this failure reason.
    Failed(u16),
}

/// An answer, by instance.
pub(crate) struct Verdicts {
    failed: HashMap<String, u16>,
    stored: HashMap<String, Option<u16>>,
    /// Why an instance has failed that is not named; none: it was taken.
    unnamed: Option<u16>,
}

impl Verdicts {
    /// Only where the server names none as stored, and does not say that all were refused (409), an instance that is not named was taken:
    /// some servers name failures alone. A failure that names nobody may mean anybody who is not named as stored.
    pub fn of(outcome: StoreOutcome) -> Self {
        let answer = outcome.answer.unwrap_or_default();
        let failed: HashMap<_, _> = answer.failed.into_iter().map(|one| (one.sop_instance_uid, one.reason)).collect();
        let stored: HashMap<_, _> = answer.stored.into_iter().map(|one| (one.sop_instance_uid, one.warning)).collect();
        let is_told = outcome.status == 409 || !stored.is_empty();
        let unnamed = failed.get("").copied().or(is_told.then_some(reason::PROCESSING_FAILURE));
        Self { failed, stored, unnamed }
    }

    /// What has become of an instance.
    pub fn on(&self, sop_instance_uid: &str) -> Verdict {
        match (self.failed.get(sop_instance_uid), self.stored.get(sop_instance_uid), self.unnamed) {
            (Some(reason), ..) => Verdict::Failed(*reason),
            (None, Some(warning), _) => Verdict::Stored { warning: *warning },
            (None, None, Some(reason)) => Verdict::Failed(reason),
            (None, None, None) => Verdict::Stored { warning: None },
        }
    }
}

/// Whether an answer to several instances leaves open what has become of some: one of "some failed" (202, PS3.18 10.5.3) that names none,
/// and one of "none was stored" (409) that does not give each its reason. A single one with 202 was stored, for some were.
pub(super) fn is_vague(outcome: &StoreOutcome, count: usize) -> bool {
    let named = outcome.answer.as_ref().map_or(0, |answer| answer.stored.len() + answer.failed.len());
    match outcome.status {
        202 => named == 0,
        409 => named < count,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use adit_dicomweb::store::{Failed, StoreAnswer, Stored};

    use super::*;

    fn stored(uid: &str, warning: Option<u16>) -> Stored {
        Stored { sop_instance_uid: uid.into(), warning, ..Stored::default() }
    }

    fn failed(uid: &str) -> Failed {
        Failed { sop_instance_uid: uid.into(), reason: 0xA900, ..Failed::default() }
    }

    fn outcome(status: u16, stored: Vec<Stored>, failed: Vec<Failed>) -> StoreOutcome {
        let answer = StoreAnswer { stored, failed, ..StoreAnswer::default() };
        StoreOutcome { status, answer: Some(answer), warnings: Vec::new() }
    }

    const TAKEN: Verdict = Verdict::Stored { warning: None };

    #[test]
    fn answers_are_read_instance_by_instance() {
        let some = || vec![stored("1", None), stored("2", Some(0xB000))];
        let verdicts = Verdicts::of(outcome(202, some(), vec![failed("3")]));
        assert_eq!(verdicts.on("1"), TAKEN);
        assert_eq!(verdicts.on("2"), Verdict::Stored { warning: Some(0xB000) });
        assert_eq!(verdicts.on("3"), Verdict::Failed(0xA900));
        assert_eq!(verdicts.on("4"), Verdict::Failed(0x0110), "who names what is stored names all of it");
        let verdicts = Verdicts::of(outcome(202, some(), vec![failed("")]));
        assert_eq!((verdicts.on("1"), verdicts.on("4")), (TAKEN, Verdict::Failed(0xA900)));
    }

    #[test]
    fn who_is_not_named_was_taken_only_where_nothing_speaks_against_it() {
        let nothing = |status| StoreOutcome { status, ..StoreOutcome::default() };
        assert_eq!((Verdicts::of(nothing(200)).on("1"), Verdicts::of(nothing(202)).on("1")), (TAKEN, TAKEN));
        let verdicts = Verdicts::of(outcome(202, vec![], vec![failed("3")]));
        assert_eq!((verdicts.on("1"), verdicts.on("3")), (TAKEN, Verdict::Failed(0xA900)));
        let verdicts = Verdicts::of(outcome(409, vec![], vec![failed("3")]));
        assert_eq!((verdicts.on("1"), verdicts.on("3")), (Verdict::Failed(0x0110), Verdict::Failed(0xA900)));
    }

    #[test]
    fn answers_that_leave_something_open_are_vague() {
        assert!(is_vague(&StoreOutcome { status: 202, ..StoreOutcome::default() }, 3));
        assert!(is_vague(&outcome(202, vec![], vec![]), 3));
        assert!(is_vague(&outcome(409, vec![], vec![failed("1")]), 3));
        assert!(!is_vague(&outcome(409, vec![], vec![failed("1")]), 1));
        assert!(!is_vague(&outcome(202, vec![], vec![failed("1")]), 3));
        assert!(!is_vague(&StoreOutcome { status: 200, ..StoreOutcome::default() }, 3));
    }
}
