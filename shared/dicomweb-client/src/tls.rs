//! TLS towards a DICOMweb server, and towards its authorization server.

use std::time::Duration;

use adit_domain::node::{Secrets, Server};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

use crate::error::WebError;

pub(crate) type Connector = HttpsConnector<HttpConnector>;

/// Connections to the server itself: its certificate has to be signed by the node's CA, or by one that this machine trusts if the node has
/// none; ours is shown if there is one.
pub(crate) fn to_server(server: &Server, secrets: &Secrets) -> Result<Connector, WebError> {
    let tls = &server.tls;
    let roots = if tls.ca_pem.trim().is_empty() { native() } else { given(&tls.ca_pem)? };
    let builder = builder()?.with_root_certificates(roots);
    let (certificate, key) = (tls.client_certificate_pem.trim(), secrets.client_key_pem.trim());
    let config = match (certificate.is_empty(), key.is_empty()) {
        (true, true) => builder.with_no_client_auth(),
        (false, false) => {
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
                .map_err(|_| setup("the private key cannot be read as PEM"))?;
            builder.with_client_auth_cert(certificates(certificate)?, key).map_err(setup)?
        }
        (false, true) => return Err(setup("the client certificate has no private key")),
        (true, false) => return Err(setup("the private key has no client certificate")),
    };
    let name = tls.server_name.trim();
    let name = if name.is_empty() {
        None
    } else {
        Some(ServerName::try_from(name.to_owned()).map_err(|_| setup("the TLS server name is no host name"))?)
    };
    Ok(connector(config, name, connect_timeout(server)))
}

/// Connections to the authorization server: certificates that this machine or the node trusts.
pub(crate) fn to_authorization_server(server: &Server) -> Result<Connector, WebError> {
    let mut roots = native();
    if !server.tls.ca_pem.trim().is_empty() {
        roots.roots.extend(given(&server.tls.ca_pem)?.roots);
    }
    let config = builder()?.with_root_certificates(roots).with_no_client_auth();
    Ok(connector(config, None, connect_timeout(server)))
}

fn connect_timeout(server: &Server) -> Duration {
    Duration::from_secs(u64::from(server.limits.connect_timeout_s))
}

fn connector(config: ClientConfig, name: Option<ServerName<'static>>, timeout: Duration) -> Connector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(timeout));
    let builder = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http();
    match name {
        Some(name) => {
            builder.with_server_name_resolver(FixedServerNameResolver::new(name)).enable_http1().wrap_connector(tcp)
        }
        None => builder.enable_http1().wrap_connector(tcp),
    }
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, WebError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(setup)
}

/// What this machine trusts. A certificate that cannot be read is passed over: others may do.
fn native() -> RootCertStore {
    let mut store = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(error = %error, "some of this machine's certificates cannot be read");
    }
    store.add_parsable_certificates(found.certs);
    store
}

fn given(pem: &str) -> Result<RootCertStore, WebError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(pem)? {
        store.add(certificate).map_err(setup)?;
    }
    Ok(store)
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, WebError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| setup("a certificate cannot be read as PEM"))?;
    if found.is_empty() { Err(setup("there is no certificate in the PEM text")) } else { Ok(found) }
}

fn setup(error: impl std::fmt::Display) -> WebError {
    WebError::Setup(error.to_string())
}
