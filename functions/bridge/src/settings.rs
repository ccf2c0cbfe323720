//! Settings of the bridge, from the command line or the environment. What it shares with the functions (table, queues, secret, AE title,
//! log) stands in the environment only: `adit_runtime::settings::CloudSettings` and `adit_backend_aws::AwsSettings`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use adit_store::queue::Lane;
use clap::{Parser, ValueEnum};

/// What is said below the options.
const ON_PREMISES: &str = "\
Also needed, in the environment: ADIT_TABLE, ADIT_STAGING_BUCKET, ADIT_QUEUE_PREFIX, ADIT_SECRET, ADIT_AE_TITLE, AWS credentials and
region; see docs/deploy-aws.md.

On the hospital's premises the bridge only dials out, by HTTPS to DynamoDB, SQS, S3 and Secrets Manager, and to the servers. Leave out
--listen and --relay-listen, give it an AE title of its own (ADIT_AE_TITLE), and let the servers reach --dicom-listen for C-MOVE. With
--lanes bridge,worker it also does the work that needs no server, instead of the worker function.";

/// The DIMSE bridge of ADIT: talks to servers, moves images, answers bulk HTTP requests
#[derive(Debug, Clone, Parser)]
#[command(name = "adit-bridge", version, about, after_help = ON_PREMISES)]
pub struct BridgeSettings {
    /// Address of the bulk HTTP API and the health checks, behind a load balancer [default: none]
    #[arg(long, env = "ADIT_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Web addresses of viewers whose scripts may use DICOMweb with a token, such as https://viewer.example.org, separated by commas
    #[arg(long, env = "ADIT_VIEWER_ORIGINS", value_delimiter = ',')]
    pub viewer_origins: Vec<String>,
    /// Address of the DICOM receiver
    #[arg(long, env = "ADIT_DICOM_LISTEN", default_value = "0.0.0.0:11112")]
    pub dicom_listen: SocketAddr,
    /// Certificate of the DICOM receiver (a PEM file); it then speaks TLS only
    #[arg(long, env = "ADIT_DICOM_CERTIFICATE", requires = "dicom_key", conflicts_with = "dicom_tls_secret")]
    pub dicom_certificate: Option<PathBuf>,
    /// Private key to it (a PEM file)
    #[arg(long, env = "ADIT_DICOM_KEY", requires = "dicom_certificate")]
    pub dicom_key: Option<PathBuf>,
    /// Who must have signed the certificates of callers (a PEM file) [default: callers need none]
    #[arg(long, env = "ADIT_DICOM_CLIENT_CA", requires = "dicom_certificate")]
    pub dicom_client_ca: Option<PathBuf>,
    /// The same as one secret of Secrets Manager: {"certificate_pem": .., "key_pem": .., "client_ca_pem": ..}
    #[arg(long, env = "ADIT_DICOM_TLS_SECRET")]
    pub dicom_tls_secret: Option<String>,
    /// Address for instances that arrived at other bridges. Needed when several bridges share an AE title [default: none]
    #[arg(long, env = "ADIT_RELAY_LISTEN")]
    pub relay_listen: Option<SocketAddr>,
    /// Under which address the other bridges reach it, with or without port [default: the task's address on Fargate, else --relay-listen]
    #[arg(long, env = "ADIT_RELAY_ADDRESS", requires = "relay_listen")]
    pub relay_address: Option<String>,
    /// Transfers that run at the same time; 0: only receive and answer requests
    #[arg(long, env = "ADIT_PARALLEL_TRANSFERS", default_value_t = 3)]
    pub parallel_transfers: usize,
    /// Work that is taken: bridge (needs a server or a folder), worker (the rest)
    #[arg(long, env = "ADIT_LANES", value_enum, value_delimiter = ',', default_value = "bridge")]
    pub lanes: Vec<LaneName>,
    /// After SIGTERM: how long running transfers may go on before they are handed back, in seconds
    #[arg(long, env = "ADIT_FINISH_SECONDS", default_value_t = 60)]
    pub finish_seconds: u64,
    /// After SIGTERM: when the process has ended at the latest, in seconds; a little less than the container's stop timeout
    #[arg(long, env = "ADIT_STOP_SECONDS", default_value_t = 110)]
    pub stop_seconds: u64,
    /// Where a task on ECS learns about itself; set by ECS.
    #[arg(long, env = "ECS_CONTAINER_METADATA_URI_V4", hide = true)]
    pub task_metadata: Option<String>,
}

/// A lane as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LaneName {
    /// Needs DIMSE or a local disk.
    Bridge,
    /// Does not.
    Worker,
}

impl BridgeSettings {
    /// The lanes, each once.
    pub fn lanes(&self) -> Vec<Lane> {
        let wanted = |name| self.lanes.contains(&name);
        let all = [(LaneName::Bridge, Lane::Bridge), (LaneName::Worker, Lane::Worker)];
        all.into_iter().filter(|(name, _)| wanted(*name)).map(|(_, lane)| lane).collect()
    }

    /// How long running transfers may go on.
    pub fn finish(&self) -> Duration {
        Duration::from_secs(self.finish_seconds)
    }

    /// When everything has ended.
    pub fn stop(&self) -> Duration {
        Duration::from_secs(self.stop_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<BridgeSettings, clap::Error> {
        BridgeSettings::try_parse_from([&["adit-bridge"], arguments].concat())
    }

    #[test]
    fn on_premises_nothing_is_needed_and_nothing_but_dicom_listens() {
        let settings = parse(&[]).unwrap();
        assert_eq!((settings.listen, settings.relay_listen, settings.lanes()), (None, None, vec![Lane::Bridge]));
        let settings = parse(&["--lanes", "worker,bridge,worker"]).unwrap();
        assert_eq!(settings.lanes(), [Lane::Bridge, Lane::Worker]);
    }

    #[test]
    fn half_of_a_setting_is_refused() {
        for half in [
            &["--dicom-certificate", "a.pem"][..],
            &["--dicom-key", "a.pem"],
            &["--dicom-client-ca", "a.pem"],
            &["--relay-address", "10.0.0.1"],
            &["--dicom-certificate", "a", "--dicom-key", "b", "--dicom-tls-secret", "c"],
            &["--lanes", "everything"],
        ] {
            assert!(parse(half).is_err(), "{half:?}");
        }
    }
}
