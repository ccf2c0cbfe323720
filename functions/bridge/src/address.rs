//! Under which address the other bridges reach this one.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

use crate::settings::BridgeSettings;

/// How long the metadata may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of metadata at most.
const MAX_METADATA: usize = 256 * 1024;

/// What a container on ECS learns about itself, as far as we need it.
#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "Networks", default)]
    networks: Vec<Network>,
}

#[derive(Deserialize)]
struct Network {
    #[serde(rename = "IPv4Addresses", default)]
    addresses: Vec<IpAddr>,
}

/// The given address, else the task's; none: the one on which the relay listens.
pub async fn of_relay(settings: &BridgeSettings, listen: SocketAddr) -> Result<Option<String>> {
    if let Some(given) = &settings.relay_address {
        return Ok(Some(given.clone()));
    }
    if let Some(uri) = &settings.task_metadata {
        let asking = tokio::time::timeout(PATIENCE, of_task(uri)).await;
        let address = asking.map_err(anyhow::Error::from).flatten().context("the task's address cannot be read")?;
        return Ok(Some(address.to_string()));
    }
    if listen.ip().is_unspecified() {
        bail!("ADIT_RELAY_ADDRESS is missing: {listen} is no address under which other bridges can reach this one");
    }
    Ok(None)
}

/// Asks ECS (task metadata endpoint, version 4).
async fn of_task(uri: &str) -> Result<IpAddr> {
    let uri: Uri = uri.parse()?;
    let host = uri.host().context("no host")?.to_owned();
    let tcp = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await?;
    let request = Request::get(uri.path()).header(hyper::header::HOST, host).body(Empty::<Bytes>::new())?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    if !response.status().is_success() {
        bail!("HTTP status {}", response.status());
    }
    let body = Limited::new(response.into_body(), MAX_METADATA).collect().await;
    connection.abort();
    let body = body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
    let metadata: Metadata = serde_json::from_slice(&body)?;
    let address = metadata.networks.into_iter().flat_map(|network| network.addresses).next();
    address.context("the metadata names no address")
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn address(arguments: &[&str], listen: &str) -> Result<Option<String>> {
        let settings = BridgeSettings::parse_from([&["adit-bridge", "--relay-listen", listen], arguments].concat());
        of_relay(&settings, listen.parse().unwrap()).await
    }

    #[tokio::test]
    async fn what_is_given_counts_and_every_interface_is_no_address() {
        let given = address(&["--relay-address", "10.0.0.7"], "0.0.0.0:8443").await.unwrap();
        assert_eq!(given.as_deref(), Some("10.0.0.7"));
        assert_eq!(address(&[], "10.1.1.1:8443").await.unwrap(), None);
        assert!(address(&[], "0.0.0.0:8443").await.unwrap_err().to_string().contains("ADIT_RELAY_ADDRESS"));
    }

    #[tokio::test]
    async fn on_fargate_the_task_knows_its_address() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/v4/abc", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 2048];
            let read = socket.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /v4/abc HTTP/1.1\r\n"));
            let body = r#"{"DockerId":"x","Networks":[{"NetworkMode":"awsvpc","IPv4Addresses":["10.0.2.106"],"SubnetGatewayIpv4Address":"10.0.2.1/24"}]}"#;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            socket.write_all(answer.as_bytes()).await.unwrap();
        });
        let own = address(&["--task-metadata", &uri], "0.0.0.0:8443").await.unwrap();
        assert_eq!(own.as_deref(), Some("10.0.2.106"));
    }
}
