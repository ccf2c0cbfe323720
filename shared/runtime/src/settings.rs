//! Settings of the server, from the command line or the environment; the one place where their names stand.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

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
    #[arg(long, env = "ADIT_DEFAULT_PROFILE", default_value = "adit-compatible", value_parser = ["basic", "research", "adit-compatible"])]
    pub default_profile: String,
    /// Folders may only be below these paths; repeat for several (default: anywhere)
    #[arg(long = "folder-root", env = "ADIT_FOLDER_ROOTS", value_delimiter = ':')]
    pub folder_roots: Vec<PathBuf>,
    /// The page is reached by https (through a reverse proxy): cookies are then sent encrypted only
    #[arg(long, env = "ADIT_HTTPS")]
    pub https: bool,
    /// Write the log as JSON lines
    #[arg(long, env = "ADIT_LOG_JSON")]
    pub log_json: bool,
    /// What to log, such as "info" or "adit_engine=debug,info"
    #[arg(long, env = "ADIT_LOG", default_value = "info")]
    pub log: String,
}
