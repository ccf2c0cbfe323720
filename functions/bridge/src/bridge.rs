//! Composition of the bridge: what runs in it, and in which order it goes down.

use std::sync::Arc;
use std::time::Duration;

use adit_cloud::Cloud;
use adit_engine::Engine;
use adit_engine::worker::Worker;
use adit_http::doors::{self, Doors};
use adit_http::{App, Face, WebPage, introduce, viewers};
use adit_relay::{Relay, RelayConfig, Token};
use adit_runtime::shutdown::Supervisor;
use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::drain::Stages;
use crate::health::{Health, Pulse};
use crate::settings::BridgeSettings;
use crate::{address, origin, receiver};

/// What stands in the audit trail for this process.
const PROCESS: &str = "bridge";
/// How often the servers that may send are looked up anew.
const REFRESH: Duration = Duration::from_secs(15);
/// How often metrics are written.
const METRICS: Duration = Duration::from_secs(30);
/// HTTP connections at the same time, most of them kept by the load balancer.
const CONNECTIONS: usize = 8192;
/// How long an unused HTTP connection is kept: longer than the load balancer keeps it (300 s, `infra/template/90-bridge.yaml`).
const IDLE: Duration = Duration::from_secs(330);
/// After the death of a part: how long the others may take to hand back and end.
const AFTER_DEATH: Duration = Duration::from_secs(25);

/// Runs until a signal; false when a part died.
pub async fn run(settings: BridgeSettings) -> Result<bool> {
    let cloud = adit_cloud::compose("bridge").await?;
    let (engine, stages) = (cloud.engine.clone(), Stages::default());
    let mut supervisor = Supervisor::default();
    introduce(&engine, &cloud.access);
    engine.record_start(PROCESS).await?;

    // The relay joins the reception before the first C-MOVE takes a message id.
    let relay = open_relay(&settings, &cloud).await?;
    let receiver = receiver::bind(&settings, &cloud.aws.secrets, &engine).await?;
    let dicom = receiver.local_addr()?;
    engine.open_inbox();
    engine.tidy_scratch().await;
    engine.refresh_reception().await;
    supervisor.add("DICOM receiver", receiver.run_until(stages.quiet.clone(), stages.last.clone()));
    supervisor.add("admission", refresh(engine.clone(), stages.quiet.clone()));
    if let Some(relay) = relay {
        supervisor.add("relay", relay.run(stages.quiet.clone()));
    }

    if let Some(metrics) = cloud.metrics.clone() {
        let quiet = stages.quiet.clone();
        supervisor.add("metrics", async move { metrics.flush_every(METRICS, quiet).await });
    }

    let health = Health::new(stages.ending.clone());
    let (items, queue) = (Arc::clone(&cloud.aws.items), Arc::clone(&cloud.aws.queue));
    let pulse = Pulse { items, queue, lanes: settings.lanes() };
    supervisor.add("pulse", health.clone().watch(pulse, stages.quiet.clone()));
    if let Some(listen) = settings.listen {
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("the address {listen} cannot be used; choose another one with --listen"))?;
        let app = router(&cloud, health, dicom.port(), &settings.viewer_origins)?;
        // The load balancer ends what lasts too long, and its health checks must always find a place.
        let doors = Doors { idle: IDLE, body: IDLE, connections: CONNECTIONS, ..Doors::default() };
        supervisor.add("HTTP server", doors::serve(listener, app, doors, stages.quiet.clone()));
    }

    // Without transfers of its own it only receives for others and answers requests.
    let lanes = if settings.parallel_transfers == 0 { Vec::new() } else { settings.lanes() };
    let worker = Worker::new(engine.clone(), settings.parallel_transfers, &lanes);
    let (ending, hand_back, idle) = (stages.ending.clone(), stages.hand_back.clone(), stages.idle.clone());
    supervisor.add("worker", async move {
        // Also when it breaks.
        let _idle = idle.drop_guard();
        worker.run_until(ending.clone(), hand_back).await;
        ending.cancelled().await;
    });

    tracing::info!(dicom = %dicom, lanes = ?settings.lanes(), relay = settings.relay_listen.is_some(), "the bridge runs");
    let healthy = supervisor.until_end().await;
    let (finish, stop) = if healthy { (settings.finish(), settings.stop()) } else { (Duration::ZERO, AFTER_DEATH) };
    let begun = tokio::time::Instant::now();
    stages.go(finish, stop).await;
    supervisor.wind_down(stop.saturating_sub(begun.elapsed())).await;
    engine.record_stop(PROCESS).await;
    tracing::info!(healthy, "the bridge has ended");
    Ok(healthy)
}

async fn open_relay(settings: &BridgeSettings, cloud: &Cloud) -> Result<Option<Relay>> {
    let Some(listen) = settings.relay_listen else { return Ok(None) };
    let config = RelayConfig {
        name: cloud.engine.process().to_owned(),
        listen,
        address: address::of_relay(settings, listen).await?,
        token: Token::derive(cloud.secret.master_key()),
    };
    let reception = cloud.engine.reception();
    let opening = Relay::open(config, Arc::clone(&cloud.aws.items), &reception);
    Ok(Some(opening.await.with_context(|| format!("the relay cannot be opened on {listen}"))?))
}

async fn refresh(engine: Engine, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(REFRESH) => engine.refresh_reception().await,
            () = stop.cancelled() => return,
        }
    }
}

/// The whole router for who shows the origin secret, and the health checks for everybody.
fn router(cloud: &Cloud, health: Health, scp_port: u16, viewer_origins: &[String]) -> Result<Router> {
    let app = App {
        engine: cloud.engine.clone(),
        access: cloud.access.clone(),
        face: Face::WHOLE,
        https: cloud.https,
        scp_port: Some(scp_port),
        page: Arc::new(WebPage::new(None)),
    };
    let secret: Arc<str> = cloud.secret.origin_secret().into();
    let guarded = adit_http::router(app).layer(axum::middleware::from_fn_with_state(secret, origin::check));
    viewers::admit(health.router().fallback_service(guarded), viewer_origins).map_err(anyhow::Error::msg)
}
