//! What a retrieval brings as one zip file, written while it comes: stored as it is, since images are compressed already or large.

use std::io::{self, Write};

use adit_engine::gateway::retrieval::Reader;
use axum::body::Body;
use bytes::Bytes;
use tokio::io::AsyncReadExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Bytes read from staging at once, and pieces that wait for a slow client.
const PIECE: usize = 256 * 1024;
const WAITING: usize = 8;

/// The body. A failure breaks it off, so that nobody takes what came for everything. `folder` is the folder in it in which everything lies.
pub fn zip(reader: Reader, folder: String) -> Body {
    let (sender, pieces) = mpsc::channel(WAITING);
    let (runtime, broken) = (Handle::current(), sender.clone());
    // The writer of the archive is not asynchronous.
    tokio::task::spawn_blocking(move || {
        if let Err(error) = write(&runtime, reader, &folder, Pipe(sender)) {
            tracing::warn!(reason = %error, "a download was broken off");
            let _ = broken.blocking_send(Err(io::Error::other("the file is not complete")));
        }
    });
    Body::from_stream(ReceiverStream::new(pieces))
}

fn write(runtime: &Handle, mut reader: Reader, folder: &str, pipe: Pipe) -> io::Result<()> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    let mut archive = ZipWriter::new_stream(io::BufWriter::with_capacity(PIECE, pipe));
    let mut piece = vec![0; PIECE];
    while let Some(part) = runtime.block_on(reader.next()).map_err(|refusal| io::Error::other(refusal.body.detail))? {
        archive.start_file(format!("{folder}/{}", part.place), options)?;
        let (mut left, mut bytes) = (part.size, part.content.stream());
        while left > 0 {
            let read = runtime.block_on(bytes.read(&mut piece))?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            archive.write_all(&piece[..read])?;
            left = left.saturating_sub(read as u64);
        }
    }
    archive.finish()?.into_inner().flush()
}

/// To the client, at the pace at which it reads.
struct Pipe(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .blocking_send(Ok(Bytes::copy_from_slice(bytes)))
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
