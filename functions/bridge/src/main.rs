//! The DIMSE bridge: the part of ADIT that talks to servers, as one long-running process, on Fargate or on the hospital's premises.

mod address;
mod bridge;
mod drain;
mod health;
mod origin;
mod receiver;
mod settings;

use std::process::ExitCode;

use clap::Parser;

use crate::settings::BridgeSettings;

fn main() -> ExitCode {
    let settings = BridgeSettings::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("adit-bridge: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(bridge::run(settings)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("adit-bridge: {error:#}");
            ExitCode::FAILURE
        }
    }
}
