//! Images as NIfTI files, in parts that are sent while they are made.

use std::io;
use std::time::Duration;

use adit_dicomweb::accept;
use adit_dicomweb::multipart::Writer;
use adit_engine::gateway::nifti::{File, FilesReader};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

use super::retrieve::{FIRST, parameter, wish, writer};
use super::{Target, retrieve};
use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

/// Type of each part, whatever is in it.
const PART: &str = "application/octet-stream";
/// Clients end a request after 20 seconds without a byte.
const PAUSE: Duration = Duration::from_secs(12);
/// A header of a part means nothing unless its name begins with `Content-` (RFC 2046 5.1).
const WAITING: &[u8] = b"X-Waiting: yes\r\n";
/// Bytes read from a file at once.
const PIECE: usize = 256 * 1024;

/// NIfTI files of a study, a series, or one image.
pub async fn files(State(app): State<App>, caller: Caller, note: Note, target: Target) -> Result<Response, Refused> {
    let wish = wish(&target, false)?;
    accept::files(&parameter(&target, "accept").unwrap_or_else(|| target.accept.clone()))?;
    let mut reader = app.engine.nifti(&caller.actor, &target.server, wish).await?;
    note.detail(format!("conversion {}", reader.id()));
    retrieve::put_on_record(&note, &reader.known().await?);
    // Until then a failure has a status of its own.
    let _ = timeout(FIRST, reader.ready()).await.ok().transpose()?;
    let writer = writer()?;
    let kind = HeaderValue::from_str(&writer.content_type(PART));
    let mut response = Response::new(body(reader, writer));
    response.headers_mut().extend(kind.map(|kind| (CONTENT_TYPE, kind)));
    Ok(response)
}

struct Answer {
    reader: FilesReader,
    writer: Writer,
    stage: Stage,
}

enum Stage {
    /// Between two parts.
    Between,
    /// A part has begun, but not its content: the file is still being made.
    Waiting,
    Within(BoxStream<'static, io::Result<Bytes>>),
    Over,
}

/// The body. A failure breaks it off, so that nobody takes what came for everything.
fn body(reader: FilesReader, writer: Writer) -> Body {
    let answer = Answer { reader, writer, stage: Stage::Between };
    let opening = stream::iter([Ok(Bytes::from_static(answer.writer.opening()))]);
    Body::from_stream(opening.chain(stream::try_unfold(answer, |mut answer| async {
        let piece = answer.piece().await?;
        io::Result::Ok(piece.map(|piece| (piece, answer)))
    })))
}

impl Answer {
    async fn piece(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            match &mut self.stage {
                Stage::Between | Stage::Waiting => return self.next_file().await.map(Some),
                Stage::Within(bytes) => match bytes.next().await {
                    Some(piece) => return piece.map(Some),
                    None => self.stage = Stage::Between,
                },
                Stage::Over => return Ok(None),
            }
        }
    }

    /// The headers of the next file, or one that says that it is still being made, or the end of the body.
    async fn next_file(&mut self) -> io::Result<Bytes> {
        let is_begun = matches!(self.stage, Stage::Waiting);
        let begin = |writer: &mut Writer| if is_begun { Vec::new() } else { writer.begin_part() };
        // What comes after a wait is a file: a conversion that ends well has one for each series, or says at its end what it has not.
        if timeout(PAUSE, self.reader.ready()).await.is_err() {
            let text = [&begin(&mut self.writer), WAITING].concat();
            self.stage = Stage::Waiting;
            return Ok(text.into());
        }
        let next = self.reader.next().await.map_err(|refusal| {
            tracing::warn!(conversion = %self.reader.id(), reason = refusal.body.detail, "an answer was broken off");
            io::Error::other("the answer is not complete")
        })?;
        let Some(file) = next else {
            self.stage = Stage::Over;
            return Ok(self.writer.close().into());
        };
        let head = [begin(&mut self.writer), headers(&file)].concat();
        self.stage = Stage::Within(ReaderStream::with_capacity(file.bytes, PIECE).boxed());
        Ok(head.into())
    }
}

/// The last headers of a part.
fn headers(file: &File) -> Vec<u8> {
    let (size, name) = (file.size.to_string(), format!("attachment; filename=\"{}\"", file.name));
    Writer::headers(&[("Content-Type", PART), ("Content-Length", &size), ("Content-Disposition", &name)])
}
