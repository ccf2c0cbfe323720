//! The converter, `dcm2niix` (BSD licence): a program of its own, which sees one folder, no environment and no shell.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::fs;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::{interval, sleep};

use super::count::Count;
use super::outputs::bytes_in;
use super::remarks::remarks;
use crate::Refusal;

/// Its name.
pub(super) const NAME: &str = "dcm2niix";
/// Where it is looked for.
const PLACES: &str = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";
/// How long one series may take.
const LIMIT: Duration = Duration::from_secs(600);
/// Bytes of what it prints that are looked at for remarks.
const PRINTED: usize = 256 * 1024;
/// Bytes of what it prints that are read at once.
const PIECE: usize = 8 * 1024;
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
/// It is not. Where it cannot be run for another reason (too many processes, say), the conversion says so by itself.
pub(super) async fn check(name: &str) -> Result<(), Refusal> {
    let Err(error) = command(name).arg("-v").status().await else { return Ok(()) };
    tracing::error!(error = %error, "dcm2niix cannot be run");
    if error.kind() != io::ErrorKind::NotFound {
        return Ok(());
    }
    Err(Refusal::unavailable(
        "Images cannot be converted to NIfTI here: the program dcm2niix is missing. Ask an administrator to install it where ADIT runs.",
    ))
}

/// Converts the images of one folder into another one, which may hold at most `most` bytes; with what it had to say.
pub(super) async fn convert(name: &str, input: &Path, output: &Path, most: u64) -> io::Result<(Verdict, Vec<String>)> {
    let given = files_in(input).await?;
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
        ended = run => {
            let (status, (printed, images)) = ended?;
            let verdict = match verdict(status)? {
                // It calls it a success when it leaves images out.
                Verdict::Whole if images < given => Verdict::Some,
                verdict => verdict,
            };
            return Ok((verdict, remarks(&printed)));
        }
        () = sleep(LIMIT) => format!("its conversion took longer than {} minutes", LIMIT.as_secs() / 60),
        () = is_full => format!("its conversion gave more than {} MB", most >> 20),
    };
    program.kill().await?;
    Ok((Verdict::Nothing(why), Vec::new()))
}

/// Reads to the end, so that it never waits for a reader, and keeps the beginning; with the number of images that it speaks of.
async fn all_of(printed: Option<impl AsyncRead + Unpin>) -> io::Result<(Vec<u8>, u64)> {
    let (mut kept, mut count) = (Vec::new(), Count::default());
    if let Some(mut printed) = printed {
        let mut piece = vec![0; PIECE];
        loop {
            let length = printed.read(&mut piece).await?;
            if length == 0 {
                break;
            }
            count.take(&piece[..length]);
            let room = PRINTED.saturating_sub(kept.len());
            kept.extend_from_slice(&piece[..length.min(room)]);
        }
    }
    Ok((kept, count.total()))
}

async fn files_in(folder: &Path) -> io::Result<u64> {
    let (mut entries, mut files) = (fs::read_dir(folder).await?, 0);
    while entries.next_entry().await?.is_some() {
        files += 1;
    }
    Ok(files)
}

fn command(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env_clear().env("PATH", PLACES).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The meaning of its exit codes (`nii_dicom.h`, `kEXIT_..`).
///
/// # Errors
/// It could not use its folders, or was killed (for the memory that it took, say): trying again may help.
fn verdict(status: ExitStatus) -> io::Result<Verdict> {
    Ok(match status.code() {
        Some(0) => Verdict::Whole,
        // Some were bad; volumes lack slices.
        Some(8 | 10) => Verdict::Some,
        Some(2) => Verdict::Nothing("it holds no image that dcm2niix can convert".to_owned()),
        Some(4) => Verdict::Nothing("its images are broken".to_owned()),
        Some(code @ 5..=7) => return Err(io::Error::other(format!("dcm2niix cannot use its folders (code {code})"))),
        Some(code) => Verdict::Nothing(format!("dcm2niix ended with code {code}")),
        None if was_killed(status) => return Err(io::Error::other("dcm2niix was killed")),
        None => Verdict::Nothing("dcm2niix crashed".to_owned()),
    })
}

/// By somebody else: programs that crash have other signals.
#[cfg(unix)]
fn was_killed(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(9)
}

#[cfg(not(unix))]
fn was_killed(_status: ExitStatus) -> bool {
    false
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
    #[tokio::test]
    async fn all_that_is_printed_is_counted_and_its_beginning_kept() {
        let line = "Convert 2 DICOM as /scratch/out/1-Axial (32x32x2x1)\n";
        let printed = line.repeat(10_000);
        let (kept, images) = all_of(Some(printed.as_bytes())).await.unwrap();
        assert!(kept.len() == PRINTED && printed.as_bytes().starts_with(&kept));
        assert_eq!(images, 20_000);
    }

    #[cfg(unix)]
    #[test]
    fn trying_again_helps_against_a_full_disk_but_not_against_a_crash() {
        use std::os::unix::process::ExitStatusExt;
        let ended = |code: i32| verdict(ExitStatus::from_raw(code << 8));
        assert_eq!((ended(0).unwrap(), ended(10).unwrap()), (Verdict::Whole, Verdict::Some));
        assert!(matches!(ended(1).unwrap(), Verdict::Nothing(_)) && matches!(ended(4).unwrap(), Verdict::Nothing(_)));
        assert!((5..=7).all(|code| ended(code).is_err()));
        assert!(verdict(ExitStatus::from_raw(9)).is_err(), "it was killed");
        assert_eq!(verdict(ExitStatus::from_raw(11)).unwrap(), Verdict::Nothing("dcm2niix crashed".to_owned()));
    }
}
