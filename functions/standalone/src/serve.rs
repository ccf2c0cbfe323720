//! `adit serve`: composition of everything in one process.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use adit_access::{Access, Person};
use adit_backend_embedded::{Embedded, LocalFolders};
use adit_deid::ProjectKey;
use adit_dimse::{Server, ServerConfig};
use adit_engine::reception::ReceptionDesk;
use adit_engine::worker::Worker;
use adit_engine::{Actor, Engine, Known, Ports, Settings, now};
use adit_http::doors::{self, Doors};
use adit_http::{App, Face, WebPage, introduce, router, viewers};
use adit_runtime::settings::ServeSettings;
use adit_runtime::shutdown::Supervisor;
use adit_runtime::telemetry;
use adit_store::clock::SystemClock;
use adit_store::queue::Lane;
use adit_store::vault::Vault;
use anyhow::{Context, Result};
use tokio::net::TcpListener;

use crate::cli::connection::SavedSession;
use crate::{demo, files, mail};

/// What stands in the audit trail for this process.
const PROCESS: &str = "adit serve";
/// Letters, and what else needs neither DIMSE nor a disk, at the same time.
const LIGHT_WORK: usize = 4;

/// Runs until a signal; false when a part died.
pub async fn run(settings: ServeSettings, with_demo: bool) -> Result<bool> {
    telemetry::start(&settings.log, settings.log_json).map_err(anyhow::Error::msg)?;
    let data_dir = &settings.data_dir;
    let backend = Embedded::open(data_dir, Arc::new(SystemClock))
        .with_context(|| format!("the data directory {} cannot be used", data_dir.display()))?;
    let engine = engine(&settings, &backend)?;
    engine.use_post(mail::post(&settings.mail, loopback(settings.listen))?);
    let access = Access::new(Arc::clone(&backend.items)).with_vault(Vault::new(project_key(&settings)?.as_bytes()));
    introduce(&engine, &access);
    engine.record_start(PROCESS).await?;
    let first_login = access.ensure_first_administrator(now()).await?;
    engine.found_groups(&access.everybody().await?).await?;
    engine.use_folders(Arc::new(LocalFolders));
    engine.open_inbox();
    engine.recover().await?;

    let mut supervisor = Supervisor::default();
    let dicom = dicom_server(&settings, &engine, with_demo).await?;
    let dicom_addr = dicom.local_addr()?;
    supervisor.add("DICOM receiver", dicom.run(supervisor.stop()));
    let demo = if with_demo {
        Some(
            demo::start(data_dir, &engine, &administrator(&engine, &access).await?, dicom_addr)
                .await
                .context("the demo cannot be started")?,
        )
    } else {
        None
    };
    engine.refresh_reception().await;
    let worker = Worker::new(engine.clone(), settings.parallel_transfers, &[Lane::Bridge]);
    supervisor.add("worker", worker.run(supervisor.stop()));
    // By itself, so that no letter waits for a transfer that runs for hours.
    let light = Worker::new(engine.clone(), LIGHT_WORK, &[Lane::Worker]);
    supervisor.add("worker of letters", light.run(supervisor.stop()));
    let (sweeper, stop) = (engine.clone(), supervisor.stop());
    supervisor.add("sweeper", async move { sweeper.sweep_forever(stop).await });
    let (measurer, stop) = (engine.clone(), supervisor.stop());
    supervisor.add("folder measurer", async move { measurer.measure_forever(stop).await });
    let (watcher, stop) = (engine.clone(), supervisor.stop());
    supervisor.add("folder watcher", async move { watcher.watch_forever(stop).await });

    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("the address {} cannot be used; choose another one with --listen", settings.listen))?;
    let web_addr = listener.local_addr()?;
    let app = App {
        engine: engine.clone(),
        access: access.clone(),
        face: Face::WHOLE,
        https: settings.https,
        scp_port: Some(dicom_addr.port()),
        page: Arc::new(WebPage::new(settings.web_dir.clone())),
    };
    let page = viewers::admit(router(app), &settings.viewer_origins).map_err(anyhow::Error::msg)?;
    let known = Doors { trusted_proxies: settings.proxies(), ..Doors::default() };
    supervisor.add("web server", doors::serve(listener, page, known, supervisor.stop()));

    write_cli_session(data_dir, web_addr, &access).await?;
    announce(web_addr, dicom_addr, &settings.ae_title, first_login.as_ref(), demo.is_some());
    let healthy = supervisor.run().await;
    engine.record_stop(PROCESS).await;
    let _ = std::fs::remove_file(data_dir.join(SavedSession::FILE));
    Ok(healthy)
}

