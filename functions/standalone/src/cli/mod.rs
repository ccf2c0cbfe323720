//! The command line: for a running ADIT, and for files on this machine. Exit code 0: done; 1: refused or failed, with a sentence on standard error; 2: wrong usage, or a
//! watched job ended with warnings or failures.

mod audit;
pub mod connection;
pub mod deid;
mod jobs;
mod nodes;
mod output;
mod rules;
mod search;
mod transfer;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use connection::Connection;

/// Options of every command.
#[derive(Args)]
pub struct Common {
    /// Print JSON for scripts
    #[arg(long, global = true)]
    json: bool,
    /// Data directory of the ADIT on this machine; its session is used unless `adit login` was called
    #[arg(long, global = true, env = "ADIT_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
}

/// Commands that talk to a running ADIT; those on the audit trail read its data directory instead.
#[derive(Subcommand)]
pub enum ClientCommand {
    /// List servers and folders, or test one
    Nodes {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: Option<nodes::Action>,
    },
    /// Search studies
    Search {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        options: search::Options,
    },
    /// Transfer a study or some of its series
    Transfer {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        options: transfer::Options,
    },
    /// List, watch and steer jobs
    Jobs {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: Option<jobs::Action>,
    },
    /// Rules that start transfers by themselves (administrators)
    Rules {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: Option<rules::Action>,
    },
    /// Verify, export or list the audit trail of the ADIT on this machine
    Audit {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: audit::Action,
    },
    /// What people and their programs have moved (administrators and auditors)
    Usage {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        options: usage::Options,
    },
    /// Log in to an ADIT on another machine; the session is kept in ~/.config/adit
    Login {
        #[command(flatten)]
        common: Common,
        /// Address, such as https://adit.example.org
        #[arg(long)]
        url: String,
        /// User name
        #[arg(long)]
        user: String,
    },
}

/// Runs one command.
pub async fn run(command: ClientCommand) -> ExitCode {
    let result = match command {
        ClientCommand::Nodes { common, action } => match Connection::open(&common.data_dir) {
            Ok(connection) => nodes::run(&connection, action, common.json).await,
            Err(error) => Err(error),
        },
        ClientCommand::Search { common, options } => match Connection::open(&common.data_dir) {
            Ok(connection) => search::run(&connection, options, common.json).await,
            Err(error) => Err(error),
        },
        ClientCommand::Transfer { common, options } => match Connection::open(&common.data_dir) {
            Ok(connection) => transfer::run(&connection, options, common.json).await,
            Err(error) => Err(error),
        },
        ClientCommand::Jobs { common, action } => match Connection::open(&common.data_dir) {
            Ok(connection) => jobs::run(&connection, action, common.json).await,
            Err(error) => Err(error),
        },
        ClientCommand::Rules { common, action } => match Connection::open(&common.data_dir) {
            Ok(connection) => rules::run(&connection, action, common.json).await,
            Err(error) => Err(error),
        },
        ClientCommand::Usage { common, options } => match Connection::open(&common.data_dir) {
            Ok(connection) => usage::run(&connection, options, common.json).await,
            Err(error) => Err(error),
        },
        ClientCommand::Audit { common, action } => audit::run(&common.data_dir, action, common.json).await,
        ClientCommand::Login { url, user, .. } => connection::log_in(&url, &user).await.map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("adit: {error:#}");
        ExitCode::FAILURE
    })
}
