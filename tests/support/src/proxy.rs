//! A wire between two sockets: slow (a delay each way, without limiting bandwidth), or one that is cut or falls silent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::ANY;

/// How the wire behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wire {
    /// Each way.
    pub delay: Duration,
    /// Connections are cut after this many bytes from the server, as often as `times` says.
    pub cut_after: Option<u64>,
    /// Nothing passes any more after this many bytes from the server, as often as `times` says.
    pub stall_after: Option<u64>,
    /// Reports of a C-GET come without the numbers of images that are done, failed and so on.
    pub without_numbers: bool,
    /// How many connections misbehave.
    pub times: usize,
}

/// Starts a wire to `target`; answers with its near end.
pub async fn start(target: SocketAddr, wire: Wire) -> SocketAddr {
    let listener = TcpListener::bind(ANY).await.expect("a port can be had");
    let addr = listener.local_addr().expect("an address");
    let misbehaved = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(far) = TcpStream::connect(target).await else { continue };
            let (_, _) = (near.set_nodelay(true), far.set_nodelay(true));
            let (near_in, near_out) = near.into_split();
            let (far_in, far_out) = far.into_split();
            let unlimited = Wire { cut_after: None, stall_after: None, without_numbers: false, ..wire };
            tokio::spawn(carry(near_in, far_out, unlimited, Arc::clone(&misbehaved)));
            tokio::spawn(carry(far_in, near_out, wire, Arc::clone(&misbehaved)));
        }
    });
    addr
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    wire: Wire,
    misbehaved: Arc<AtomicUsize>,
) {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(4096);
    let passed = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&passed);
    let reading = async move {
        loop {
            let mut buffer = vec![0; 64 * 1024];
            match from.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => {
                    buffer.truncate(count);
                    if wire.without_numbers {
                        rename_numbers(&mut buffer);
                    }
                    if sender.send((Instant::now() + wire.delay, buffer)).await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    let writing = async move {
        while let Some((due, bytes)) = receiver.recv().await {
            tokio::time::sleep_until(due).await;
            let total = counted.fetch_add(bytes.len() as u64, Ordering::Relaxed) + bytes.len() as u64;
            let over = |limit: Option<u64>| limit.is_some_and(|limit| total > limit);
            if (over(wire.cut_after) || over(wire.stall_after))
                && misbehaved.fetch_add(1, Ordering::SeqCst) < wire.times
            {
                if over(wire.stall_after) {
                    tokio::time::sleep(Duration::from_secs(600)).await;
                }
                return;
            }
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    // When the writing side ends the connection is over, whatever is still being read.
    let reading = tokio::spawn(reading);
    writing.await;
    reading.abort();
}

/// Makes attributes of the numbers in command sets (0000,1020..1023) that nobody knows. A report is sent at once and comes in one piece.
fn rename_numbers(bytes: &mut [u8]) {
    for at in 0..bytes.len().saturating_sub(7) {
        if matches!(bytes[at..at + 8], [0, 0, 0x20..=0x23, 0x10, 2, 0, 0, 0]) {
            bytes[at + 2] += 0x20;
        }
    }
}