/// The first administrator, in whose name the demo is set up.
async fn administrator(engine: &Engine, access: &Access) -> Result<Actor> {
    let session = access.local_session(now()).await?.context("there is no administrator")?;
    let Person { user_id, username, staff } = session.person;
    Ok(engine.actor(Known { user_id, username, staff }).await?)
}

fn engine(settings: &ServeSettings, backend: &Embedded) -> Result<Engine> {
    let ae_title = adit_domain::AeTitle::parse(&settings.ae_title).context("--ae-title")?;
    let ports = Ports {
        items: Arc::clone(&backend.items),
        queue: Arc::clone(&backend.queue),
        staging: Arc::clone(&backend.staging),
        buckets: None,
    };
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(anyhow::Error::msg)?;
    Ok(Engine::new(
        ports,
        Settings {
            ae_title: ae_title.to_string(),
            project_key: project_key(settings)?,
            default_profile: settings.default_profile.clone(),
            process: hex::encode(random),
            folder_roots: settings.folder_roots.clone(),
            scratch: settings.data_dir.join("scratch"),
        },
    ))
}

fn project_key(settings: &ServeSettings) -> Result<ProjectKey> {
    files::project_key(&settings.data_dir.join("project.key")).context("the project key cannot be read")
}

async fn dicom_server(settings: &ServeSettings, engine: &Engine, with_demo: bool) -> Result<Server> {
    // The demo stays on this machine and takes any free port.
    let addr = if with_demo { SocketAddr::from(([127, 0, 0, 1], 0)) } else { settings.dicom_listen };
    let config = ServerConfig { ae_title: Some(engine.ae_title().to_owned()), ..ServerConfig::default() };
    let desk = Arc::new(ReceptionDesk(engine.reception()));
    Server::bind(addr, config, desk)
        .await
        .with_context(|| format!("the DICOM address {addr} cannot be used; choose another one with --dicom-listen"))
}

/// Lets the command line on this machine work without a log-in: who can read the data directory owns everything in it anyway.
async fn write_cli_session(data_dir: &Path, addr: SocketAddr, access: &Access) -> Result<()> {
    if let Some(session) = access.local_session(now()).await? {
        let saved = SavedSession {
            url: format!("http://{}", loopback(addr)),
            token: session.token,
            csrf_token: session.csrf_token,
        };
        saved.write(&data_dir.join(SavedSession::FILE))?;
    }
    Ok(())
}

/// How this machine reaches an address that may stand for all interfaces.
fn loopback(addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], addr.port())) } else { addr }
}

fn announce(
    web: SocketAddr,
    dicom: SocketAddr,
    ae_title: &str,
    first_login: Option<&adit_access::FirstLogin>,
    demo: bool,
) {
    println!("ADIT is running: http://{}", loopback(web));
    println!("DICOM receiver: AE title {ae_title}, port {}", dicom.port());
    if let Some(login) = first_login {
        println!(
            "First log-in: user {}, password {} (shown once; change it under Account)",
            login.username, login.password
        );
    }
    if demo {
        println!("Demo: search \"Demo archive 1\" for patients DEMO-0001 to DEMO-0010.");
    } else {
        println!(
            "Add servers and folders under \"Servers\" in the web page. Each PACS has to know this AE title, address and port."
        );
    }
}
