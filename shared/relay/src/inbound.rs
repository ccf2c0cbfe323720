//! An instance that another bridge passes on to us.

use adit_dimse::{InstanceHead, InstanceSink, Status};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use crate::pieces::Piece;
use crate::wire::{BEAT, write_status};

/// How long the other bridge may be silent. Its sender may be, too: it gives up after two minutes by itself.
const IDLE: std::time::Duration = std::time::Duration::from_secs(180);

/// How an instance ended.
enum Ended {
    /// The data set was complete, or is not wanted to its end.
    With(Status),
    /// It was cut off: there is nobody to tell.
    CutOff,
}

/// Receives the data set into `sink`, which has begun, and answers with its status.
pub(crate) async fn receive(mut sink: Box<dyn InstanceSink>, mut body: Incoming, answer: mpsc::Sender<Piece>) {
    let ended = {
        let pouring = pour(&mut *sink, &mut body);
        tokio::pin!(pouring);
        loop {
            tokio::select! {
                ended = &mut pouring => break ended,
                // A full channel means that signs of life are waiting already.
                () = tokio::time::sleep(BEAT) => drop(answer.try_send(Piece::Data(Bytes::from_static(b" ")))),
            }
        }
    };
    let Ended::With(status) = ended else { return };
    let said = answer.send(Piece::Data(Bytes::from(write_status(status)))).await;
    // After a refusal the rest is read and dropped: a connection that is closed over unread bytes may lose the answer.
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    if said.is_ok() && tokio::time::timeout(IDLE, rest).await.is_ok() {
        drop(answer.send(Piece::End).await);
    }
}

async fn pour(sink: &mut dyn InstanceSink, body: &mut Incoming) -> Ended {
    loop {
        match tokio::time::timeout(IDLE, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                let Ok(bytes) = frame.into_data() else { continue };
                if let Err(status) = sink.write(&bytes).await {
                    return Ended::With(status);
                }
            }
            Ok(None) => return Ended::With(sink.end().await),
            Ok(Some(Err(_))) | Err(_) => {
                sink.abort().await;
                return Ended::CutOff;
            }
        }
    }
}

/// Whether an instance with this head can be taken on at all.
pub(crate) fn is_complete(head: &InstanceHead) -> bool {
    !head.sop_instance_uid.is_empty() && !head.transfer_syntax_uid.is_empty()
}
