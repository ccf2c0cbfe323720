//! The side that waits: takes instances from other bridges.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use adit_dimse::Status;
use adit_engine::reception::Waiting;
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::identity::Identity;
use crate::inbound;
use crate::pieces::Pieces;
use crate::token::Token;
use crate::wire::{INSTANCE, STATUS, TAKE, WANTED, read_head, write_status};

/// How long a caller may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// How long a caller may take for the head of its next request, and for which it may be idle.
const HEAD: Duration = Duration::from_secs(60);
/// Connections at the same time; who comes next waits until one ends.
const CONNECTIONS: usize = 256;

/// A server for the other bridges.
pub struct RelayServer {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    desk: Arc<Desk>,
}

/// What every request needs.
struct Desk {
    token: Token,
    waiting: Arc<dyn Waiting>,
}

impl RelayServer {
    /// Listens on `addr` (port 0: any free one).
    pub async fn bind(
        addr: SocketAddr,
        identity: &Identity,
        token: Token,
        waiting: Arc<dyn Waiting>,
    ) -> io::Result<Self> {
        let (listener, acceptor) = (TcpListener::bind(addr).await?, TlsAcceptor::from(identity.server()));
        Ok(Self { listener, acceptor, desk: Arc::new(Desk { token, waiting }) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop`; exchanges that are under way are then finished.
    pub async fn run(self, stop: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => accepted,
                _ = connections.join_next(), if !connections.is_empty() => continue,
                () = stop.cancelled() => break,
            };
            let Ok((tcp, _)) = accepted else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            connections.spawn(serve(tcp, self.acceptor.clone(), Arc::clone(&self.desk), stop.clone()));
        }
        drop(self.listener);
        while connections.join_next().await.is_some() {}
    }
}

/// One connection: exchange after exchange.
async fn serve(tcp: TcpStream, acceptor: TlsAcceptor, desk: Arc<Desk>, stop: CancellationToken) {
    let _ = tcp.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(tcp)).await else {
        tracing::debug!("a connection to the relay did not get through its handshake");
        return;
    };
    let service = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(desk.answer(request).await) }
    });
    let mut exchanges = http1::Builder::new();
    exchanges.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection = exchanges.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection to the relay broke");
    }
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response<Pieces> {
        let given = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
        if !self.token.is(given) {
            tracing::warn!("somebody without the token of this installation called the relay");
            return plain(StatusCode::UNAUTHORIZED);
        }
        match (request.method(), request.uri().path()) {
            (&Method::POST, TAKE) => self.take(request).await,
            (&Method::POST, WANTED) => {
                let uid = request.headers().get(INSTANCE).and_then(|value| value.to_str().ok()).unwrap_or_default();
                plain(if self.waiting.waits_for(uid) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })
            }
            _ => plain(StatusCode::BAD_REQUEST),
        }
    }

    /// 404: nobody waits here. 409: refused. 200: taken on; the data set may come, the status follows it.
    async fn take(&self, request: Request<Incoming>) -> Response<Pieces> {
        let head = request.headers().get(INSTANCE).and_then(read_head).filter(inbound::is_complete);
        let Some(head) = head else { return plain(StatusCode::BAD_REQUEST) };
        let Some(mut sink) = self.waiting.sink_for(&head) else { return plain(StatusCode::NOT_FOUND) };
        if let Err(status) = sink.begin(&head).await {
            return refused(status);
        }
        let (answer, pieces) = Pieces::channel();
        tokio::spawn(inbound::receive(sink, request.into_body(), answer));
        Response::new(pieces)
    }
}

fn plain(status: StatusCode) -> Response<Pieces> {
    let mut response = Response::new(Pieces::none());
    *response.status_mut() = status;
    response
}

fn refused(status: Status) -> Response<Pieces> {
    let mut response = plain(StatusCode::CONFLICT);
    if let Ok(value) = write_status(status).try_into() {
        response.headers_mut().insert(STATUS, value);
    }
    response
}
