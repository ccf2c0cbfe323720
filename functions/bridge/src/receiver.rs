//! The DICOM receiver, with or without TLS.

use std::path::Path;
use std::sync::Arc;

use adit_backend_aws::Secrets;
use adit_dimse::{Server, ServerConfig, TlsServer};
use adit_engine::Engine;
use adit_engine::reception::ReceptionDesk;
use anyhow::{Context, Result};
use serde::Deserialize;

use crate::settings::BridgeSettings;

/// A certificate with its key, as PEM texts.
#[derive(Deserialize)]
struct Tls {
    certificate_pem: String,
    key_pem: String,
    /// Who must have signed the certificates of callers.
    #[serde(default)]
    client_ca_pem: String,
}

/// Listens for associations.
pub async fn bind(settings: &BridgeSettings, secrets: &Secrets, engine: &Engine) -> Result<Server> {
    let tls = match tls(settings, secrets).await? {
        Some(Tls { certificate_pem, key_pem, client_ca_pem }) => {
            let client_ca = Some(client_ca_pem.as_str()).filter(|pem| !pem.trim().is_empty());
            Some(TlsServer::from_pem(&certificate_pem, &key_pem, client_ca).context("TLS of the DICOM receiver")?)
        }
        None => None,
    };
    let config = ServerConfig { ae_title: Some(engine.ae_title().to_owned()), tls, ..ServerConfig::default() };
    let desk = Arc::new(ReceptionDesk(engine.reception()));
    let addr = settings.dicom_listen;
    Server::bind(addr, config, desk).await.with_context(|| {
        format!("the DICOM address {addr} cannot be used; choose another one with --dicom-listen or ADIT_DICOM_LISTEN")
    })
}

async fn tls(settings: &BridgeSettings, secrets: &Secrets) -> Result<Option<Tls>> {
    if let Some(id) = &settings.dicom_tls_secret {
        let text = secrets.get(id).await.context("the secret of ADIT_DICOM_TLS_SECRET cannot be read")?;
        // The parser's own message could quote the key.
        let tls = serde_json::from_str(text.expose()).ok();
        return Ok(Some(tls.context("the secret of ADIT_DICOM_TLS_SECRET has no certificate_pem and key_pem")?));
    }
    let (Some(certificate), Some(key)) = (&settings.dicom_certificate, &settings.dicom_key) else { return Ok(None) };
    let client_ca_pem = match &settings.dicom_client_ca {
        Some(path) => read(path).await?,
        None => String::new(),
    };
    Ok(Some(Tls { certificate_pem: read(certificate).await?, key_pem: read(key).await?, client_ca_pem }))
}

async fn read(path: &Path) -> Result<String> {
    tokio::fs::read_to_string(path).await.with_context(|| format!("{} cannot be read", path.display()))
}
