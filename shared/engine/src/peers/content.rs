//! The bytes of an instance in staging: one object, or pieces of which the last ones may still be arriving.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use adit_store::staging::{StagedKey, Staging, StagingError, Stream};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use thiserror::Error;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::watch;

/// How long a reader waits for the next piece. Whoever gets the bytes must not be kept waiting by a sender that has stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// An instance. Clones are of the same one.
#[derive(Clone)]
pub(crate) struct Content {
    staging: Arc<dyn Staging>,
    arrival: watch::Receiver<Arrival>,
}

/// How much of it is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrival {
    /// Pieces that can be read, in their order, with their sizes in bytes.
    pub pieces: Vec<(StagedKey, u64)>,
    pub state: State,
}

/// Whether more will come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Arriving,
    /// The pieces are all of it.
    Whole,
    /// It will never be whole, and nobody may take what came for it.
    GivenUp,
}

/// The rest will not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the instance was given up while it arrived")]
pub(crate) struct GivenUp;

impl Arrival {
    fn size(&self) -> u64 {
        self.pieces.iter().map(|(_, size)| size).sum()
    }
}

impl Content {
    /// An object that is there.
    pub fn staged(staging: &Arc<dyn Staging>, key: StagedKey, size: u64) -> Self {
        let arrival = Arrival { pieces: vec![(key, size)], state: State::Whole };
        Self { staging: Arc::clone(staging), arrival: watch::channel(arrival).1 }
    }

    /// One that arrives, and where its arrival is told. It is given up when that goes before it is whole.
    pub fn arriving(staging: &Arc<dyn Staging>) -> (watch::Sender<Arrival>, Self) {
        let (told, arrival) = watch::channel(Arrival::default());
        (told, Self { staging: Arc::clone(staging), arrival })
    }

    /// Bytes, once all of them are there.
    pub fn size(&self) -> Option<u64> {
        let arrival = self.arrival.borrow();
        (arrival.state == State::Whole).then(|| arrival.size())
    }

    /// Whether it will never be whole.
    pub fn is_given_up(&self) -> bool {
        let state = self.arrival.borrow().state;
        state == State::GivenUp || state == State::Arriving && self.arrival.has_changed().is_err()
    }

    /// Waits until all of it is there; its bytes.
    pub async fn whole(&self) -> Result<u64, GivenUp> {
        let mut arrival = self.arrival.clone();
        let told = arrival.wait_for(|arrival| arrival.state != State::Arriving).await.map_err(|_| GivenUp)?;
        if told.state == State::Whole { Ok(told.size()) } else { Err(GivenUp) }
    }

    /// Where it lies so far.
    pub fn keys(&self) -> Vec<StagedKey> {
        self.arrival.borrow().pieces.iter().map(|(key, _)| key.clone()).collect()
    }

    /// All of it, which has to be there and no larger than `cap` bytes.
    pub async fn read_all(&self, cap: u64) -> Result<Bytes, StagingError> {
        let pieces = self.arrival.borrow().pieces.clone();
        if let [(key, _)] = pieces.as_slice() {
            return self.staging.read_all(key, cap).await;
        }
        let mut all = Vec::new();
        for (key, _) in &pieces {
            all.extend_from_slice(&self.staging.read_all(key, cap.saturating_sub(all.len() as u64)).await?);
        }
        Ok(all.into())
    }

    /// Its bytes from this place on, which has to lie in the first piece. They end when it is whole; one that is given up, or of which
    /// nothing comes for some seconds, ends with an error.
    pub fn open(&self, offset: u64) -> Follower {
        Follower { piece: self.clone().piece(0, offset), content: self.clone(), place: 0, left: 0 }
    }

    /// Opens a piece once it is there; none: there is none.
    fn piece(mut self, place: usize, offset: u64) -> Piece {
        Piece::Awaited(Box::pin(async move {
            let decided = |arrival: &Arrival| arrival.pieces.len() > place || arrival.state != State::Arriving;
            let told = tokio::time::timeout(PATIENCE, self.arrival.wait_for(decided)).await;
            let arrival = told.map_err(|_| io::ErrorKind::TimedOut)?.map_err(|_| io::Error::other(GivenUp))?.clone();
            match arrival.pieces.into_iter().nth(place) {
                _ if arrival.state == State::GivenUp => Err(io::Error::other(GivenUp)),
                Some((key, size)) => {
                    // As a whole, a backend checks what it reads and may have it in memory.
                    let range = (offset > 0).then_some(offset..size);
                    let stream = self.staging.open(&key, range).await.map_err(io::Error::other)?;
                    Ok(Some((stream, size.saturating_sub(offset))))
                }
                None => Ok(None),
            }
        }))
    }
}

