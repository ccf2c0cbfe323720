//! A DICOMweb server that follows a script: a few instances in memory, and what goes wrong where the script says so.

mod search;

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adit_deid::part10::parse_head;
use adit_dicomweb::accept::MediaType;
use adit_dicomweb::multipart::{Event, Limits, Reader, Writer};
use adit_dicomweb::store::{Failed, StoreAnswer, Stored};
use adit_dimse::{Identifier, Tag, tags};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::ANY;

/// What goes wrong. Everything else works.
#[derive(Debug, Clone, Default)]
pub struct WebScript {
    /// So many requests in all are answered with this status first, and with this Retry-After.
    pub refuse: Option<(usize, u16, &'static str)>,
    /// Searches are always answered with this status.
    pub search_status: Option<u16>,
    /// Searches for instances are always answered with this status.
    pub instance_search_status: Option<u16>,
    /// Retrievals are always answered with this status.
    pub retrieve_status: Option<u16>,
    /// So many retrievals of series break off in the middle of an instance.
    pub break_off: usize,
    /// Retrievals say that they are partial, with this remark.
    pub partial: Option<&'static str>,
    /// Requests need the header `Authorization` to be this.
    pub authorization: Option<String>,
    /// Requests need this header, too.
    pub header: Option<(String, String)>,
    /// Tokens are given for this `Authorization` header of a client.
    pub client: Option<String>,
    /// The instance of this UID is refused with this failure reason.
    pub refuse_instance: Option<(String, u16)>,
    /// Bodies with the instance of this UID are refused as a whole with this status.
    pub refuse_whole: Option<(String, u16)>,
    /// Nothing of a body with such an instance is stored, and the answer names it alone.
    pub all_or_nothing: bool,
    /// Answers to stores are XML.
    pub answers_xml: bool,
    /// Stores are always answered with this status.
    pub store_status: Option<u16>,
    /// Every stored instance gets this warning reason.
    pub warn: Option<u16>,
    /// Bodies with more instances are too large.
    pub most_instances: Option<usize>,
    /// Each store takes this long.
    pub store_delay: Duration,
    /// Results of a search at most, whatever is asked for.
    pub page: Option<usize>,
    /// Searches that ask for more at once are refused with 400; 0: all that name a limit.
    pub most_limit: Option<usize>,
    /// Searches begin at the first result, whatever is asked for.
    pub no_offset: bool,
    /// Searches pass over how many results are wanted.
    pub no_limit: bool,
    /// Searches do not say that there is more.
    pub says_no_more: bool,
    /// Searches are answered with this remark.
    pub search_remark: Option<&'static str>,
    /// Series and instances are found below their study only.
    pub no_relational: bool,
}

/// The running server.
pub struct WebPeer {
    pub addr: SocketAddr,
    /// Base address of its services.
    pub url: String,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

struct Shared {
    script: WebScript,
    files: Mutex<BTreeMap<String, Held>>,
    requests: AtomicUsize,
    broken: AtomicUsize,
    tokens: AtomicUsize,
    seen: Mutex<Vec<String>>,
    searches: Mutex<Vec<String>>,
}

/// An instance.
#[derive(Clone)]
struct Held {
    bytes: Bytes,
    header: Identifier,
}

/// Starts a server with the DICOM files of a folder.
pub async fn start(root: &Path, script: WebScript) -> WebPeer {
    let mut files = BTreeMap::new();
    for path in walk(root) {
        let held = held(std::fs::read(path).expect("a file can be read").into()).expect("a DICOM file");
        files.insert(held.header.text(tags::SOP_INSTANCE_UID), held);
    }
    let shared = Arc::new(Shared {
        script,
        files: Mutex::new(files),
        requests: AtomicUsize::new(0),
        broken: AtomicUsize::new(0),
        tokens: AtomicUsize::new(0),
        seen: Mutex::default(),
        searches: Mutex::default(),
    });
    let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
    let listener = tokio::net::TcpListener::bind(ANY).await.expect("a port can be had");
    let (addr, stop) = (listener.local_addr().expect("an address"), CancellationToken::new());
    let stopped = stop.clone().cancelled_owned();
    tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
    WebPeer { addr, url: format!("http://{addr}/dicom-web"), shared, _stop: stop.drop_guard() }
}

impl WebPeer {
    /// SOP Instance UIDs that it holds.
    pub fn instances(&self) -> HashSet<String> {
        self.shared.files.lock().unwrap().keys().cloned().collect()
    }

