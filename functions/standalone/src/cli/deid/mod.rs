//! `adit deid`: de-identifies files and folders on this machine, without a server.

mod batch;
mod inputs;
mod key;
mod lines;
mod one;
mod parts;
mod preview;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use adit_deid::{Deidentifier, Instructions, Overrides, PixelRules, Profile, ProjectKey};
use anyhow::{Context, Result, bail};
use clap::Args;

/// What to de-identify and how.
#[derive(Args)]
pub struct Options {
    /// File or folder with DICOM files
    input: PathBuf,
    /// Where the result goes: a file or folder; files in a folder are named by their new SOP Instance UID
    #[arg(required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// Profile
    #[arg(long, value_parser = Profile::NAMES, default_value = "research")]
    profile: String,
    /// File with the secret key: 64 hexadecimal digits. Whoever has it can find out which pseudonym belongs to which Patient ID
    #[arg(long)]
    key_file: PathBuf,
    /// Make the key file first if it is not there
    #[arg(long)]
    new_key: bool,
    /// Name of the project under the key; other projects get other pseudonyms, UIDs and dates
    #[arg(long, default_value = "")]
    project: String,
    /// Which key of the project, as the Projects page counts them; a rotated key has the next number
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    key_version: u32,
    /// Replaces Patient ID and name; only for the files of one patient (default: derived from key and Patient ID)
    #[arg(long, default_value = "")]
    pseudonym: String,
    /// File with the project's own rules, one a line: keep StationName
    #[arg(long)]
    rules: Option<PathBuf>,
    /// File with blackout rules in the form of a CTP pixel anonymizer script (default: the rules that ADIT ships)
    #[arg(long)]
    pixel_rules: Option<PathBuf>,
    /// Let images pass that may show who the patient is, because somebody has looked at them
    #[arg(long)]
    allow_risky_pixels: bool,
    /// Write a line of JSON for every input file
    #[arg(long)]
    report: Option<PathBuf>,
    /// Files at once (default: one for each processor)
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// Only show what would change in one file, with old and new values
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command. Exit code 0: every file was written; 1: something was held back or refused; 2: wrong usage.
pub fn run(options: &Options) -> ExitCode {
    let result = prepare(options).map_err(|error| (error, 2)).and_then(|instructions| {
        if options.dry_run {
            preview::run(&options.input, &instructions, options.json).map_err(|error| (error, 1))
        } else {
            batch::run(options, &instructions).map_err(|error| (error, 1))
        }
    });
    result.unwrap_or_else(|(error, code)| {
        eprintln!("adit: {error:#}");
        ExitCode::from(code)
    })
}

fn prepare(options: &Options) -> Result<Arc<Instructions>> {
    if !options.input.exists() {
        bail!("{} is not there; name a DICOM file or a folder", options.input.display());
    }
    check_pseudonym(&options.pseudonym)?;
    let key: ProjectKey = key::read(&options.key_file, options.new_key)?;
    let profile = Profile::named(&options.profile).context("there is no such profile")?;
    let overrides = match &options.rules {
        Some(path) => Overrides::parse(&text(path)?).with_context(|| path.display().to_string())?,
        None => Overrides::default(),
    };
    let pixel_rules = match &options.pixel_rules {
        Some(path) => PixelRules::parse(&text(path)?).with_context(|| path.display().to_string())?,
        None => PixelRules::default(),
    };
    let deidentifier = Deidentifier::new(
        profile.with(overrides),
        &key.of_project(&options.project, options.key_version - 1),
        pixel_rules,
    );
    Ok(Arc::new(Instructions {
        deidentifier: Some(Arc::new(deidentifier)),
        pseudonym: options.pseudonym.clone(),
        allow_risky_pixels: options.allow_risky_pixels,
        with_values: options.dry_run,
        ..Instructions::default()
    }))
}

fn check_pseudonym(pseudonym: &str) -> Result<()> {
    let checked = adit_domain::transfer::TransferOptions { pseudonym: pseudonym.to_owned(), ..Default::default() };
    checked.validated().map(|_| ()).context("--pseudonym")
}

fn text(path: &std::path::Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
