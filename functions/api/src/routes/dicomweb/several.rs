//! Answers that are made piece by piece: as one body, or as the parts of one.

use std::io;

use adit_dicomweb::multipart::Writer;
use adit_engine::Refusal;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LOCATION, CONTENT_TYPE};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};

use crate::refused::Refused;

/// A piece of an answer.
pub struct Piece {
    /// Its media type, with parameters.
    pub kind: String,
    /// Its own address; empty: it is not told.
    pub location: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Bytes, and where they come from: that stays until they have been read.
struct Held<T>(Vec<u8>, T);

impl<T> AsRef<[u8]> for Held<T> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The piece as it is; `source` stays until it has been read.
pub fn one(piece: Piece, source: impl Send + 'static) -> Response {
    let mut response = Response::new(Body::from(Bytes::from_owner(Held(piece.bytes, source))));
    response.headers_mut().extend(HeaderValue::from_str(&piece.kind).map(|kind| (CONTENT_TYPE, kind)));
    if !piece.location.is_empty() {
        response.headers_mut().extend(HeaderValue::from_str(&piece.location).map(|place| (CONTENT_LOCATION, place)));
    }
    response
}

/// The pieces as parts of media type `kind`, each made when the one before has been taken. A failure before the first one is the answer; a
/// later one breaks the body, so that nobody takes what came for everything.
pub async fn several<S>(kind: &str, mut pieces: S) -> Result<Response, Refused>
where
    S: Stream<Item = Result<Piece, Refusal>> + Send + Unpin + 'static,
{
    let writer = super::retrieve::writer()?;
    let content_type = HeaderValue::from_str(&writer.content_type(kind));
    let first = pieces.next().await.transpose()?;
    let all = stream::iter(first.map(Ok)).chain(pieces).map(Some).chain(stream::iter([None]));
    let body = all.scan(writer, |writer, piece| {
        let bytes = match piece {
            None => Ok(Bytes::from(writer.close())),
            Some(Ok(piece)) => Ok(part(writer, &piece)),
            Some(Err(refusal)) => {
                tracing::warn!(reason = refusal.body.detail, "an answer was broken off");
                Err(io::Error::other("the answer is not complete"))
            }
        };
        std::future::ready(Some(bytes))
    });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().extend(content_type.map(|kind| (CONTENT_TYPE, kind)));
    Ok(response)
}

fn part(writer: &mut Writer, piece: &Piece) -> Bytes {
    let size = piece.bytes.len().to_string();
    let headers =
        [("Content-Type", piece.kind.as_str()), ("Content-Length", &size), ("Content-Location", &piece.location)];
    let told = if piece.location.is_empty() { 2 } else { 3 };
    let mut bytes = writer.part(&headers[..told]);
    bytes.extend_from_slice(&piece.bytes);
    bytes.into()
}

#[cfg(test)]
mod tests {
    use adit_api::error::ErrorCode;
    use axum::body::to_bytes;

    use super::*;

    fn piece(text: &str) -> Result<Piece, Refusal> {
        Ok(Piece { kind: "image/png".into(), location: "a/1".into(), bytes: text.as_bytes().to_vec() })
    }

    #[tokio::test]
    async fn pieces_become_parts_and_a_failure_breaks_them_off() {
        let response = several("image/png", stream::iter([piece("one"), piece("two")])).await.unwrap();
        let kind = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        let boundary = kind.rsplit("boundary=").next().unwrap().trim_matches('"').to_owned();
        let head = |text: &str| {
            format!(
                "--{boundary}\r\nContent-Type: image/png\r\nContent-Length: 3\r\nContent-Location: a/1\r\n\r\n{text}\r\n"
            )
        };
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(
            String::from_utf8(body.to_vec()).unwrap(),
            format!("{}{}--{boundary}--\r\n", head("one"), head("two"))
        );
        let broken = several("image/png", stream::iter([piece("one"), Err(Refusal::peer("gone"))])).await.unwrap();
        assert!(to_bytes(broken.into_body(), 1000).await.is_err());
        let refused = several("image/png", stream::iter([Err(Refusal::peer("gone")), piece("one")])).await.unwrap_err();
        assert_eq!(refused.body.code, ErrorCode::Peer);
    }
}
