//! Testing the connection to a node, with an answer that a PACS administrator can act on.

use std::ops::ControlFlow;
use std::path::Path;

use adit_api::nodes::NodeTest;
use adit_dicomweb::paths;
use adit_dicomweb_client::{Client, WebError};
use adit_dimse::{Association, DimseError, Model, Phase, Proposal, Service, Status, uids};
use adit_domain::NodeId;
use adit_domain::node::{Bucket, NodeKind, Server};
use adit_store::repositories::NodeRecord;
use tokio_util::sync::CancellationToken;

use crate::{Engine, Refusal, now, peers};

/// A study that no server holds: the root of ADIT's own UIDs.
const NO_STUDY: &str = adit_domain::implementation::CLASS_UID;

impl Engine {
    /// Tries a server (association and C-ECHO) or a folder (writing and removing a file).
    pub async fn test_node(&self, id: &NodeId) -> Result<NodeTest, Refusal> {
        let record = self.node_record(id).await?;
        Ok(match &record.node.config.kind {
            NodeKind::Server(server) => self.test_server_and_web(&record, server).await,
            NodeKind::Folder(folder) => test_folder(Path::new(&folder.path)).await,
            NodeKind::Bucket(bucket) => self.test_bucket(bucket).await,
        })
    }

    async fn test_bucket(&self, bucket: &Bucket) -> NodeTest {
        let Some(buckets) = &self.0.ports.buckets else {
            return failed("This ADIT has no access to S3. Start it with credentials for S3.");
        };
        match buckets.shelf(bucket).check().await {
            Ok(()) => NodeTest { ok: true, summary: "ADIT can list and write in the bucket.".into(), ..failed("") },
            Err(error) => failed(&format!(
                "ADIT cannot use the bucket ({error}). Check its name, region and the rights that ADIT has on it."
            )),
        }
    }

    /// Both sides of a server, as far as they are ticked.
    async fn test_server_and_web(&self, record: &NodeRecord, server: &Server) -> NodeTest {
        let web = if server.dicomweb.is_any() { Some(self.test_web(record, server).await) } else { None };
        if !server.services.is_any() {
            return match web {
                Some(Ok(facts)) => NodeTest { ok: true, summary: "The server answers.".into(), facts, ..failed("") },
                Some(Err(summary)) => failed(&summary),
                None => self.test_server(record, server).await,
            };
        }
        let mut test = self.test_server(record, server).await;
        match web {
            Some(Ok(facts)) => test.facts.extend(facts),
            Some(Err(summary)) => {
                test.summary = if test.ok { summary } else { format!("{} {summary}", test.summary) };
                test.ok = false;
            }
            None => {}
        }
        test
    }

    /// Asks the DICOMweb services something small: one study, or a study that cannot be there.
    async fn test_web(&self, record: &NodeRecord, server: &Server) -> Result<Vec<(String, String)>, String> {
        let end = self.end_of(record);
        let _permit = end.state.permit().await;
        let client = Client::new(server, &record.secrets).map_err(|error| web_advice(&error, server))?;
        let (begun, mut facts) = (std::time::Instant::now(), Vec::new());
        if server.dicomweb.qido {
            let mut enough = |_| ControlFlow::Break(());
            let found = client.search("studies", &[], Some(1), &mut enough, &mut drop).await;
            found.map_err(|error| web_advice(&error, server))?;
            let took = milliseconds(begun.elapsed());
            facts.push(("DICOMweb search (QIDO-RS)".into(), format!("answers in {took} ms")));
        } else if server.dicomweb.wado {
            match client.retrieve(&paths::path(NO_STUDY, None, None)).await {
                Ok(_) | Err(WebError::Status(404 | 400)) => {}
                Err(error) => return Err(web_advice(&error, server)),
            }
            facts.push(("DICOMweb retrieval (WADO-RS)".into(), "answers".into()));
        }
        end.state.answered();
        let offered =
            [("QIDO-RS", server.dicomweb.qido), ("WADO-RS", server.dicomweb.wado), ("STOW-RS", server.dicomweb.stow)];
        let ticked: Vec<&str> = offered.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect();
        facts.push(("DICOMweb services that are ticked".into(), ticked.join(", ")));
        Ok(facts)
    }

