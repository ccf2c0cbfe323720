//! `adit serve --demo`: two archives with synthetic studies, set up as servers, and a folder.

use std::net::SocketAddr;
use std::path::Path;

use adit_api::nodes::{NodeInput, SecretsInput};
use adit_archive::{Running, demo_studies, generate};
use adit_dimse::{Peer, Timeouts};
use adit_domain::AeTitle;
use adit_domain::node::{DicomWeb, Folder, Limits, NodeConfig, NodeKind, Server, Services, Tls};
use adit_engine::{Actor, Engine};
use anyhow::{Context, Result};

/// The demo archives; they end with the process.
pub struct Demo {
    _archives: Vec<Running>,
}

/// Starts the archives below `data_dir/demo` and makes the engine know them. Ports are chosen anew at every start.
pub async fn start(data_dir: &Path, engine: &Engine, actor: &Actor, dicom: SocketAddr) -> Result<Demo> {
    let root = std::path::absolute(data_dir.join("demo"))?;
    let filled = root.join("archive1");
    if !filled.join(".complete").exists() {
        println!("Generating synthetic studies for the demo ...");
        let target = filled.clone();
        tokio::task::spawn_blocking(move || fill(&target)).await?.context("the synthetic studies cannot be written")?;
    }
    let mut archives = Vec::new();
    for number in 1..=2 {
        let (name, ae_title) = (format!("Demo archive {number}"), format!("DEMO{number}"));
        let folder = root.join(format!("archive{number}"));
        std::fs::create_dir_all(&folder)?;
        let archive = adit_archive::serve(&folder, SocketAddr::from(([127, 0, 0, 1], 0)), &ae_title).await?;
        archive.know(engine.ae_title(), peer(engine.ae_title(), dicom, &ae_title));
        put_node(engine, actor, server(&name, &ae_title, archive.addr())?).await?;
        archives.push(archive);
    }
    let second = archives[1].addr();
    archives[0].know("DEMO2", peer("DEMO2", second, "DEMO1"));
    let first = archives[0].addr();
    archives[1].know("DEMO1", peer("DEMO1", first, "DEMO2"));
    let folder = root.join("folder");
    std::fs::create_dir_all(&folder)?;
    let kind = NodeKind::Folder(Folder { path: folder.display().to_string(), quota_gb: 0, warn_size_gb: 0 });
    put_node(engine, actor, NodeConfig { name: "Demo folder".into(), enabled: true, kind }).await?;
    Ok(Demo { _archives: archives })
}

fn fill(target: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(target)?;
    for study in demo_studies() {
        generate::write_study(&study, target)?;
    }
    std::fs::write(target.join(".complete"), b"")
}

fn peer(ae_title: &str, addr: SocketAddr, calling: &str) -> Peer {
    Peer {
        host: addr.ip().to_string(),
        port: addr.port(),
        called_ae_title: ae_title.to_owned(),
        calling_ae_title: calling.to_owned(),
        tls: None,
        timeouts: Timeouts::default(),
        max_pdu: 131_072,
    }
}

fn server(name: &str, ae_title: &str, addr: SocketAddr) -> Result<NodeConfig> {
    let services = Services {
        study_root_find: true,
        study_root_get: true,
        study_root_move: true,
        store_scp: true,
        ..Services::default()
    };
    let server = Server {
        ae_title: AeTitle::parse(ae_title)?,
        host: addr.ip().to_string(),
        port: addr.port(),
        calling_ae_title: String::new(),
        services,
        dicomweb: DicomWeb::default(),
        max_search_results: 200,
        tls: Tls::default(),
        limits: Limits::default(),
    };
    Ok(NodeConfig { name: name.to_owned(), enabled: true, kind: NodeKind::Server(Box::new(server)) })
}

/// Adds the node, or gives the one of the same name its new address.
async fn put_node(engine: &Engine, actor: &Actor, config: NodeConfig) -> Result<()> {
    let input = |config| NodeInput { config, secrets: SecretsInput::default(), version: None };
    let known = engine.nodes(actor).await?.into_iter().find(|node| node.config.name == config.name);
    match known {
        Some(node) => engine.change_node(actor, &node.id, input(config)).await?,
        None => engine.add_node(actor, input(config)).await?,
    };
    Ok(())
}