enum Piece {
    Awaited(BoxFuture<'static, io::Result<Option<(Stream, u64)>>>),
    Open(Stream),
}

/// Reads an instance while it arrives.
pub(crate) struct Follower {
    content: Content,
    place: usize,
    piece: Piece,
    /// Bytes of the open piece that are still to come.
    left: u64,
}

impl AsyncRead for Follower {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match &mut this.piece {
                Piece::Awaited(opening) => match ready!(opening.as_mut().poll(context))? {
                    Some((stream, size)) => (this.piece, this.left) = (Piece::Open(stream), size),
                    None => {
                        this.piece = Piece::Awaited(Box::pin(std::future::ready(Ok(None))));
                        return Poll::Ready(Ok(()));
                    }
                },
                Piece::Open(_) if this.left == 0 => {
                    this.place += 1;
                    this.piece = this.content.clone().piece(this.place, 0);
                }
                Piece::Open(stream) => {
                    let before = buffer.filled().len();
                    ready!(Pin::new(stream).poll_read(context, buffer))?;
                    let read = (buffer.filled().len() - before) as u64;
                    this.left = this.left.saturating_sub(read);
                    let is_short = read == 0 && buffer.remaining() > 0;
                    return Poll::Ready(if is_short { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use adit_backend_embedded::DirectoryStaging;
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn put(staging: &Arc<dyn Staging>, name: &str, bytes: &[u8]) -> (StagedKey, u64) {
        let key = StagedKey::new("t", "s", name);
        let mut writer = staging.begin(&key).await.unwrap();
        writer.write(bytes).await.unwrap();
        writer.commit(serde_json::Value::Null).await.unwrap();
        (key, bytes.len() as u64)
    }

    fn staging() -> (tempfile::TempDir, Arc<dyn Staging>) {
        let folder = tempfile::tempdir().unwrap();
        let staging = Arc::new(DirectoryStaging::open(folder.path()).unwrap());
        (folder, staging)
    }

    #[tokio::test]
    async fn a_reader_follows_what_arrives_to_its_end() {
        let (_folder, staging) = staging();
        let (told, content) = Content::arriving(&staging);
        let mut follower = content.open(3);
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            follower.read_to_end(&mut all).await.map(|_| all)
        });
        for (name, bytes) in [("0", "0123"), ("1", "456"), ("2", "")] {
            let piece = put(&staging, name, bytes.as_bytes()).await;
            told.send_modify(|arrival| arrival.pieces.push(piece));
            tokio::task::yield_now().await;
            assert_eq!(content.size(), None);
        }
        told.send_modify(|arrival| arrival.state = State::Whole);
        drop(told);
        assert_eq!(reading.await.unwrap().unwrap(), b"3456");
        assert_eq!((content.size(), content.whole().await, content.is_given_up()), (Some(7), Ok(7), false));
        assert_eq!(&content.read_all(7).await.unwrap()[..], b"0123456");
        assert!(content.read_all(6).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_up_or_stops_never_looks_whole() {
        let (_folder, staging) = staging();
        let read = async |content: &Content| content.open(0).read_to_end(&mut Vec::new()).await.map_err(|e| e.kind());
        let (told, content) = Content::arriving(&staging);
        told.send_modify(|arrival| arrival.state = State::GivenUp);
        assert_eq!(read(&content).await, Err(io::ErrorKind::Other));
        assert!(content.is_given_up() && content.whole().await == Err(GivenUp));
        let (told, content) = Content::arriving(&staging);
        assert!(!content.is_given_up());
        drop(told);
        assert!(content.is_given_up() && read(&content).await.is_err() && content.whole().await.is_err());
        let (_told, content) = Content::arriving(&staging);
        assert_eq!(read(&content).await, Err(io::ErrorKind::TimedOut));
        // A piece that has lost its end.
        let (key, size) = put(&staging, "short", b"abc").await;
        assert_eq!(read(&Content::staged(&staging, key, size + 1)).await, Err(io::ErrorKind::UnexpectedEof));
    }
}
