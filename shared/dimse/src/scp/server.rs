//! Listening, admitting, and one task per association.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dicom_ul::pdu::{PresentationContextProposed, PresentationContextResultReason as Reason};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::serve::Served;
use super::{Admission, Caller, Provider, ServerConfig};
use crate::acse::{self, Refusal};
use crate::error::{DimseError, Phase};
use crate::stream::{Stream, prepare};
use crate::uids;
use crate::wire::Wire;

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    config: Arc<ServerConfig>,
    provider: Arc<dyn Provider>,
}

impl Server {
    /// Listens on `addr` (port 0: any free one).
    pub async fn bind(addr: SocketAddr, config: ServerConfig, provider: Arc<dyn Provider>) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(addr).await?, config: Arc::new(config), provider })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop`; open associations are then aborted.
    pub async fn run(self, stop: CancellationToken) {
        self.run_until(stop.clone(), stop).await;
    }

    /// Takes no new associations once `ending` is cancelled and ends each open one at its next pause between requests; those that are
    /// still busy at `stop` are aborted.
    pub async fn run_until(self, ending: CancellationToken, stop: CancellationToken) {
        let open = Arc::new(AtomicUsize::new(0));
        let mut associations = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = associations.join_next(), if !associations.is_empty() => continue,
                () = ending.cancelled() => break,
            };
            let Ok((tcp, addr)) = accepted else {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            };
            let (config, provider, open) = (Arc::clone(&self.config), Arc::clone(&self.provider), Arc::clone(&open));
            let end = End { ending: ending.clone(), stop: stop.clone() };
            associations.spawn(async move {
                let others = open.fetch_add(1, Ordering::SeqCst);
                if let Err(error) = associate(tcp, addr, &config, &*provider, others, &end).await {
                    tracing::debug!(peer = %addr, error = %error, "an association ended early");
                }
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
        drop(self.listener);
        while associations.join_next().await.is_some() {}
    }
}

/// How associations are told to end.
pub(super) struct End {
    /// At the next pause.
    pub ending: CancellationToken,
    /// At once.
    pub stop: CancellationToken,
}

async fn associate(
    tcp: TcpStream,
    addr: SocketAddr,
    config: &ServerConfig,
    provider: &dyn Provider,
    others: usize,
    end: &End,
) -> Result<(), DimseError> {
    prepare(&tcp).map_err(DimseError::Broken)?;
    let opening = open(tcp, addr, config, provider, others);
    let opened = tokio::select! {
        opened = tokio::time::timeout(config.timeouts.handshake, opening) => opened.map_err(|_| DimseError::Timeout(Phase::Handshake))??,
        () = end.stop.cancelled() => return Ok(()),
    };
    match opened {
        Some(mut served) => {
            let result = served.run(provider, end).await;
            if result.is_err() {
                served.abort().await;
            }
            result
        }
        None => Ok(()),
    }
}

/// Handshake and admission; `None`: the caller was turned away.
async fn open(
    tcp: TcpStream,
    addr: SocketAddr,
    config: &ServerConfig,
    provider: &dyn Provider,
    others: usize,
) -> Result<Option<Served>, DimseError> {
    let mut stream = match &config.tls {
        Some(tls) => {
            let stream = TlsAcceptor::from(tls.config.clone())
                .accept(tcp)
                .await
                .map_err(|error| DimseError::Tls(error.to_string()))?;
            Stream::Tls(Box::new(stream.into()))
        }
        None => Stream::Plain(tcp),
    };
    let requested = acse::requested(&mut stream).await?;
    let caller = Caller {
        calling_ae_title: requested.request.calling_ae_title.clone(),
        called_ae_title: requested.request.called_ae_title.clone(),
        addr,
    };
    if let Some(refusal) = refusal(&caller, config, provider, others) {
        tracing::info!(peer = %addr, refusal = ?refusal, "an association was refused");
        acse::reject(&mut stream, refusal).await;
        return Ok(None);
    }
    let answers_queries = provider.archive().is_some();
    let (agreement, provided) =
        acse::accept(&mut stream, requested, config.max_pdu, |context| choose(context, answers_queries)).await?;
    let wire = Wire::new(stream, agreement.rest, config.max_pdu, agreement.peer_max_pdu, config.timeouts.idle);
    Ok(Some(Served::new(wire, caller, agreement.contexts, provided)))
}

fn refusal(caller: &Caller, config: &ServerConfig, provider: &dyn Provider, others: usize) -> Option<Refusal> {
    if others >= config.max_associations {
        return Some(Refusal::Limit);
    }
    if config.ae_title.as_ref().is_some_and(|title| *title != caller.called_ae_title) {
        return Some(Refusal::UnknownCalled);
    }
    match provider.admit(caller) {
        Admission::Accept => None,
        Admission::UnknownCaller => Some(Refusal::UnknownCaller),
        Admission::Busy => Some(Refusal::Congestion),
    }
}

/// The transfer syntax for a proposed context. Objects are taken in whatever syntax comes first: their bytes are passed through.
fn choose(context: &PresentationContextProposed, answers_queries: bool) -> Result<String, Reason> {
    let class = context.abstract_syntax.trim_matches(|c: char| c == '\0' || c == ' ');
    let offered = || context.transfer_syntaxes.iter().map(|uid| uid.trim_matches(|c: char| c == '\0' || c == ' '));
    let is_query = [
        uids::PATIENT_ROOT_FIND,
        uids::PATIENT_ROOT_GET,
        uids::PATIENT_ROOT_MOVE,
        uids::STUDY_ROOT_FIND,
        uids::STUDY_ROOT_GET,
        uids::STUDY_ROOT_MOVE,
    ]
    .contains(&class);
    if class == uids::VERIFICATION || (is_query && answers_queries) {
        return uids::UNCOMPRESSED
            .iter()
            .find(|uid| offered().any(|offered| offered == **uid))
            .map(|uid| (*uid).to_owned())
            .ok_or(Reason::TransferSyntaxesNotSupported);
    }
    if is_query || !uids::is_storage_class(class) {
        return Err(Reason::AbstractSyntaxNotSupported);
    }
    offered().find(|uid| !uid.is_empty()).map(str::to_owned).ok_or(Reason::TransferSyntaxesNotSupported)
}
