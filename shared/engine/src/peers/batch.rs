//! Staged instances as the content of one STOW-RS request: how many go together, and what the answer says of each.

use std::collections::{HashMap, HashSet};
use std::io;
use std::time::Duration;

use adit_dicomweb::store::StoreAnswer;
use adit_dicomweb_client::Source;
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
    stored: HashSet<String>,
    warnings: HashMap<String, u16>,
}

impl Verdicts {
    /// None: the server has answered with success and nothing else.
    pub fn of(answer: Option<StoreAnswer>) -> Self {
        let answer = answer.unwrap_or_default();
        let warnings = answer.stored.iter().filter_map(|one| Some((one.sop_instance_uid.clone(), one.warning?)));
        Self {
            failed: answer.failed.iter().map(|one| (one.sop_instance_uid.clone(), one.reason)).collect(),
            warnings: warnings.collect(),
            stored: answer.stored.into_iter().map(|one| one.sop_instance_uid).collect(),
        }
    }

    /// An instance that is named as failed has failed; one that is not named was taken, unless a failure names nobody: it may mean anybody
    /// who is not named as stored.
    pub fn on(&self, sop_instance_uid: &str) -> Verdict {
        let nameless = self.failed.get("").filter(|_| !self.stored.contains(sop_instance_uid));
        match self.failed.get(sop_instance_uid).or(nameless) {
            Some(reason) => Verdict::Failed(*reason),
            None => Verdict::Stored { warning: self.warnings.get(sop_instance_uid).copied() },
        }
    }
}

#[cfg(test)]
mod tests {
    use adit_dicomweb::store::{Failed, Stored};

    use super::*;

    #[test]
    fn answers_are_read_instance_by_instance() {
        let stored = |uid: &str, warning| Stored { sop_instance_uid: uid.into(), warning, ..Stored::default() };
        let failed = |uid: &str| Failed { sop_instance_uid: uid.into(), reason: 0xA900, ..Failed::default() };
        let answer = StoreAnswer {
            stored: vec![stored("1", None), stored("2", Some(0xB000))],
            failed: vec![failed("3")],
            ..StoreAnswer::default()
        };
        let verdicts = Verdicts::of(Some(answer.clone()));
        assert_eq!(verdicts.on("1"), Verdict::Stored { warning: None });
        assert_eq!(verdicts.on("2"), Verdict::Stored { warning: Some(0xB000) });
        assert_eq!(verdicts.on("3"), Verdict::Failed(0xA900));
        assert_eq!(verdicts.on("4"), Verdict::Stored { warning: None });
        let verdicts = Verdicts::of(Some(StoreAnswer { failed: vec![failed("")], ..answer }));
        assert_eq!((verdicts.on("1"), verdicts.on("4")), (Verdict::Stored { warning: None }, Verdict::Failed(0xA900)));
        assert_eq!(Verdicts::of(None).on("1"), Verdict::Stored { warning: None });
    }
}
