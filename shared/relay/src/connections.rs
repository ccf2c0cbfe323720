//! Connections to one neighbour. They are used again: a study's instances come one after the other.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adit_dimse::{InstanceHead, Status};
use adit_store::repositories::Bridge;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use crate::identity::{NAME, trusting};
use crate::outbound::{Exchange, Relayed};
use crate::pieces::Pieces;
use crate::token::Token;
use crate::wire::{INSTANCE, STATUS, TAKE, WANTED, read_status, write_head};

/// How long connecting and the handshake may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long the neighbour may take to take an instance on: it may keep to a pace, and opens a place in staging.
const ANSWER: Duration = Duration::from_secs(30);
/// An unused connection is closed after this time.
const UNUSED: Duration = Duration::from_secs(30);
/// A neighbour that could not be reached is left alone for this time.
const REST: Duration = Duration::from_secs(3);

/// Why a neighbour did not answer.
#[derive(Debug, Error)]
pub(crate) enum Unreachable {
    #[error("no connection: {0}")]
    Connection(#[from] io::Error),
    #[error("the exchange broke: {0}")]
    Exchange(#[from] hyper::Error),
    #[error("no answer in time")]
    Silent,
    #[error("it could not be reached a moment ago")]
    Resting,
    #[error("it answers with HTTP status {0}")]
    Answer(StatusCode),
}

/// What a neighbour says to an instance.
pub(crate) enum Offered {
    Taken(Box<Relayed>),
    Refused(Status),
    NotWanted,
}

/// Another bridge.
pub(crate) struct Neighbour {
    pub bridge: Bridge,
    tls: Arc<ClientConfig>,
    unused: Mutex<Vec<(SendRequest<Pieces>, Instant)>>,
    resting: Mutex<Option<Instant>>,
}

/// A connection in use.
pub(crate) struct Line {
    to: Arc<Neighbour>,
    sender: SendRequest<Pieces>,
}

impl Line {
    /// Keeps the connection for the next instance.
    pub fn hang_up(self) {
        self.to.unused.lock().unwrap_or_else(PoisonError::into_inner).push((self.sender, Instant::now()));
    }
}

impl Neighbour {
    /// A neighbour as its row describes it.
    pub fn new(bridge: Bridge) -> io::Result<Self> {
        let tls = trusting(&bridge.certificate_pem)?;
        Ok(Self { bridge, tls, unused: Mutex::default(), resting: Mutex::default() })
    }

    /// Whether a row describes this neighbour still.
    pub fn is(&self, row: &Bridge) -> bool {
        self.bridge.address == row.address && self.bridge.certificate_pem == row.certificate_pem
    }

    /// Whether it waits for this SOP instance.
    pub async fn wants(self: &Arc<Self>, token: &Token, sop_instance_uid: &str) -> Result<bool, Unreachable> {
        let Ok(about) = HeaderValue::from_str(sop_instance_uid) else { return Ok(false) };
        let (response, line) = self.ask(token, WANTED, &about, Pieces::none).await?;
        match response.status() {
            StatusCode::NO_CONTENT => {
                line.hang_up();
                Ok(true)
            }
            StatusCode::NOT_FOUND => {
                line.hang_up();
                Ok(false)
            }
            other => Err(Unreachable::Answer(other)),
        }
    }

    /// Offers it an instance.
    pub async fn offer(self: &Arc<Self>, token: &Token, head: &InstanceHead) -> Result<Offered, Unreachable> {
        let Some(about) = write_head(head) else { return Ok(Offered::NotWanted) };
        let mut input = None;
        let body = || {
            let (sender, pieces) = Pieces::channel();
            input = Some(sender);
            pieces
        };
        let (response, line) = self.ask(token, TAKE, &about, body).await?;
        let status = response.headers().get(STATUS).and_then(|value| read_status(value.as_bytes()));
        match (response.status(), input) {
            (StatusCode::OK, Some(input)) => {
                let exchange = Exchange::new(input, response.into_body());
                Ok(Offered::Taken(Box::new(Relayed::new(exchange, line))))
            }
            (StatusCode::NOT_FOUND, _) => Ok(Offered::NotWanted),
            (StatusCode::CONFLICT, _) => {
                Ok(Offered::Refused(status.filter(|status| !status.is_done()).unwrap_or(Status::OUT_OF_RESOURCES)))
            }
            (other, _) => Err(Unreachable::Answer(other)),
        }
    }

    /// One request, on a connection that was used before or on a new one. An old one may have been closed by the other side meanwhile:
    /// then a new one is tried.
    async fn ask(
        self: &Arc<Self>,
        token: &Token,
        path: &str,
        about: &HeaderValue,
        mut body: impl FnMut() -> Pieces,
    ) -> Result<(hyper::Response<hyper::body::Incoming>, Line), Unreachable> {
        while let Some(mut line) = self.used_before() {
            let request = request(token, path, about, body());
            match tokio::time::timeout(ANSWER, line.sender.send_request(request)).await {
                Ok(Ok(response)) => return Ok((response, line)),
                Ok(Err(_)) => {}
                Err(_) => return Err(self.rest(Unreachable::Silent)),
            }
        }
        let resting = *self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.is_some_and(|until| until > Instant::now()) {
            return Err(Unreachable::Resting);
        }
        let mut line = self.connect().await.map_err(|error| self.rest(error))?;
        let asking = line.sender.send_request(request(token, path, about, body()));
        match tokio::time::timeout(ANSWER, asking).await {
            Ok(Ok(response)) => Ok((response, line)),
            Ok(Err(error)) => Err(self.rest(error.into())),
            Err(_) => Err(self.rest(Unreachable::Silent)),
        }
    }

    fn used_before(self: &Arc<Self>) -> Option<Line> {
        let mut unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = Instant::now().checked_sub(UNUSED);
        unused.retain(|(sender, since)| !sender.is_closed() && fresh.is_none_or(|fresh| *since > fresh));
        let at = unused.iter().position(|(sender, _)| sender.is_ready())?;
        Some(Line { to: Arc::clone(self), sender: unused.swap_remove(at).0 })
    }

    async fn connect(self: &Arc<Self>) -> Result<Line, Unreachable> {
        let connecting = async {
            let tcp = TcpStream::connect(&self.bridge.address).await?;
            tcp.set_nodelay(true)?;
            let name = ServerName::try_from(NAME).map_err(io::Error::other)?;
            TlsConnector::from(Arc::clone(&self.tls)).connect(name, tcp).await
        };
        let stream = tokio::time::timeout(CONNECT, connecting).await.map_err(|_| Unreachable::Silent)??;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a connection to another bridge broke");
            }
        });
        Ok(Line { to: Arc::clone(self), sender })
    }

    fn rest(&self, why: Unreachable) -> Unreachable {
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
        why
    }
}

fn request(token: &Token, path: &str, about: &HeaderValue, body: Pieces) -> Request<Pieces> {
    let mut request = Request::new(body);
    *request.method_mut() = hyper::Method::POST;
    *request.uri_mut() = path.parse().expect("our paths are valid");
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_static(NAME));
    headers.insert(AUTHORIZATION, token.header().parse().expect("a token is letters and digits"));
    headers.insert(INSTANCE, about.clone());
    request
}
