//! An association's two directions: events in, messages out, each wait with a limit, each message in one write.

use std::io::IoSlice;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::assembler::{Assembler, Event};
use crate::command::Command;
use crate::error::{DimseError, Phase, protocol};
use crate::stream::Stream;

/// Bytes asked from the kernel at once.
const READ: usize = 256 * 1024;
/// A read of fewer bytes than this was probably a header whose body is about to follow.
const HEADER_ALONE: usize = 256;
/// Slices per vectored write (IOV_MAX is 1024).
const SLICES: usize = 1000;
/// Longest data set that is collected in memory (queries and their answers).
const MAX_COLLECTED: usize = 4 << 20;
const RELEASE_RQ: [u8; 10] = [5, 0, 0, 0, 0, 4, 0, 0, 0, 0];
const RELEASE_RP: [u8; 10] = [6, 0, 0, 0, 0, 4, 0, 0, 0, 0];
/// Source: service user (PS3.8 9.3.8).
const ABORT: [u8; 10] = [7, 0, 0, 0, 0, 4, 0, 0, 0, 0];

/// What the peer may be sent at once is clamped to this: tiny values cost, "unlimited" would make us buffer.
const PEER_PDU: std::ops::RangeInclusive<u32> = 4096..=1 << 20;

pub struct Wire {
    stream: Stream,
    input: BytesMut,
    assembler: Assembler,
    /// Data bytes per PDV towards the peer.
    chunk: usize,
    idle: Duration,
    deadline: Option<Instant>,
    cancel: CancellationToken,
}

impl Wire {
    /// `rest`: bytes that came behind the handshake. `peer_max_pdu`: what the peer announced, 0 for unlimited.
    pub fn new(stream: Stream, rest: BytesMut, our_max_pdu: u32, peer_max_pdu: u32, idle: Duration) -> Self {
        let wanted = if peer_max_pdu == 0 { 128 * 1024 } else { peer_max_pdu };
        // A peer that announces less than the smallest sensible size gets what it asked for, down to one byte per PDV.
        let size = if wanted < *PEER_PDU.start() { wanted.max(7) } else { wanted.min(*PEER_PDU.end()) };
        Self {
            stream,
            input: rest,
            assembler: Assembler::new(our_max_pdu),
            chunk: size as usize - 6,
            idle,
            deadline: None,
            cancel: CancellationToken::new(),
        }
    }

    /// For the next exchange: until when it must be done, and who may end it.
    pub fn exchange(&mut self, total: Option<Duration>, cancel: &CancellationToken) {
        self.deadline = total.map(|total| Instant::now() + total);
        self.cancel = cancel.clone();
    }

    pub fn peer_addr(&self) -> Option<std::net::SocketAddr> {
        self.stream.peer_addr()
    }

    /// The next event, waiting for it at most `limit`.
    pub async fn event(&mut self, limit: Duration, phase: Phase) -> Result<Event, DimseError> {
        loop {
            if let Some(event) = self.assembler.next(&mut self.input)? {
                return match event {
                    Event::Abort => Err(DimseError::Aborted),
                    event => Ok(event),
                };
            }
            self.fill(limit, phase).await?;
        }
    }

    /// The next event while the peer owes us something.
    pub async fn next(&mut self) -> Result<Event, DimseError> {
        self.event(self.idle, Phase::Idle).await
    }

    /// The next event if it has arrived already; never waits.
    pub fn ready(&mut self) -> Result<Option<Event>, DimseError> {
        self.assembler.next(&mut self.input)
    }

    async fn fill(&mut self, limit: Duration, phase: Phase) -> Result<(), DimseError> {
        let (until, phase) = match self.deadline {
            Some(deadline) if deadline < Instant::now() + limit => (deadline, Phase::Total),
            _ => (Instant::now() + limit, phase),
        };
        self.input.reserve(READ);
        let read = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(DimseError::Cancelled),
            read = self.stream.read_buf(&mut self.input) => read.map_err(DimseError::Broken)?,
            () = tokio::time::sleep_until(until) => return Err(DimseError::Timeout(phase)),
        };
        if read == 0 {
            return Err(DimseError::Closed);
        }
        self.stream.quick_ack();
        // Many senders write a header and its body apart. Letting others run for a moment mostly saves being woken twice.
        if read < HEADER_ALONE {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Sends a message without a data set, or with a small one, in one write.
    pub async fn send(&mut self, context: u8, command: &Command, data: Option<&[u8]>) -> Result<(), DimseError> {
        let head = command.encode();
        let mut heads = Vec::new();
        let mut parts: Vec<Part<'_>> = Vec::new();
        self.cut(context, 1, &head, true, &mut heads, &mut parts);
        if let Some(data) = data {
            self.cut(context, 0, data, true, &mut heads, &mut parts);
        }
        self.write_parts(&heads, &parts).await
    }

    /// Sends only the command of a message whose data set follows with [`Wire::send_data`].
    pub async fn send_command(&mut self, context: u8, command: &Command) -> Result<(), DimseError> {
        self.send(context, command, None).await
    }

    /// Sends a piece of a data set.
    pub async fn send_data(&mut self, context: u8, data: &[u8], last: bool) -> Result<(), DimseError> {
        let (mut heads, mut parts) = (Vec::new(), Vec::new());
        self.cut(context, 0, data, last, &mut heads, &mut parts);
        self.write_parts(&heads, &parts).await
    }

    /// Cuts bytes into PDUs of one PDV each: a header of 12 bytes and a slice of the data.
    fn cut<'a>(
        &self,
        context: u8,
        kind: u8,
        data: &'a [u8],
        last: bool,
        heads: &mut Vec<[u8; 12]>,
        parts: &mut Vec<Part<'a>>,
    ) {
        let pieces = data.len().div_ceil(self.chunk).max(1);
        for number in 0..pieces {
            let piece = &data[number * self.chunk..data.len().min((number + 1) * self.chunk)];
            let control = kind | if last && number + 1 == pieces { 2 } else { 0 };
            let length = u32::try_from(piece.len()).unwrap_or(0);
            let mut head = [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, context, control];
            head[2..6].copy_from_slice(&(length + 6).to_be_bytes());
            head[6..10].copy_from_slice(&(length + 2).to_be_bytes());
            parts.push(Part { head: heads.len(), piece });
            heads.push(head);
        }
    }

