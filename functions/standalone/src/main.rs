//! `adit`: the whole of ADIT in one process, and the command line for a running one.

mod cli;
mod demo;
mod files;
mod mail;
mod serve;

use std::process::ExitCode;

use adit_runtime::settings::ServeSettings;
use clap::{Parser, Subcommand};

/// ADIT moves medical images where research needs them.
#[derive(Parser)]
#[command(name = "adit", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one value per process")]
enum Command {
    /// Start the server: web page, API, DICOM receiver and transfers
    Serve {
        #[command(flatten)]
        settings: Box<ServeSettings>,
        /// Run two demo archives with synthetic studies and set them up as servers
        #[arg(long)]
        demo: bool,
    },
    /// De-identify DICOM files on this machine
    Deid(Box<cli::deid::Options>),
    #[command(flatten)]
    Client(cli::ClientCommand),
}

fn main() -> ExitCode {
    let command = match Arguments::parse().command {
        Command::Deid(options) => return cli::deid::run(&options),
        other => other,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("adit: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match command {
        Command::Deid(options) => cli::deid::run(&options),
        Command::Serve { settings, demo } => match runtime.block_on(serve::run(*settings, demo)) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("adit: {error:#}");
                ExitCode::FAILURE
            }
        },
        Command::Client(command) => runtime.block_on(cli::run(command)),
    }
}
