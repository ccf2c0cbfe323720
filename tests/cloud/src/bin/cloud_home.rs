//! `make cloud`: the cloud home on this machine, with two demo archives. It says what `adit serve --demo` says.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use adit_archive::{Running, demo_studies, generate};
use adit_dimse::{Peer, Timeouts};
use adit_test_cloud::home::Home;
use adit_test_support::ANY;
use adit_test_support::session::Session;
use anyhow::{Context, Result};
use clap::Parser;
use reqwest::Method;
use serde_json::{Value, json};

/// Starts the cloud home on this machine and runs until Ctrl-C.
#[derive(Parser)]
struct Options {
    /// Directory of the local cloud; everything in it is made anew
    #[arg(long)]
    dir: PathBuf,
    /// Address of the web page
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Bridges that share the work
    #[arg(long, default_value_t = 2)]
    bridges: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let mut home = Home::start(&options.dir, options.listen).await?;
    let outcome = serve(&mut home, &options).await;
    home.stop().await?;
    outcome
}

async fn serve(home: &mut Home, options: &Options) -> Result<()> {
    for _ in 0..options.bridges.max(1) {
        home.add_bridge(&[]).await?;
    }
    let _archives = demo(home, &options.dir).await?;
    println!("ADIT is running: {}", home.url());
    println!("First log-in: user admin, password {}", home.password());
    println!("Emulated AWS: {}", home.environment.get("AWS_ENDPOINT_URL").map_or("", String::as_str));
    println!("Demo: search \"Demo archive 1\" for patients DEMO-0001 to DEMO-0010.");
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Two archives with synthetic studies and a folder, as servers of the home.
async fn demo(home: &Home, dir: &Path) -> Result<Vec<Running>> {
    let root = dir.join("demo");
    let session = home.session().await;
    let bridge = home.bridges.iter().flatten().next().context("a bridge runs")?.dicom;
    std::fs::create_dir_all(root.join("archive1"))?;
    for study in demo_studies() {
        generate::write_study(&study, &root.join("archive1"))?;
    }
    let mut archives = Vec::new();
    for number in 1..=2 {
        let (folder, ae_title) = (root.join(format!("archive{number}")), format!("DEMO{number}"));
        std::fs::create_dir_all(&folder)?;
        let archive = adit_archive::serve(&folder, ANY, &ae_title).await?;
        archive.know("ADIT", peer("ADIT", bridge, &ae_title));
        add(&session, server(&format!("Demo archive {number}"), &ae_title, archive.addr())).await;
        archives.push(archive);
    }
    archives[0].know("DEMO2", peer("DEMO2", archives[1].addr(), "DEMO1"));
    archives[1].know("DEMO1", peer("DEMO1", archives[0].addr(), "DEMO2"));
    let folder = root.join("folder");
    std::fs::create_dir_all(&folder)?;
    add(&session, json!({ "name": "Demo folder", "kind": "folder", "path": folder })).await;
    Ok(archives)
}

async fn add(session: &Session, node: Value) {
    session.call(Method::POST, adit_api::paths::NODES, node).await;
}

fn server(name: &str, ae_title: &str, addr: SocketAddr) -> Value {
    json!({
        "name": name, "kind": "server", "ae_title": ae_title, "host": addr.ip(), "port": addr.port(),
        "services": { "study_root_find": true, "study_root_get": true, "study_root_move": true, "store_scp": true }
    })
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
