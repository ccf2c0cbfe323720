//! A body that is made piece by piece. Unless its maker says that it is complete, it ends as broken: a data set that was cut off never
//! looks like a whole one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

/// Pieces on their way at a time.
const WAITING: usize = 2;

/// A piece of a body.
pub(crate) enum Piece {
    Data(Bytes),
    /// The body is complete.
    End,
}

/// The body.
pub(crate) struct Pieces {
    /// None: nothing more comes.
    receiver: Option<mpsc::Receiver<Piece>>,
}

impl Pieces {
    /// A body and where its pieces go in; who sends faster than the body is read has to wait.
    pub fn channel() -> (mpsc::Sender<Piece>, Self) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (sender, Self { receiver: Some(receiver) })
    }

    /// An empty body.
    pub fn none() -> Self {
        Self { receiver: None }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(receiver) = &mut self.receiver else { return Poll::Ready(None) };
        Poll::Ready(match ready!(receiver.poll_recv(context)) {
            Some(Piece::Data(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(Piece::End) => {
                self.receiver = None;
                None
            }
            None => {
                self.receiver = None;
                Some(Err(io::Error::from(io::ErrorKind::BrokenPipe)))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.receiver.is_none()
    }
}