    async fn write_parts(&mut self, heads: &[[u8; 12]], parts: &[Part<'_>]) -> Result<(), DimseError> {
        let mut slices: Vec<IoSlice<'_>> =
            parts.iter().flat_map(|part| [IoSlice::new(&heads[part.head]), IoSlice::new(part.piece)]).collect();
        let mut open = &mut slices[..];
        while !open.is_empty() {
            let some = open.len().min(SLICES);
            let write = self.stream.write_vectored(&open[..some]);
            let written = limited(write, self.idle, &self.cancel).await?;
            if written == 0 && open.iter().any(|slice| !slice.is_empty()) {
                return Err(DimseError::Closed);
            }
            IoSlice::advance_slices(&mut open, written);
        }
        limited(self.stream.flush(), self.idle, &self.cancel).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), DimseError> {
        let never = CancellationToken::new();
        limited(self.stream.write_all(bytes), self.idle, &never).await?;
        limited(self.stream.flush(), self.idle, &never).await
    }

    /// Reads the rest of a data set into memory, up to a few megabytes.
    pub async fn collect(&mut self, context: u8) -> Result<Vec<u8>, DimseError> {
        let mut all = Vec::new();
        loop {
            match self.next().await? {
                Event::Data { context: on, bytes, last } if on == context => {
                    if all.len() + bytes.len() > MAX_COLLECTED {
                        return Err(protocol("a query or answer of more than 4 MiB"));
                    }
                    all.extend_from_slice(&bytes);
                    if last {
                        return Ok(all);
                    }
                }
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// Ends the association in an orderly way (PS3.8 7.2); a peer that does not answer is left.
    pub async fn release(&mut self, patience: Duration) {
        self.exchange(None, &CancellationToken::new());
        if self.write(&RELEASE_RQ).await.is_err() {
            return;
        }
        let until = Instant::now() + patience;
        while let Ok(event) = self.event(until.saturating_duration_since(Instant::now()), Phase::Idle).await {
            match event {
                Event::ReleaseReply => break,
                // Both sides release at the same moment (PS3.8 7.2.2.7): answer and wait for the reply.
                Event::ReleaseRequest if self.write(&RELEASE_RP).await.is_err() => break,
                _ => {}
            }
        }
        let _ = tokio::time::timeout(patience, self.stream.shutdown()).await;
    }

    /// Agrees to the peer's wish to end the association.
    pub async fn agree_to_release(&mut self) {
        if self.write(&RELEASE_RP).await.is_ok() {
            let _ = tokio::time::timeout(Duration::from_secs(1), self.stream.shutdown()).await;
        }
    }

    /// Ends the association at once.
    pub async fn abort(&mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.write(&ABORT)).await;
        let _ = tokio::time::timeout(Duration::from_secs(1), self.stream.shutdown()).await;
    }
}

/// A piece of data behind its header.
struct Part<'a> {
    head: usize,
    piece: &'a [u8],
}

async fn limited<T>(
    work: impl Future<Output = std::io::Result<T>>,
    limit: Duration,
    cancel: &CancellationToken,
) -> Result<T, DimseError> {
    tokio::select! {
        biased;
        result = work => result.map_err(DimseError::Broken),
        () = cancel.cancelled() => Err(DimseError::Cancelled),
        () = tokio::time::sleep(limit) => Err(DimseError::Timeout(Phase::Idle)),
    }
}

/// An event that has no place where it came.
pub fn unexpected(event: &Event) -> DimseError {
    protocol(match event {
        Event::Command { .. } => "a command in the wrong place",
        Event::Data { .. } => "data in the wrong place or on the wrong presentation context",
        Event::ReleaseRequest => "a release in the middle of an exchange",
        Event::ReleaseReply => "a release reply that nobody asked for",
        Event::Abort => "an abort",
    })
}
