//! Settings of the server and of the cloud home's processes, from the command line or the environment; the one place where their names stand.

mod mail;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

pub use mail::{CloudMailSettings, MailSettings};

/// Profiles of de-identification.
const PROFILES: [&str; 3] = ["basic", "research", "adit-compatible"];

/// Settings of `adit serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeSettings {
    /// Directory for the database, staging and keys
    #[arg(long, env = "ADIT_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Address of the web page and the API
    #[arg(long, env = "ADIT_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Address of the DICOM receiver that C-MOVE needs
    #[arg(long, env = "ADIT_DICOM_LISTEN", default_value = "0.0.0.0:11112")]
    pub dicom_listen: SocketAddr,
    /// AE title of this ADIT
    #[arg(long, env = "ADIT_AE_TITLE", default_value = "ADIT")]
    pub ae_title: String,
    /// Transfers that run at the same time
    #[arg(long, env = "ADIT_PARALLEL_TRANSFERS", default_value_t = 3)]
    pub parallel_transfers: usize,
    /// Directory of the built web page (the page inside the program is used if this is not given)
    #[arg(long, env = "ADIT_WEB_DIR")]
    pub web_dir: Option<PathBuf>,
    /// De-identification of jobs without a project: basic, research or adit-compatible
    #[arg(long, env = "ADIT_DEFAULT_PROFILE", default_value = "adit-compatible", value_parser = PROFILES)]
    pub default_profile: String,
    /// Folders may only be below these paths; repeat for several (default: anywhere)
    #[arg(long = "folder-root", env = "ADIT_FOLDER_ROOTS", value_delimiter = ':')]
    pub folder_roots: Vec<PathBuf>,
    /// The page is reached by https (through a reverse proxy): cookies are then sent encrypted only
    #[arg(long, env = "ADIT_HTTPS")]
    pub https: bool,
    /// Addresses of reverse proxies whose X-Forwarded-For is believed, separated by commas (default: none; with --https one on this machine)
    #[arg(long, env = "ADIT_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,
    /// Web addresses of viewers whose scripts may use DICOMweb with a token, such as https://viewer.example.org, separated by commas
    #[arg(long = "viewer-origins", env = "ADIT_VIEWER_ORIGINS", value_delimiter = ',')]
    pub viewer_origins: Vec<String>,
    /// Mail.
    #[command(flatten)]
    pub mail: MailSettings,
    /// Write the log as JSON lines
    #[arg(long, env = "ADIT_LOG_JSON")]
    pub log_json: bool,
    /// What to log, such as "info" or "adit_engine=debug,info"
    #[arg(long, env = "ADIT_LOG", default_value = "info")]
    pub log: String,
}

impl ServeSettings {
    /// Reverse proxies whose word on the caller's address counts. With https and none named it is one on the same machine.
    #[must_use]
    pub fn proxies(&self) -> Vec<IpAddr> {
        if self.https && self.trusted_proxies.is_empty() {
            return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        }
        self.trusted_proxies.iter().map(IpAddr::to_canonical).collect()
    }
}

/// Settings of a process of the cloud home, from its environment. What concerns AWS alone (table, bucket, queues) stands in
/// `adit_backend_aws`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudSettings {
    /// `ADIT_SECRET`: id of the installation's secret.
    pub secret: String,
    /// `ADIT_DEFAULT_PROFILE`: de-identification of jobs without a project.
    pub default_profile: String,
    /// `ADIT_AE_TITLE`: AE title of this ADIT.
    pub ae_title: String,
    /// `ADIT_LOG`: what to log.
    pub log: String,
    /// `ADIT_METRICS_NAMESPACE`: under which name metrics stand; empty: none are written.
    pub metrics_namespace: String,
    /// `ADIT_HTTPS`: the page is reached by https; `0` only where a test reaches it by http.
    pub https: bool,
    /// `ADIT_FOLDER_ROOTS`, separated by `:`. A bridge on the hospital's premises may write into folders below these; empty: anywhere.
    pub folder_roots: Vec<PathBuf>,
    /// Mail.
    pub mail: CloudMailSettings,
}

impl CloudSettings {
    /// Reads the environment; the error names everything that is missing or wrong.
    pub fn from_env() -> Result<Self, String> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    fn from_lookup(get: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let given = |name: &str| get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let mut wrong = Vec::new();
        let secret = given("ADIT_SECRET").unwrap_or_else(|| {
            wrong.push("ADIT_SECRET is missing".to_owned());
            String::new()
        });
        let default_profile = given("ADIT_DEFAULT_PROFILE").unwrap_or_else(|| "adit-compatible".to_owned());
        if !PROFILES.contains(&default_profile.as_str()) {
            wrong.push(format!("ADIT_DEFAULT_PROFILE must be one of {}", PROFILES.join(", ")));
        }
        let https = match given("ADIT_HTTPS").as_deref() {
            None | Some("1" | "true") => true,
            Some("0" | "false") => false,
            Some(_) => {
                wrong.push("ADIT_HTTPS must be 1 or 0".to_owned());
                true
            }
        };
        let mail = CloudMailSettings::read(given, &mut wrong);
        if !wrong.is_empty() {
            return Err(format!("environment: {}", wrong.join("; ")));
        }
        Ok(Self {
            secret,
            default_profile,
            ae_title: given("ADIT_AE_TITLE").unwrap_or_else(|| "ADIT".to_owned()),
            metrics_namespace: get("ADIT_METRICS_NAMESPACE").unwrap_or_else(|| "ADIT".to_owned()),
            log: given("ADIT_LOG").unwrap_or_else(|| "info".to_owned()),
            https,
            folder_roots: given("ADIT_FOLDER_ROOTS")
                .map(|text| text.split(':').map(PathBuf::from).collect())
                .unwrap_or_default(),
            mail,
        })
    }
}

/// `_HANDLER`: which room of the Lambda functions this process is; empty outside of Lambda.
#[must_use]
pub fn lambda_handler() -> String {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    std::env::var("_HANDLER").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let error = CloudSettings::from_lookup(|name| match name {
            "ADIT_DEFAULT_PROFILE" => Some("none".into()),
            "ADIT_HTTPS" => Some("perhaps".into()),
            _ => None,
        })
        .unwrap_err();
        for name in ["ADIT_SECRET", "ADIT_DEFAULT_PROFILE", "ADIT_HTTPS"] {
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn what_is_absent_or_empty_has_a_default() {
        let settings = CloudSettings::from_lookup(|name| match name {
            "ADIT_SECRET" => Some("adit/secret".into()),
            "ADIT_HTTPS" => Some("0".into()),
            "ADIT_FOLDER_ROOTS" => Some("/a:/b".into()),
            _ => Some(String::new()),
        })
        .unwrap();
        assert_eq!((settings.ae_title.as_str(), settings.log.as_str(), settings.https), ("ADIT", "info", false));
        assert_eq!(settings.folder_roots, [PathBuf::from("/a"), PathBuf::from("/b")]);
    }
}
