//! An association that we asked for.

use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::acse;
use crate::error::{DimseError, Phase};
use crate::proposal::Proposal;
use crate::stream::{Stream, prepare};
use crate::tls::TlsClient;
use crate::wire::Wire;

/// How long a peer may take to agree to a release.
const RELEASE: Duration = Duration::from_secs(3);

/// A peer and how to talk to it.
#[derive(Clone)]
pub struct Peer {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Called AE title.
    pub called_ae_title: String,
    /// Calling AE title.
    pub calling_ae_title: String,
    /// Encryption.
    pub tls: Option<TlsClient>,
    /// Limits of time.
    pub timeouts: Timeouts,
    /// Longest PDU that we accept, in bytes.
    pub max_pdu: u32,
}

/// Limits of time; see [`Phase`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP connection.
    pub connect: Duration,
    /// TLS handshake and association together.
    pub handshake: Duration,
    /// First answer to a C-FIND, C-GET or C-MOVE: an archive may fetch from tape.
    pub first_byte: Duration,
    /// Silence within a running exchange.
    pub idle: Duration,
    /// One exchange in all.
    pub total: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            handshake: Duration::from_secs(15),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            total: None,
        }
    }
}

/// An accepted presentation context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Presentation context id.
    pub id: u8,
    /// Abstract syntax.
    pub sop_class_uid: String,
    /// Transfer syntax that the peer chose.
    pub transfer_syntax_uid: String,
}

/// What was negotiated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// From connecting to the accepted association.
    pub took: Duration,
    /// Longest PDU that the peer accepts; 0 is unlimited.
    pub peer_max_pdu: u32,
    /// The peer's Implementation Class UID.
    pub implementation_class_uid: String,
    /// The peer's Implementation Version Name.
    pub implementation_version_name: String,
    /// Version of TLS, if the association is encrypted.
    pub tls: Option<&'static str>,
    /// Accepted presentation contexts.
    pub contexts: Vec<Context>,
}

/// An open association as its requestor. One exchange at a time. Dropping it closes the connection without ceremony.
pub struct Association {
    pub(crate) wire: Wire,
    pub(crate) timeouts: Timeouts,
    negotiated: Negotiated,
    last_message_id: u16,
}

impl Association {
    /// Connects, negotiates, and answers with the open association.
    pub async fn connect(peer: &Peer, proposal: &Proposal, cancel: &CancellationToken) -> Result<Self, DimseError> {
        tokio::select! {
            opened = Self::open(peer, proposal) => opened,
            () = cancel.cancelled() => Err(DimseError::Cancelled),
        }
    }

    async fn open(peer: &Peer, proposal: &Proposal) -> Result<Self, DimseError> {
        let begun = Instant::now();
        let tcp = tokio::time::timeout(peer.timeouts.connect, TcpStream::connect((peer.host.as_str(), peer.port)))
            .await
            .map_err(|_| DimseError::Timeout(Phase::Connect))?
            .map_err(DimseError::Connect)?;
        prepare(&tcp).map_err(DimseError::Connect)?;
        let handshake = async {
            let mut stream = encrypt(tcp, peer).await?;
            let agreement =
                acse::request(&mut stream, &peer.calling_ae_title, &peer.called_ae_title, peer.max_pdu, proposal)
                    .await?;
            Ok((stream, agreement))
        };
        let (stream, agreement) = tokio::time::timeout(peer.timeouts.handshake, handshake)
            .await
            .map_err(|_| DimseError::Timeout(Phase::Handshake))??;
        let contexts = agreement.contexts.into_iter().map(|context| Context {
            id: context.id,
            sop_class_uid: context.abstract_syntax,
            transfer_syntax_uid: context.transfer_syntax,
        });
        let negotiated = Negotiated {
            took: begun.elapsed(),
            peer_max_pdu: agreement.peer_max_pdu,
            implementation_class_uid: agreement.peer_implementation_class_uid,
            implementation_version_name: agreement.peer_implementation_version_name,
            tls: tls_version(&stream),
            contexts: contexts.collect(),
        };
        let wire = Wire::new(stream, agreement.rest, peer.max_pdu, negotiated.peer_max_pdu, peer.timeouts.idle);
        Ok(Self { wire, timeouts: peer.timeouts, negotiated, last_message_id: 0 })
    }

    /// What was negotiated.
    #[must_use]
    pub fn negotiated(&self) -> &Negotiated {
        &self.negotiated
    }

    /// Whether objects of this class can be sent in this transfer syntax.
    #[must_use]
    pub fn accepts(&self, sop_class_uid: &str, transfer_syntax_uid: &str) -> bool {
        self.context_for(sop_class_uid, Some(transfer_syntax_uid)).is_some()
    }

    /// Whether the peer accepted the SOP class in any transfer syntax.
    #[must_use]
    pub fn supports(&self, sop_class_uid: &str) -> bool {
        self.context_for(sop_class_uid, None).is_some()
    }

    pub(crate) fn context_for(&self, sop_class_uid: &str, transfer_syntax_uid: Option<&str>) -> Option<Context> {
        self.negotiated
            .contexts
            .iter()
            .find(|context| {
                context.sop_class_uid == sop_class_uid
                    && transfer_syntax_uid.is_none_or(|uid| context.transfer_syntax_uid == uid)
            })
            .cloned()
    }

    pub(crate) fn context_by_id(&self, id: u8) -> Option<&Context> {
        self.negotiated.contexts.iter().find(|context| context.id == id)
    }

    pub(crate) fn need(&self, sop_class_uid: &str, name: &str) -> Result<Context, DimseError> {
        self.context_for(sop_class_uid, None).ok_or_else(|| DimseError::NoContext(name.to_owned()))
    }

    /// The message id that the next request will carry.
    #[must_use]
    pub fn next_message_id(&self) -> u16 {
        self.last_message_id.wrapping_add(1).max(1)
    }

    pub(crate) fn take_message_id(&mut self) -> u16 {
        self.last_message_id = self.next_message_id();
        self.last_message_id
    }

    /// Makes the next request carry this message id, so that a receiver can expect it (Move Originator Message ID).
    pub fn set_next_message_id(&mut self, id: u16) {
        self.last_message_id = id.max(1) - 1;
    }

    /// Ends the association in an orderly way.
    pub async fn release(mut self) {
        self.wire.release(RELEASE).await;
    }

    /// Ends the association at once.
    pub async fn abort(mut self) {
        self.wire.abort().await;
    }
}

async fn encrypt(tcp: TcpStream, peer: &Peer) -> Result<Stream, DimseError> {
    let Some(tls) = &peer.tls else { return Ok(Stream::Plain(tcp)) };
    let name = tls.server_name.clone().unwrap_or_else(|| peer.host.clone());
    let name = ServerName::try_from(name).map_err(|_| DimseError::Tls("the server name is not a valid name".into()))?;
    let stream = TlsConnector::from(tls.config.clone())
        .connect(name, tcp)
        .await
        .map_err(|error| DimseError::Tls(error.to_string()))?;
    Ok(Stream::Tls(Box::new(stream.into())))
}

fn tls_version(stream: &Stream) -> Option<&'static str> {
    match stream {
        Stream::Plain(_) => None,
        Stream::Tls(tls) => match tls.get_ref().1.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => Some("TLS 1.3"),
            Some(rustls::ProtocolVersion::TLSv1_2) => Some("TLS 1.2"),
            _ => Some("TLS"),
        },
    }
}