    async fn test_server(&self, record: &NodeRecord, server: &Server) -> NodeTest {
        let state = self.0.peers.state(record);
        let _permit = state.permit().await;
        let cancel = CancellationToken::new();
        let proposal = Proposal::new()
            .verification()
            .find(Model::StudyRoot)
            .find(Model::PatientRoot)
            .move_(Model::StudyRoot)
            .get(Model::StudyRoot, &[]);
        let opened = match peers::peer(server, &record.secrets, self.ae_title()) {
            Ok(peer) => Association::connect(&peer, &proposal, &cancel).await,
            Err(error) => Err(error),
        };
        let mut association = match opened {
            Ok(association) => association,
            Err(error) => {
                if error.is_unreachable() {
                    state.failed(now(), error.to_string());
                }
                return failed(&advice(&error, server, self.ae_title()));
            }
        };
        let facts = facts(&association);
        let took = milliseconds(association.negotiated().took);
        let echo = association.echo(&cancel).await;
        association.release().await;
        match echo {
            Ok((Status::SUCCESS, time)) => {
                state.answered();
                NodeTest {
                    ok: true,
                    summary: "The server answers.".into(),
                    connect_ms: Some(took),
                    echo_ms: Some(milliseconds(time)),
                    facts,
                }
            }
            Ok((status, _)) => NodeTest {
                facts,
                connect_ms: Some(took),
                ..failed(&format!(
                    "The server refused the C-ECHO: {} (status {status}).",
                    status.sentence(Service::Find)
                ))
            },
            Err(error) => NodeTest {
                facts,
                connect_ms: Some(took),
                ..failed(&format!("The association was accepted, but the C-ECHO failed: {error}."))
            },
        }
    }
}

/// What went wrong with DICOMweb and what to check.
fn web_advice(error: &WebError, server: &Server) -> String {
    let address = &server.dicomweb.root_url;
    match error {
        WebError::Connect(_) => format!(
            "DICOMweb: nothing answers at {address} ({error}). Check the address, whether a firewall is in between, and the CA certificate."
        ),
        WebError::Status(401 | 403) => {
            format!(
                "DICOMweb: {error}. Check the authorization header (and one more, if a gateway wants it), or client id and secret."
            )
        }
        WebError::Status(404) => format!("DICOMweb: {error}. Check the base address and the prefixes."),
        WebError::Token(_) => format!("DICOMweb: {error}. Check token address, client id, secret and scope."),
        WebError::Protocol(_) | WebError::Multipart(_) => format!(
            "DICOMweb: something answers at {address}, but not as DICOMweb ({error}). Check the base address and the prefixes."
        ),
        _ => format!("DICOMweb: {error}."),
    }
}

fn failed(summary: &str) -> NodeTest {
    NodeTest { ok: false, summary: summary.to_owned(), connect_ms: None, echo_ms: None, facts: Vec::new() }
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What went wrong and what to check.
fn advice(error: &DimseError, server: &Server, our_ae_title: &str) -> String {
    let calling = if server.calling_ae_title.is_empty() { our_ae_title } else { &server.calling_ae_title };
    match error {
        DimseError::Connect(_) => format!("Nothing answers at {}:{} ({error}). Check host and port, and whether a firewall is in between.", server.host, server.port),
        DimseError::Timeout(Phase::Connect) => format!("{}:{} does not answer in time. Check host and port, and whether a firewall is in between.", server.host, server.port),
        DimseError::Timeout(_) => "The port is open, but no DICOM association came about in time. Check the port and whether the server expects TLS.".to_owned(),
        DimseError::Rejected { reason, .. } => format!("The server rejected the association: {reason}. It has to know the calling AE title {calling}, and its own AE title must be {}.", server.ae_title),
        DimseError::Tls(_) => format!("No secure connection: {error}. Check the CA certificate, the client certificate and the server name."),
        DimseError::Closed | DimseError::Broken(_) | DimseError::Protocol(_) => format!("Something answers at {}:{}, but not as a DICOM server should ({error}). Check the port and whether TLS is on at both ends.", server.host, server.port),
        _ => format!("{error}."),
    }
}

/// What was negotiated, line by line.
fn facts(association: &Association) -> Vec<(String, String)> {
    let negotiated = association.negotiated();
    let yes_no = |class: &str| if association.supports(class) { "accepted" } else { "not accepted" }.to_owned();
    let pdu = match negotiated.peer_max_pdu {
        0 => "unlimited".to_owned(),
        size => format!("{size} bytes"),
    };
    vec![
        (
            "Implementation".into(),
            format!("{} ({})", negotiated.implementation_version_name, negotiated.implementation_class_uid),
        ),
        ("Encryption".into(), negotiated.tls.unwrap_or("none").to_owned()),
        ("Largest PDU".into(), pdu),
        ("Search, study root (C-FIND)".into(), yes_no(uids::STUDY_ROOT_FIND)),
        ("Search, patient root (C-FIND)".into(), yes_no(uids::PATIENT_ROOT_FIND)),
        ("Retrieval by C-GET".into(), yes_no(uids::STUDY_ROOT_GET)),
        ("Retrieval by C-MOVE".into(), yes_no(uids::STUDY_ROOT_MOVE)),
    ]
}

async fn test_folder(path: &Path) -> NodeTest {
    let probe = path.join(format!(".adit-test-{}", std::process::id()));
    let tried = async {
        tokio::fs::create_dir_all(path).await?;
        tokio::fs::write(&probe, b"ADIT").await?;
        tokio::fs::remove_file(&probe).await
    };
    match tried.await {
        Ok(()) => NodeTest { ok: true, summary: "ADIT can write into the folder.".into(), ..failed("") },
        Err(error) => failed(&format!(
            "ADIT cannot write into the folder ({error}). Check the path, the mount and the rights of the user that runs ADIT."
        )),
    }
}
