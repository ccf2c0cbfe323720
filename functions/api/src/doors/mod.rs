//! The web server: connections with limits, and the address that a request comes from, also behind a reverse proxy.

mod linger;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tower_http::timeout::TimeoutBody;

use linger::Linger;

/// Connections of browsers at the same time.
const CONNECTIONS: usize = 1024;
/// How long a request's head may take, and how long an unused connection is kept, where browsers come by themselves.
const HEAD: Duration = Duration::from_secs(10);
/// How long a piece of a body may take that comes from a browser.
const BODY: Duration = Duration::from_secs(30);
/// How long open connections may take to end when the server does.
const GOODBYE: Duration = Duration::from_secs(2);
/// Wait after the system could give no connection.
const BREATHE: Duration = Duration::from_millis(100);

/// What the web server is told.
#[derive(Debug)]
pub struct Doors {
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How long a request's head may take, and how long an unused connection is kept. Behind a load balancer it has to be longer than the
    /// balancer keeps its own side, which else sends a request into a connection that is just being closed.
    pub idle: Duration,
    /// Connections at the same time; what is above waits at the door.
    pub connections: usize,
    /// How long a piece of a request's body may take.
    pub body: Duration,
}

impl Default for Doors {
    fn default() -> Self {
        Self { trusted_proxies: Vec::new(), idle: HEAD, connections: CONNECTIONS, body: BODY }
    }
}

/// Serves until `stop`. Requests learn where they come from by [`ConnectInfo`].
pub async fn serve(listener: TcpListener, router: Router, doors: Doors, stop: CancellationToken) {
    let (places, doors, open) = (Arc::new(Semaphore::new(doors.connections)), Arc::new(doors), TaskTracker::new());
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((stream, peer)) = listener.accept().await else {
                tokio::time::sleep(BREATHE).await;
                continue;
            };
            let (router, doors, stop) = (router.clone(), Arc::clone(&doors), stop.clone());
            open.spawn(async move {
                connection(stream, peer, router, doors, stop).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop.cancelled() => {}
    }
    open.close();
    let _ = tokio::time::timeout(GOODBYE, open.wait()).await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, doors: Arc<Doors>, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let (idle, patience) = (doors.idle, doors.body);
    let service = service_fn(move |request: Request<Incoming>| {
        let caller = doors.caller(peer, request.headers());
        let mut request = request.map(|body| Body::new(TimeoutBody::new(patience, body)));
        request.extensions_mut().insert(ConnectInfo(caller));
        router.clone().oneshot(request)
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .serve_connection(TokioIo::new(Linger::new(stream)), service);
    tokio::pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => {}
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

impl Doors {
    /// Where a request comes from: the last address of `X-Forwarded-For` that is no trusted proxy, if a trusted one has sent it. What
    /// stands before it anybody may have written.
    fn caller(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let is_trusted = |address: IpAddr| self.trusted_proxies.contains(&address.to_canonical());
        if !is_trusted(peer.ip()) {
            return peer;
        }
        let lines: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or_default()).collect();
        let addresses = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(|text| text.trim().parse::<IpAddr>());
        let mut nearest = peer;
        for address in addresses {
            let Ok(address) = address else { break };
            nearest = SocketAddr::new(address.to_canonical(), 0);
            if !is_trusted(address) {
                break;
            }
        }
        nearest
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_who_calls() {
        let doors = Doors {
            trusted_proxies: vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()],
            ..Doors::default()
        };
        let caller = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            doors.caller(SocketAddr::new(peer.parse().unwrap(), 7), &headers).ip().to_string()
        };
        assert_eq!(caller("192.0.2.9", &["1.2.3.4"]), "192.0.2.9", "anybody may write that");
        assert_eq!(caller("10.0.0.1", &["6.6.6.6, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(caller("10.0.0.1", &["6.6.6.6, 1.2.3.4", "10.0.0.2"]), "1.2.3.4");
        assert_eq!(caller("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(caller("10.0.0.1", &["1.2.3.4, nonsense"]), "10.0.0.1");
        assert_eq!(caller("10.0.0.1", &[]), "10.0.0.1");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn answers_and_lets_nobody_hold_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let who = |ConnectInfo(caller): ConnectInfo<SocketAddr>, body: String| async move {
            format!("{} {body}", caller.ip())
        };
        let router = Router::new().route("/", post(who));
        let (doors, stop) =
            (Doors { trusted_proxies: vec![address.ip()], ..Doors::default() }, CancellationToken::new());
        let serving = tokio::spawn(serve(listener, router, doors, stop.clone()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = "POST / HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 1.2.3.4\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("1.2.3.4 hi"), "{answer}");
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"POST / HTTP/1.1\r\nhost: ").await.unwrap();
        let begun = Instant::now();
        let _ = tokio::time::timeout(HEAD * 2, slow.read_to_string(&mut answer)).await.expect("it is closed");
        assert!(begun.elapsed() >= HEAD / 2);
        stop.cancel();
        serving.await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_sends_on_and_on_still_reads_why_it_was_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let refuse = || async { (axum::http::StatusCode::BAD_REQUEST, "enough") };
        let (router, stop) = (Router::new().route("/", post(refuse)), CancellationToken::new());
        tokio::spawn(serve(listener, router, Doors::default(), stop.clone()));
        let pieces = vec![b'x'; 1 << 20];
        for _ in 0..10 {
            let (mut reading, mut writing) = TcpStream::connect(address).await.unwrap().into_split();
            writing.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000000\r\n\r\n").await.unwrap();
            let pieces = pieces.clone();
            let pouring = tokio::spawn(async move { while writing.write_all(&pieces).await.is_ok() {} });
            // It comes late to the answer, as programs do that send first and read then.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let mut answer = vec![0; 1000];
            let count = reading.read(&mut answer).await.expect("the answer is there");
            let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
            assert!(answer.starts_with("HTTP/1.1 400") && answer.ends_with("enough"), "{answer}");
            tokio::time::timeout(linger::PATIENCE * 3, pouring).await.expect("it is not read for ever").unwrap();
        }
        stop.cancel();
    }
}
