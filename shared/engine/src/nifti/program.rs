//! The converter, `dcm2niix` (BSD licence): a program of its own, which sees one folder, no environment and no shell.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::{interval, sleep};

use super::outputs::bytes_in;
use super::remarks::remarks;
use crate::Refusal;

/// Its name.
pub(super) const NAME: &str = "dcm2niix";
/// Where it is looked for.
const PLACES: &str = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";
/// How long one series may take.
const LIMIT: Duration = Duration::from_secs(600);
/// Bytes of what it prints that are looked at.
const PRINTED: u64 = 256 * 1024;
/// How often the size of what it writes is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What came of a series.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Whole,
    /// Not all of its images.
    Some,
    /// Nothing that can be used; why.
    Nothing(String),
}

/// Whether the converter is there.
///
/// # Errors
/// It is not.
pub(super) async fn check(name: &str) -> Result<(), Refusal> {
    match command(name).arg("-v").status().await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::error!(error = %error, "dcm2niix cannot be run");
            Err(Refusal::unavailable(
                "Images cannot be converted to NIfTI here: the program dcm2niix is missing. Ask an administrator to install it where ADIT runs.",
            ))
        }
    }
}

/// Converts the images of one folder into another one, which may hold at most `most` bytes; with what it had to say.
pub(super) async fn convert(name: &str, input: &Path, output: &Path, most: u64) -> io::Result<(Verdict, Vec<String>)> {
    let mut command = command(name);
    // Compressed by itself, with a description that names nobody, and no file is ever replaced.
    command.args(["-z", "i", "-b", "y", "-ba", "y", "-w", "2", "-f", "%s-%d", "-o"]).arg(output).arg(input);
    let mut program = command.stdout(Stdio::piped()).spawn()?;
    let printed = program.stdout.take();
    let run = async { tokio::try_join!(program.wait(), all_of(printed)) };
    let is_full = async {
        let mut looks = interval(LOOK);
        loop {
            looks.tick().await;
            if bytes_in(output).await.is_ok_and(|bytes| bytes > most) {
                break;
            }
        }
    };
    let why = tokio::select! {
        ended = run => return ended.map(|(status, printed)| (verdict(status), remarks(&printed))),
        () = sleep(LIMIT) => format!("its conversion took longer than {} minutes", LIMIT.as_secs() / 60),
        () = is_full => format!("its conversion gave more than {} MB", most >> 20),
    };
    program.kill().await?;
    Ok((Verdict::Nothing(why), Vec::new()))
}

/// Reads to the end, so that it never waits for a reader, and keeps the beginning.
async fn all_of(printed: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let (Some(mut printed), mut kept) = (printed, Vec::new()) else { return Ok(Vec::new()) };
    (&mut printed).take(PRINTED).read_to_end(&mut kept).await?;
    tokio::io::copy(&mut printed, &mut tokio::io::sink()).await?;
    Ok(kept)
}

fn command(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env_clear().env("PATH", PLACES).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The meaning of its exit codes (`nii_dicom.h`, `kEXIT_..`).
fn verdict(status: ExitStatus) -> Verdict {
    match status.code() {
        Some(0) => Verdict::Whole,
        // Some were bad; volumes lack slices.
        Some(8 | 10) => Verdict::Some,
        Some(2) => Verdict::Nothing("it holds no image that dcm2niix can convert".to_owned()),
        Some(4) => Verdict::Nothing("its images are broken".to_owned()),
        Some(code) => Verdict::Nothing(format!("dcm2niix ended with code {code}")),
        None => Verdict::Nothing("dcm2niix crashed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_converter_is_told_to_the_administrator() {
        let refusal = check("dcm2niix-that-is-not-there").await.unwrap_err();
        assert_eq!(refusal.body.code.status(), 503);
        assert!(refusal.body.detail.contains("dcm2niix") && refusal.body.detail.contains("administrator"));
    }
}
