//! The body of a store on its way into the engine: DICOM files, or metadata as JSON and the values that they name.

use adit_api::error::ErrorCode;
use adit_dicomweb::accept::MediaType;
use adit_dicomweb::json::MEDIA_TYPE;
use adit_dicomweb::multipart::{Event, Limits, MultipartError, PartHeaders, Reader, part_type};
use adit_engine::gateway::store::{Bundle, NotTaken, Store};
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use futures_util::StreamExt;

use crate::refused::Refused;

/// What the parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Files,
    /// Metadata as JSON, and values beside them.
    Apart,
}

/// A reader of the body that the headers announce.
pub(super) fn reader(headers: &HeaderMap) -> Result<(Reader, Form), Refused> {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = MediaType::parse(said);
    let kind = part_type(&said).unwrap_or_else(|| "application/dicom".to_owned());
    let form = match kind.as_str() {
        "application/dicom" => Form::Files,
        MEDIA_TYPE => Form::Apart,
        "application/dicom+xml" => {
            let sentence = "Metadata are taken as JSON, not as XML. Send multipart/related; type=\"application/dicom+json\"; boundary=..., or DICOM files.";
            return Err(Refused::new(ErrorCode::UnsupportedMedia, sentence));
        }
        _ => return Err(other_form()),
    };
    if said.essence != "multipart/related" {
        return Err(other_form());
    }
    let boundary = said.parameter("boundary").unwrap_or_default();
    let reader = Reader::new(boundary, Limits::default()).map_err(|_| {
        Refused::new(ErrorCode::NotAcceptable, "The header Content-Type has to name the boundary between the parts.")
    })?;
    Ok((reader, form))
}

fn other_form() -> Refused {
    Refused::new(
        ErrorCode::UnsupportedMedia,
        "Send DICOM files as multipart/related; type=\"application/dicom\"; boundary=..., or metadata and bulk data with type=\"application/dicom+json\".",
    )
}

/// Where the parts go.
pub(super) enum Intake {
    Files(Box<Store>),
    Apart(Box<Bundle>),
}

impl Intake {
    pub fn new(store: Store, form: Form) -> Self {
        match form {
            Form::Files => Self::Files(Box::new(store)),
            Form::Apart => Self::Apart(Box::new(Bundle::new(store))),
        }
    }

    async fn begin(&mut self, headers: &PartHeaders) {
        match self {
            Self::Files(store) => store.begin().await,
            Self::Apart(bundle) => bundle.begin(headers).await,
        }
    }

    async fn write(&mut self, data: &[u8]) {
        match self {
            Self::Files(store) => store.write(data).await,
            Self::Apart(bundle) => bundle.write(data).await,
        }
    }

    async fn end(&mut self) {
        match self {
            Self::Files(store) => store.end().await,
            Self::Apart(bundle) => bundle.end().await,
        }
    }

    /// The body was read to its end.
    async fn whole(self) -> Received {
        let (store, broken) = match self {
            Self::Files(store) => (Some(*store), None),
            Self::Apart(bundle) => match bundle.into_store().await {
                Ok(store) => (Some(store), None),
                Err(reason) => (None, Some(Broken::Content(reason))),
            },
        };
        Received { store, broken }
    }

    /// The rest cannot be read: the open part leaves nothing, and the answer tells of one that is missing. Metadata without all of their
    /// values are nothing.
    async fn broken(self, error: MultipartError) -> Received {
        let store = match self {
            Self::Files(mut store) => {
                if store.count() > 0 {
                    store.give_up().await;
                }
                Some(*store)
            }
            Self::Apart(bundle) => {
                bundle.give_up().await;
                None
            }
        };
        Received { store, broken: Some(Broken::Body(error)) }
    }
}

/// What has come.
pub(super) struct Received {
    /// None: nothing that could be stored.
    pub store: Option<Store>,
    /// Why the body was not read to its end, or not understood; none: it was.
    pub broken: Option<Broken>,
}

/// Why a body is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// It cannot be read to its end.
    Body(MultipartError),
    /// What came cannot be understood.
    Content(NotTaken),
}

/// Reads a body to its end, or as far as it can be read.
pub(super) async fn receive(mut intake: Intake, mut reader: Reader, body: Body) -> Received {
    let mut pieces = body.into_data_stream();
    loop {
        match reader.next() {
            Ok(Some(Event::Part(headers))) => intake.begin(&headers).await,
            Ok(Some(Event::Data(data))) => intake.write(&data).await,
            Ok(Some(Event::PartEnd)) => intake.end().await,
            Ok(Some(Event::End)) => {}
            Ok(None) => match pieces.next().await {
                Some(Ok(piece)) => reader.push(&piece),
                Some(Err(_)) => return intake.broken(MultipartError::Truncated).await,
                None => match reader.finish() {
                    Ok(()) => return intake.whole().await,
                    Err(error) => return intake.broken(error).await,
                },
            },
            Err(error) => return intake.broken(error).await,
        }
    }
}
