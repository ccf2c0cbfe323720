//! TLS with DCMTK in both directions, with client certificates demanded.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adit_archive::generate::{StudySpec, object, write_study};
use adit_dimse::{
    Admission, Association, Caller, InstanceHead, InstanceSink, Proposal, Provider, Server, ServerConfig, Status,
    StoreRequest, TlsClient, TlsServer,
};
use adit_test_support::ANY;
use adit_test_support::dcmtk::{run, storescp};
use adit_test_support::rig::peer;
use async_trait::async_trait;
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use tokio_util::sync::CancellationToken;

/// A CA and two certificates signed by it, as PEM texts and files.
struct Certificates {
    ca: String,
    server: (String, String),
    client: (String, String),
    dir: PathBuf,
}

/// A subject of its own for each certificate: without one OpenSSL takes a leaf for its own issuer.
fn named(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}

impl Certificates {
    fn make(dir: &Path) -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name = named("Test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = params.self_signed(&ca_key).unwrap().pem();
        let issuer = Issuer::new(params, ca_key);
        let signed = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned(), "127.0.0.1".to_owned()]).unwrap();
            params.distinguished_name = named(name);
            let certificate = params.signed_by(&key, &issuer).unwrap();
            (certificate.pem(), key.serialize_pem())
        };
        let all = Self { ca, server: signed("localhost"), client: signed("client"), dir: dir.to_owned() };
        for (name, text) in [
            ("ca.pem", &all.ca),
            ("server.pem", &all.server.0),
            ("server.key", &all.server.1),
            ("client.pem", &all.client.0),
            ("client.key", &all.client.1),
        ] {
            std::fs::write(dir.join(name), text).unwrap();
        }
        all
    }

    fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn we_send_to_storescp_over_mutual_tls() {
    let dir = tempfile::tempdir().unwrap();
    let certificates = Certificates::make(dir.path());
    let received = dir.path().join("received");
    std::fs::create_dir_all(&received).unwrap();
    let (key, certificate, ca) =
        (certificates.file("server.key"), certificates.file("server.pem"), certificates.file("ca.pem"));
    let sink = storescp(&received, &["+tls", &key, &certificate, "+cf", &ca, "-rc"], false).await;
    let addr = SocketAddr::from(([127, 0, 0, 1], sink.port));
    let spec = StudySpec::ct("P", "Doe^Jane", 2, 32);
    let kind = ("1.2.840.10008.5.1.4.1.1.2".to_owned(), "1.2.840.10008.1.2.1".to_owned());
    let never = CancellationToken::new();
    let tls = |client: Option<&(String, String)>| {
        TlsClient::from_pem(
            Some(&certificates.ca),
            client.map(|pair| pair.0.as_str()),
            client.map(|pair| pair.1.as_str()),
            Some("localhost"),
        )
        .unwrap()
    };
    let mut to = peer("ANY", addr, "ADIT");
    to.tls = Some(tls(Some(&certificates.client)));
    let mut association =
        Association::connect(&to, &Proposal::new().store(std::slice::from_ref(&kind)), &never).await.unwrap();
    assert!(association.negotiated().tls.is_some());
    for n in 0..2 {
        let bytes = object(&spec, 0, n);
        let offset = usize::try_from(adit_deid::part10::parse_head(&bytes).unwrap().data_set_offset).unwrap();
        let request = StoreRequest {
            sop_class_uid: kind.0.clone(),
            sop_instance_uid: spec.sop_instance_uid(0, n),
            transfer_syntax_uid: kind.1.clone(),
            move_originator: None,
        };
        assert_eq!(association.store_bytes(&request, &bytes[offset..], &never).await.unwrap().status, Status::SUCCESS);
    }
    association.release().await;
    assert_eq!(std::fs::read_dir(&received).unwrap().count(), 2);
    // Without our certificate, and with a CA that did not sign the server's, there is no association.
    to.tls = Some(tls(None));
    assert!(Association::connect(&to, &Proposal::new().verification(), &never).await.is_err());
    let others = Certificates::make(&{
        let other = dir.path().join("other");
        std::fs::create_dir_all(&other).unwrap();
        other
    });
    to.tls = Some(TlsClient::from_pem(Some(&others.ca), None, None, Some("localhost")).unwrap());
    assert!(Association::connect(&to, &Proposal::new().verification(), &never).await.is_err());
}

/// Counts what arrives whole.
struct Counting(Arc<AtomicUsize>);

impl Provider for Counting {
    fn admit(&self, _: &Caller) -> Admission {
        Admission::Accept
    }
    fn sink(&self, _: &Caller) -> Box<dyn InstanceSink> {
        Box::new(Self(Arc::clone(&self.0)))
    }
}

#[async_trait]
impl InstanceSink for Counting {
    async fn begin(&mut self, _: &InstanceHead) -> Result<(), Status> {
        Ok(())
    }
    async fn write(&mut self, _: &[u8]) -> Result<(), Status> {
        Ok(())
    }
    async fn end(&mut self) -> Status {
        self.0.fetch_add(1, Ordering::SeqCst);
        Status::SUCCESS
    }
    async fn abort(&mut self) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn storescu_sends_to_us_over_mutual_tls() {
    let dir = tempfile::tempdir().unwrap();
    let certificates = Certificates::make(dir.path());
    let tls = TlsServer::from_pem(&certificates.server.0, &certificates.server.1, Some(&certificates.ca)).unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let server = Server::bind(
        ANY,
        ServerConfig { tls: Some(tls), ..ServerConfig::default() },
        Arc::new(Counting(Arc::clone(&count))),
    )
    .await
    .unwrap();
    let (port, stop) = (server.local_addr().unwrap().port().to_string(), CancellationToken::new());
    tokio::spawn(server.run(stop.clone()));
    let spec = StudySpec::ct("P", "Doe^Jane", 3, 32);
    write_study(&spec, &dir.path().join("files")).unwrap();
    let (key, certificate, ca) =
        (certificates.file("client.key"), certificates.file("client.pem"), certificates.file("ca.pem"));
    run(
        "storescu",
        false,
        &[
            "+tls",
            &key,
            &certificate,
            "+cf",
            &ca,
            "+sd",
            "+r",
            "127.0.0.1",
            &port,
            dir.path().join("files").to_str().unwrap(),
        ],
    )
    .await;
    assert_eq!(count.load(Ordering::SeqCst), 3);
    stop.cancel();
}
