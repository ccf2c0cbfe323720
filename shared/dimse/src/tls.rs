//! TLS as a client and as a server (PS3.15 Annex B), from PEM texts. Certificates are always verified.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::error::DimseError;

/// TLS towards a peer.
#[derive(Clone)]
pub struct TlsClient {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) server_name: Option<String>,
}

/// TLS of our own server.
#[derive(Clone)]
pub struct TlsServer {
    pub(crate) config: Arc<ServerConfig>,
}

impl TlsClient {
    /// `ca`: who may sign the peer's certificate (needed: without it no peer can be verified). `certificate` and `key`: ours, if the
    /// peer wants to know us. `server_name`: expected in the peer's certificate instead of its host name.
    pub fn from_pem(
        ca: Option<&str>,
        certificate: Option<&str>,
        key: Option<&str>,
        server_name: Option<&str>,
    ) -> Result<Self, DimseError> {
        let ca = ca.ok_or_else(|| DimseError::Tls("a CA certificate is needed to verify the server".into()))?;
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_root_certificates(roots(ca)?);
        let config = match (certificate, key) {
            (Some(certificate), Some(key)) => {
                builder.with_client_auth_cert(certificates(certificate)?, private_key(key)?).map_err(failed)?
            }
            (None, None) => builder.with_no_client_auth(),
            (Some(_), None) => return Err(DimseError::Tls("the client certificate has no private key".into())),
            (None, Some(_)) => return Err(DimseError::Tls("the private key has no client certificate".into())),
        };
        Ok(Self { config: Arc::new(config), server_name: server_name.map(str::to_owned) })
    }
}

impl TlsServer {
    /// `certificate` and `key`: ours. `client_ca`: who must have signed the certificate of every caller; `None` lets callers without one in.
    pub fn from_pem(certificate: &str, key: &str, client_ca: Option<&str>) -> Result<Self, DimseError> {
        let builder =
            ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(failed)?;
        let builder = match client_ca {
            Some(ca) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(ca)?), provider())
                    .build()
                    .map_err(failed)?;
                builder.with_client_cert_verifier(verifier)
            }
            None => builder.with_no_client_auth(),
        };
        let config = builder.with_single_cert(certificates(certificate)?, private_key(key)?).map_err(failed)?;
        Ok(Self { config: Arc::new(config) })
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn failed(error: impl std::fmt::Display) -> DimseError {
    DimseError::Tls(error.to_string())
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, DimseError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| DimseError::Tls("a certificate cannot be read as PEM".into()))?;
    if found.is_empty() { Err(DimseError::Tls("there is no certificate in the PEM text".into())) } else { Ok(found) }
}

fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, DimseError> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| DimseError::Tls("the private key cannot be read as PEM".into()))
}

fn roots(pem: &str) -> Result<RootCertStore, DimseError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(pem)? {
        store.add(certificate).map_err(failed)?;
    }
    Ok(store)
}
