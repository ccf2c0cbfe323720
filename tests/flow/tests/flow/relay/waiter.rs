//! The side that waits, and how it behaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use adit_dimse::{InstanceHead, InstanceSink, Status};
use adit_engine::reception::Waiting;
use async_trait::async_trait;

/// What the waiting side does with an instance.
#[derive(Clone, Copy)]
pub enum Manner {
    Answer(u16),
    RefuseAtOnce(u16),
    RefuseAfter(u64, u16),
    /// Takes this many bytes and then no more, but lives.
    Hold(u64),
    /// Takes this many bytes, then its whole process hangs.
    Hang(u64),
}

#[derive(Default)]
pub struct Seen {
    pub bytes: AtomicU64,
    pub sum: AtomicU64,
    pub ended: AtomicUsize,
    pub aborted: AtomicUsize,
}

pub struct Waiter {
    pub manner: Manner,
    pub seen: Arc<Seen>,
    pub wants: String,
}

impl Waiting for Waiter {
    fn waits_for(&self, sop_instance_uid: &str) -> bool {
        self.wants == sop_instance_uid
    }

    fn sink_for(&self, head: &InstanceHead) -> Option<Box<dyn InstanceSink>> {
        let sink = Taking { manner: self.manner, seen: Arc::clone(&self.seen) };
        (self.wants == head.sop_instance_uid).then(|| Box::new(sink) as Box<dyn InstanceSink>)
    }
}

struct Taking {
    manner: Manner,
    seen: Arc<Seen>,
}

#[async_trait]
impl InstanceSink for Taking {
    async fn begin(&mut self, head: &InstanceHead) -> Result<(), Status> {
        assert_eq!((head.calling_ae_title.as_str(), head.message_id), ("PACS", 3), "the head comes through");
        if let Manner::RefuseAtOnce(status) = self.manner { Err(Status(status)) } else { Ok(()) }
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status> {
        let before = self.seen.bytes.fetch_add(chunk.len() as u64, Ordering::SeqCst);
        self.seen.sum.fetch_add(sum(chunk), Ordering::SeqCst);
        let total = before + chunk.len() as u64;
        match self.manner {
            Manner::RefuseAfter(bytes, status) if total > bytes => Err(Status(status)),
            Manner::Hold(bytes) if total > bytes => std::future::pending().await,
            Manner::Hang(bytes) if total > bytes => {
                // The one thread of this side's runtime does nothing else any more.
                let (_sender, never) = std::sync::mpsc::channel::<()>();
                let _ = never.recv_timeout(Duration::from_secs(60));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn end(&mut self) -> Status {
        self.seen.ended.fetch_add(1, Ordering::SeqCst);
        if let Manner::Answer(status) = self.manner { Status(status) } else { Status::SUCCESS }
    }

    async fn abort(&mut self) {
        self.seen.aborted.fetch_add(1, Ordering::SeqCst);
    }
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte)).sum()
}
