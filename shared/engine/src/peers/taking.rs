//! What a server has been seen to take, of one sender that sends it much: how large requests may be, and whether it takes anything at all.
//! So a server that refuses everything is not asked for each instance again and again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::batch::BATCH_BYTES;

/// After so many single instances in a row, refused alike, there is no use in sending several together.
const ROW: usize = 20;
/// So many of them, when none has ever passed, are a server that refuses everything.
const HOPELESS: usize = 100;
/// The status of what clashes with what the server has. It says nothing of others.
const CONFLICT: u16 = 409;
/// So many single instances in a row at which the server has failed (5xx): it would at the next one.
const FAILURES: usize = 3;
/// What has passed is near enough to what was too large if it lacks no more than this part of it.
const NEAR: u64 = 8;
/// The status of an answer that says that some were stored.
const SOME: u16 = 202;
/// The status of what is too large. It says nothing of others.
const TOO_LARGE: u16 = 413;

/// What has been seen.
pub(crate) struct Taking(Mutex<Seen>);

struct Seen {
    /// Bytes of the smallest request that was too large; the largest number: none was.
    refused: u64,
    /// Bytes of the largest request that passed since.
    passed: u64,
    /// Something was taken.
    has_passed: bool,
    /// Instances go one by one.
    is_one_by_one: bool,
    /// How the last ones that went alone were answered, and how many of them in a row.
    row: (u16, usize),
}

impl Default for Taking {
    fn default() -> Self {
        Self(Mutex::new(Seen { refused: u64::MAX, passed: 0, has_passed: false, is_one_by_one: false, row: (0, 0) }))
    }
}

impl Taking {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes in a request at most, unless one instance alone has more.
    pub fn most(&self) -> u64 {
        let Seen { refused, passed, is_one_by_one, .. } = *self.seen();
        match refused {
            _ if is_one_by_one => 0,
            u64::MAX => BATCH_BYTES,
            _ if passed >= refused - refused / NEAR => passed.min(BATCH_BYTES),
            // What the server takes lies between.
            _ => u64::midpoint(passed, refused),
        }
    }

    /// A request of so many bytes was taken.
    pub(super) fn passed(&self, bytes: u64) {
        let mut seen = self.seen();
        (seen.passed, seen.row, seen.has_passed) = (seen.passed.max(bytes), (0, 0), true);
        if bytes >= seen.refused {
            // It was not for the bytes.
            seen.refused = bytes + 1;
        }
    }

    /// Several of so many bytes together were too large.
    pub(super) fn too_large(&self, bytes: u64) {
        let mut seen = self.seen();
        seen.refused = seen.refused.min(bytes);
        if seen.passed >= bytes {
            seen.passed = 0;
        }
    }

    /// One that went alone was not taken, with this status, or with an answer that says too little.
    pub(super) fn alone(&self, status: u16) {
        let mut seen = self.seen();
        let before = if seen.row.0 == status { seen.row.1 } else { 0 };
        seen.row = (status, before + 1);
        if seen.row == (SOME, ROW) {
            // Of several it never says what has become of each.
            seen.is_one_by_one = true;
        }
    }

    /// Whether everything of late was refused alike: then instances go one by one, until one passes.
    pub(super) fn is_refusing(&self) -> bool {
        let (status, row) = self.seen().row;
        row >= ROW && status != SOME && status != TOO_LARGE
    }

    /// Whether the server refuses everything, so that one is tried before others are.
    pub(super) fn is_hopeless(&self) -> bool {
        let Seen { row: (status, row), has_passed, .. } = *self.seen();
        row >= HOPELESS && !has_passed && ![SOME, TOO_LARGE, CONFLICT].contains(&status)
    }

    /// Whether the server fails at everything.
    pub(super) fn is_failing(&self) -> bool {
        self.seen().row.1 >= FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_too_large_is_not_sent_again_and_what_has_passed_is() {
        let taking = Taking::default();
        taking.too_large(1000);
        assert_eq!(taking.most(), 500);
        taking.too_large(500);
        taking.passed(230);
        assert_eq!(taking.most(), 365);
        taking.too_large(300);
        assert_eq!(taking.most(), 265);
        taking.too_large(247);
        assert_eq!(taking.most(), 230);
        // It counts something else than bytes.
        taking.too_large(200);
        assert_eq!(taking.most(), 100);
    }

    #[test]
    fn a_row_of_refusals_alike_is_one_and_anything_else_ends_it() {
        let taking = Taking::default();
        let refuse = |status, times| (0..times).for_each(|_| taking.alone(status));
        refuse(400, ROW - 1);
        assert!(!taking.is_refusing());
        refuse(415, ROW - 1);
        assert!(!taking.is_refusing());
        refuse(415, 1);
        assert!(taking.is_refusing() && !taking.is_hopeless());
        refuse(415, HOPELESS - ROW);
        assert!(taking.is_hopeless());
        refuse(CONFLICT, HOPELESS);
        assert!(taking.is_refusing() && !taking.is_hopeless(), "others may not be there yet");
        taking.passed(1);
        assert!(!taking.is_refusing() && taking.most() == BATCH_BYTES);
        refuse(TOO_LARGE, 2 * ROW);
        assert!(!taking.is_refusing());
        refuse(SOME, ROW);
        assert!(!taking.is_refusing() && taking.most() == 0);
        refuse(400, HOPELESS);
        assert!(!taking.is_hopeless(), "something has passed");
    }
}
