//! Retrieval from the inbox, a folder or a bucket: files are read a piece at a time and go the way that instances of a server go. A
//! file that is damaged, gone or another than the one that arrived fails by itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use adit_deid::part10::Part10Head;
use adit_dimse::{InstanceHead, InstanceSink};
use adit_domain::task::Step;
use adit_store::repositories::ArrivedObject;
use adit_store::staging::Stream;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Transfer;
use super::plan::Plan;
use super::problem::Problem;
use super::sink::{StagedInstance, TransferSink};
use crate::rules::{Place, Unread, glance, head_of, header};
use crate::text::uid_key;

/// Files that are read at the same time.
const READERS: usize = 4;
/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;

/// Files that nobody has read yet.
type Open = Arc<Mutex<VecDeque<ArrivedObject>>>;

/// Why one file does not go, and whether trying again may help.
struct Failed {
    reason: String,
    transient: bool,
}

impl Failed {
    fn for_good(reason: &str) -> Self {
        Self { reason: reason.to_owned(), transient: false }
    }
}

impl From<Unread> for Failed {
    fn from(error: Unread) -> Self {
        let reason = match &error {
            Unread::Gone => "the file is not there any more".to_owned(),
            other => format!("the file cannot be read: {}", other.why()),
        };
        Self { reason, transient: matches!(error, Unread::Unavailable(_)) }
    }
}

/// The beginning of a file.
struct Beginning {
    head: Part10Head,
    /// Bytes that were read behind the file meta information.
    rest: Vec<u8>,
}

impl Transfer {
    /// Reads everything that is missing.
    pub(super) async fn read_objects(
        self: Arc<Self>,
        plan: &Arc<Plan>,
        to_deliver: &mpsc::Sender<StagedInstance>,
    ) -> Result<(), Problem> {
        let place = self.source_place().await?;
        let wanted = self.arrived().await?.into_iter().filter(|object| {
            let uid = &object.sop_instance_uid;
            plan.expected.contains_key(uid) && self.ledger.is_wanted(uid)
        });
        let open: Open = Arc::new(Mutex::new(wanted.collect()));
        let mut readers = JoinSet::new();
        for _ in 0..READERS {
            let (this, place, open) = (Arc::clone(&self), place.clone(), Arc::clone(&open));
            let sink = TransferSink::new(Arc::clone(&self), Arc::clone(plan), to_deliver.clone(), String::new());
            readers.spawn(async move { this.read_some(&place, &open, sink).await });
        }
        let mut result = Ok(());
        while let Some(ended) = readers.join_next().await {
            let ended = ended.unwrap_or_else(|_| Err(Problem::Transient("A part of the transfer broke.".into())));
            if result.is_ok() {
                result = ended;
            }
        }
        result
    }

    async fn read_some(&self, place: &Place, open: &Open, mut sink: TransferSink) -> Result<(), Problem> {
        let next = || open.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        while let Some(object) = next() {
            if self.stop.is_cancelled() {
                return Err(Problem::Canceled);
            }
            if let Err(Failed { reason, transient }) = self.read_one(place, &object, &mut sink).await {
                let (uid, series) = (&object.sop_instance_uid, &object.series_instance_uid);
                self.ledger.fail(uid, series, Step::Retrieve, &reason, transient);
            }
        }
        if self.stop.is_cancelled() { Err(Problem::Canceled) } else { Ok(()) }
    }

    /// Reads one file into the sink. What the sink refuses it has recorded itself.
    async fn read_one(&self, place: &Place, object: &ArrivedObject, sink: &mut TransferSink) -> Result<(), Failed> {
        if !place.is_as_it_was(object).await? {
            return Err(Failed::for_good("the file was replaced since it arrived"));
        }
        let mut stream = place.open(object, None).await?;
        let Beginning { head, mut rest } = beginning(&mut stream).await?;
        if uid_key(&head.sop_instance_uid) != uid_key(&object.sop_instance_uid) {
            return Err(Failed::for_good("the file holds another image than when it arrived"));
        }
        let instance = InstanceHead {
            sop_class_uid: head.sop_class_uid,
            sop_instance_uid: object.sop_instance_uid.clone(),
            transfer_syntax_uid: head.transfer_syntax_uid.clone(),
            calling_ae_title: String::new(),
            peer_addr: None,
            move_originator: None,
            message_id: 0,
        };
        if sink.begin(&instance).await.is_err() {
            return Ok(());
        }
        let mut seen = glance(&head.transfer_syntax_uid, &[]);
        while !rest.is_empty() {
            seen.push(&rest);
            if self.stop.is_cancelled() {
                sink.abort().await;
                return Ok(());
            }
            if sink.write(&rest).await.is_err() {
                return Ok(());
            }
            if let Err(error) = refill(&mut stream, &mut rest).await {
                sink.abort().await;
                return Err(error.into());
            }
        }
        if !seen.is_whole() {
            sink.abort().await;
            return Err(Failed::for_good("the file is damaged: it ends in the middle of an attribute"));
        }
        let header = header(&seen, &[]);
        if uid_key(&header.study_instance_uid) != uid_key(&object.study_instance_uid) {
            sink.abort().await;
            return Err(Failed::for_good("the file belongs to another study than when it arrived"));
        }
        // A refusal is on the books already, with its reason.
        let _ = sink.end().await;
        Ok(())
    }
}

/// Reads up to and a little behind the file meta information.
async fn beginning(stream: &mut Stream) -> Result<Beginning, Failed> {
    let (mut held, mut piece) = (Vec::new(), Vec::new());
    loop {
        refill(stream, &mut piece).await?;
        held.extend_from_slice(&piece);
        if let Some(head) = head_of(&held, piece.is_empty())? {
            let offset = usize::try_from(head.data_set_offset).unwrap_or(held.len());
            return Ok(Beginning { head, rest: held.split_off(offset.min(held.len())) });
        }
    }
}

/// Fills `piece` with the next bytes; empty at the end.
async fn refill(stream: &mut Stream, piece: &mut Vec<u8>) -> Result<(), Unread> {
    piece.resize(PIECE, 0);
    let mut filled = 0;
    while filled < PIECE {
        match stream.read(&mut piece[filled..]).await {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) => return Err(Unread::Unavailable(error.to_string())),
        }
    }
    piece.truncate(filled);
    Ok(())
}
