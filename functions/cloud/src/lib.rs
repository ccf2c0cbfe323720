//! Composition of the cloud home: settings and the installation's secret become an engine over the AWS ports.
//!
//! The Lambda functions and the bridge begin here. The only I/O of a cold start is reading the secret; nothing else is asked
//! before there is work.

mod secret;

use std::sync::Arc;

use adit_access::Access;
use adit_backend_aws::{Aws, AwsSettings};
use adit_domain::AeTitle;
use adit_engine::{Engine, Ports, Post, Settings, now};
use adit_mail::PublicUrl;
use adit_runtime::emf::Emf;
use adit_runtime::settings::CloudSettings;
use adit_runtime::telemetry;
use adit_store::clock::SystemClock;
use adit_store::vault::Vault;
use anyhow::{Context, Result, bail};

pub use secret::InstallationSecret;

/// Everything that a process of the cloud home shares.
#[derive(Clone)]
pub struct Cloud {
    /// The ports, and what only the cloud has.
    pub aws: Aws,
    /// The use cases.
    pub engine: Engine,
    /// Accounts and sessions.
    pub access: Access,
    /// What only this installation knows.
    pub secret: InstallationSecret,
    /// Writes metrics as log lines: to be flushed by whoever runs the process; absent where none are wanted.
    pub metrics: Option<Emf>,
    /// The page is reached by https: cookies are sent encrypted only.
    pub https: bool,
}

/// Starts the log and composes a process of the cloud home from its environment. `process_name` (such as `worker`) and a random
/// part name the owner of leases.
///
/// # Errors
/// Names every environment variable that is missing or wrong, or says why the secret cannot be read.
pub async fn compose(process_name: &str) -> Result<Cloud> {
    let (settings, aws_settings) = match (CloudSettings::from_env(), AwsSettings::from_env()) {
        (Ok(settings), Ok(aws_settings)) => (settings, aws_settings),
        (settings, aws_settings) => {
            let wrong: Vec<String> = settings.err().into_iter().chain(aws_settings.err()).collect();
            bail!("{}", wrong.join("; "));
        }
    };
    telemetry::start(&settings.log, true).map_err(anyhow::Error::msg)?;
    let namespace = Some(settings.metrics_namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let metrics = namespace.map(Emf::install).transpose().map_err(anyhow::Error::msg)?;
    let aws = Aws::open(&aws_settings, Arc::new(SystemClock)).await?;
    let text = aws.secrets.get(&settings.secret).await.context("the installation's secret cannot be read")?;
    let secret = InstallationSecret::parse(text.expose())?;
    let ports = Ports {
        items: Arc::clone(&aws.items),
        queue: Arc::clone(&aws.queue),
        staging: Arc::clone(&aws.staging),
        buckets: Some(Arc::clone(&aws.buckets)),
    };
    let engine = Engine::new(
        ports,
        Settings {
            ae_title: AeTitle::parse(&settings.ae_title).context("ADIT_AE_TITLE")?.to_string(),
            project_key: secret.project_key(),
            default_profile: settings.default_profile,
            process: format!("{process_name}-{}", random()?),
            folder_roots: settings.folder_roots,
            scratch: std::env::temp_dir().join("adit-scratch"),
        },
    );
    if settings.mail.ses {
        let public_url =
            PublicUrl::parse(&settings.mail.public_url).map_err(anyhow::Error::msg).context("ADIT_PUBLIC_URL")?;
        engine.use_post(Post { transport: Arc::new(aws.mail.clone()), from: settings.mail.from, public_url });
    }
    let access = Access::new(Arc::clone(&aws.items)).with_vault(Vault::new(secret.project_key().as_bytes()));
    Ok(Cloud { aws, engine, access, secret, metrics, https: settings.https })
}

impl Cloud {
    /// Makes the administrator `admin` with the password of the installation's secret when there is no user at all, and the first group.
    /// Safe to call from several processes at once.
    ///
    /// # Errors
    /// The table did not answer, or the password of the secret is too weak.
    pub async fn ensure_administrator(&self) -> Result<()> {
        let password = self.secret.admin_password();
        if !password.is_empty() && self.access.ensure_first_administrator_with(password, now()).await? {
            tracing::info!("the first administrator was made from the installation's secret");
        }
        self.engine.found_groups(&self.access.everybody().await?).await?;
        Ok(())
    }
}

fn random() -> Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(anyhow::Error::msg)?;
    Ok(hex::encode(bytes))
}
