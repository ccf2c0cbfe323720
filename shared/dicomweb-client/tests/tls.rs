//! Encryption: whom the client trusts, what it shows of itself, and which name it expects.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::ops::ControlFlow;
use std::sync::Arc;

use adit_dicomweb_client::{Client, WebError};
use adit_domain::node::{NodeConfig, Secrets, Server};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A certificate with its key, PEM.
struct Pair {
    certificate: String,
    key: String,
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// A server that knows no study and wants a client certificate of this authority, if there is one.
async fn start(pair: &Pair, clients: Option<&Authority>) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(authority.0.pem().as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let certificate = CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![certificate], key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(tcp).await else { return };
                let mut seen = [0; 4096];
                let _ = stream.read(&mut seen).await;
                let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/dicom+json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]";
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    port
}

async fn ask(port: u16, ca: &str, name: &str, own: Option<&Pair>) -> Result<(), WebError> {
    let config: NodeConfig = serde_json::from_value(json!({
        "name": "Web", "kind": "server", "ae_title": "WEB",
        "dicomweb": {"root_url": format!("https://127.0.0.1:{port}/web"), "qido": true},
        "tls": {"ca_pem": ca, "server_name": name, "client_certificate_pem": own.map_or("", |own| &own.certificate)}
    }))
    .unwrap();
    let server: &Server = config.server().unwrap();
    let client_key_pem = own.map(|own| own.key.clone()).unwrap_or_default();
    let client = Client::new(server, &Secrets { client_key_pem, ..Secrets::default() })?;
    let mut take = |_| ControlFlow::Continue(());
    let mut said = drop;
    let search = client.search("studies", &[], Some(1), &mut take, &mut said);
    // What is refused is tried several times.
    tokio::time::timeout(std::time::Duration::from_secs(30), search).await.unwrap().map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_names_and_clients_are_verified() {
    let (authority, other) = (Authority::new(), Authority::new());
    let port = start(&authority.issue("pacs.example"), None).await;
    let ca = authority.0.pem();
    ask(port, &ca, "pacs.example", None).await.unwrap();
    for (ca, name, why) in [
        (ca.as_str(), "", "the certificate is for another name"),
        (ca.as_str(), "other.example", "the certificate is for another name"),
        (&other.0.pem(), "pacs.example", "somebody else has signed it"),
        ("", "pacs.example", "this machine does not know who has signed it"),
    ] {
        assert!(matches!(ask(port, ca, name, None).await, Err(WebError::Connect(_))), "{why}");
    }
    assert!(matches!(ask(port, "no PEM", "", None).await, Err(WebError::Setup(_))));

    let closed = start(&authority.issue("pacs.example"), Some(&authority)).await;
    ask(closed, &ca, "pacs.example", Some(&authority.issue("adit"))).await.unwrap();
    assert!(ask(closed, &ca, "pacs.example", None).await.is_err(), "without a certificate");
    assert!(ask(closed, &ca, "pacs.example", Some(&other.issue("adit"))).await.is_err(), "with a foreign one");
}
