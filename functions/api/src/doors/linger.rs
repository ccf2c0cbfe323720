//! A connection that is closed gently: what the other side still sends is read for a while and thrown away. Closed at once, the system would
//! tell it that the connection broke, and the answer that says why would be lost on the way (RFC 9112 9.6).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How long the other side may go on.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes that are thrown away at once.
const PIECE: usize = 16 << 10;

/// The connection.
pub struct Linger {
    stream: TcpStream,
    closing: Closing,
}

enum Closing {
    No,
    /// Nothing is sent any more; what comes is thrown away until then.
    Until(Pin<Box<Sleep>>),
    Done,
}

impl Linger {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, closing: Closing::No }
    }
}

impl AsyncRead for Linger {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Linger {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, closing } = &mut *self;
        loop {
            match closing {
                Closing::No => {
                    ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
                    *closing = Closing::Until(Box::pin(tokio::time::sleep(PATIENCE)));
                }
                Closing::Until(end) => {
                    let mut piece = [0; PIECE];
                    let mut piece = ReadBuf::new(&mut piece);
                    let has_more = end.as_mut().poll(cx).is_pending()
                        && ready!(Pin::new(&mut *stream).poll_read(cx, &mut piece)).is_ok()
                        && !piece.filled().is_empty();
                    if !has_more {
                        *closing = Closing::Done;
                    }
                }
                Closing::Done => return Poll::Ready(Ok(())),
            }
        }
    }
}