    /// The file of an instance.
    pub fn file(&self, uid: &str) -> Option<Bytes> {
        self.shared.files.lock().unwrap().get(uid).map(|held| held.bytes.clone())
    }

    /// Keeps an instance in another form; searches go on as before.
    pub fn keep_as(&self, uid: &str, bytes: Vec<u8>) {
        self.shared.files.lock().unwrap().get_mut(uid).expect("it is here").bytes = bytes.into();
    }

    /// Methods and paths that were asked for and admitted.
    pub fn seen(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Searches that were admitted: path and query.
    pub fn searches(&self) -> Vec<String> {
        self.shared.searches.lock().unwrap().clone()
    }

    /// Requests in all, also those that were refused.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Tokens that were given.
    pub fn tokens(&self) -> usize {
        self.shared.tokens.load(Ordering::SeqCst)
    }
}

fn walk(root: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(root).into_iter().flatten() {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() { all.extend(walk(&path)) } else { all.push(path) }
    }
    all
}

fn held(bytes: Bytes) -> Option<Held> {
    let head = parse_head(&bytes).ok()?;
    let offset = usize::try_from(head.data_set_offset).ok()?;
    let header = Identifier::decode_until(&bytes[offset..], &head.transfer_syntax_uid, 0x28).ok()?;
    Some(Held { bytes, header })
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if path == "/token" {
        return shared.token(&parts.headers);
    }
    let number = shared.requests.fetch_add(1, Ordering::SeqCst);
    if let Some((_, status, after)) = shared.script.refuse.filter(|(times, ..)| number < *times) {
        let status = StatusCode::from_u16(status).unwrap();
        // Who answers before it has read everything breaks the connection of who still sends.
        let _ = to_bytes(body, usize::MAX).await;
        return (status, [(header::RETRY_AFTER, after)]).into_response();
    }
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if shared.script.authorization.as_deref().is_some_and(|wanted| given != Some(wanted)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let has = |(name, value): &(String, String)| parts.headers.get(name).is_some_and(|given| given == value.as_str());
    if shared.script.header.as_ref().is_some_and(|wanted| !has(wanted)) {
        return StatusCode::FORBIDDEN.into_response();
    }
    shared.seen.lock().unwrap().push(format!("{} {path}", parts.method));
    let resource: Vec<&str> = path.trim_start_matches("/dicom-web/").split('/').collect();
    match (parts.method, resource.as_slice()) {
        (Method::POST, ["studies", ..]) => shared.store(&parts.headers, body).await,
        (Method::GET, [.., "studies" | "series" | "instances"]) => shared.search(&parts.uri, &resource),
        (Method::GET, ["studies", _, "series", series]) => shared.retrieve(tags::SERIES_INSTANCE_UID, series),
        (Method::GET, ["studies", _, "series", _, "instances", sop]) => shared.retrieve(tags::SOP_INSTANCE_UID, sop),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Shared {
    fn token(&self, headers: &HeaderMap) -> Response {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if given != self.script.client.as_deref() {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        self.tokens.fetch_add(1, Ordering::SeqCst);
        (
            [(header::CONTENT_TYPE, "application/json")],
            r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":300}"#,
        )
            .into_response()
    }

    fn retrieve(&self, tag: Tag, uid: &str) -> Response {
        if let Some(status) = self.script.retrieve_status {
            return StatusCode::from_u16(status).unwrap().into_response();
        }
        let files: Vec<Bytes> = self
            .files
            .lock()
            .unwrap()
            .values()
            .filter(|held| held.header.text(tag) == uid)
            .map(|held| held.bytes.clone())
            .collect();
        if files.is_empty() {
            return StatusCode::NOT_FOUND.into_response();
        }
        let mut writer = Writer::with_boundary("peer".to_owned());
        let mut pieces: Vec<Result<Bytes, std::io::Error>> = vec![Ok(Bytes::from_static(writer.opening()))];
        for file in &files {
            pieces.push(Ok(writer.part(&[("Content-Type", "application/dicom")]).into()));
            // Pieces of an odd size, so that nothing depends on where they are cut.
            pieces.extend((0..file.len()).step_by(7001).map(|at| Ok(file.slice(at..file.len().min(at + 7001)))));
        }
        let breaks =
            tag == tags::SERIES_INSTANCE_UID && self.broken.fetch_add(1, Ordering::SeqCst) < self.script.break_off;
        if breaks {
            pieces.truncate(pieces.len() - 1);
            pieces.push(Err(std::io::Error::other("as the script says")));
        } else {
            pieces.push(Ok(writer.close().into()));
        }
        let kind = writer.content_type("application/dicom");
        let mut response = ([(header::CONTENT_TYPE, kind)], Body::from_stream(stream::iter(pieces))).into_response();
        if let Some(remark) = self.script.partial {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            response.headers_mut().insert(header::WARNING, format!("299 peer \"{remark}\"").parse().unwrap());
        }
        response
    }

    async fn store(&self, headers: &HeaderMap, body: Body) -> Response {
        let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
        let said = MediaType::parse(headers[header::CONTENT_TYPE].to_str().unwrap());
        let mut reader = Reader::new(said.parameter("boundary").unwrap(), Limits::default()).unwrap();
        reader.push(&body);
        let (mut files, mut open) = (Vec::new(), Vec::new());
        while let Ok(Some(event)) = reader.next() {
            match event {
                Event::Part(_) => open.clear(),
                Event::Data(data) => open.extend_from_slice(&data),
                Event::PartEnd => files.push(Bytes::copy_from_slice(&open)),
                Event::End => {}
            }
        }
        assert_eq!(reader.finish(), Ok(()));
        if self.script.most_instances.is_some_and(|most| files.len() > most) {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        }
        tokio::time::sleep(self.script.store_delay).await;
        if let Some(status) = self.script.store_status {
            return StatusCode::from_u16(status).unwrap().into_response();
        }
        let files: Vec<Held> = files.into_iter().map(|file| held(file).expect("a DICOM file")).collect();
        if let Some((uid, status)) = &self.script.refuse_whole
            && files.iter().any(|held| held.header.text(tags::SOP_INSTANCE_UID) == *uid)
        {
            return StatusCode::from_u16(*status).unwrap().into_response();
        }
        let mut answer = StoreAnswer::default();
        if let Some((sop_instance_uid, reason)) = self.script.refuse_instance.clone()
            && self.script.all_or_nothing
            && files.iter().any(|held| held.header.text(tags::SOP_INSTANCE_UID) == sop_instance_uid)
        {
            answer.failed.push(Failed { sop_instance_uid, reason, ..Failed::default() });
            return (StatusCode::CONFLICT, answer.to_json()).into_response();
        }
        for held in files {
            let sop_instance_uid = held.header.text(tags::SOP_INSTANCE_UID);
            match &self.script.refuse_instance {
                Some((uid, reason)) if *uid == sop_instance_uid => {
                    answer.failed.push(Failed { sop_instance_uid, reason: *reason, ..Failed::default() });
                }
                _ => {
                    let warning = self.script.warn;
                    self.files.lock().unwrap().insert(sop_instance_uid.clone(), held);
                    answer.stored.push(Stored { sop_instance_uid, warning, ..Stored::default() });
                }
            }
        }
        let status = if answer.failed.is_empty() {
            StatusCode::OK
        } else if answer.stored.is_empty() {
            StatusCode::CONFLICT
        } else {
            StatusCode::ACCEPTED
        };
        if self.script.answers_xml {
            return (status, [(header::CONTENT_TYPE, "application/dicom+xml")], "<NativeDicomModel/>").into_response();
        }
        (status, [(header::CONTENT_TYPE, "application/dicom+json")], answer.to_json()).into_response()
    }
}
