//! Images of one series as NIfTI files, by the program `dcm2niix`. Who asks (a reader of the gateway, a transfer into a folder) brings a
//! folder of images and takes the files; this room knows neither.
//!
//! `program` runs the converter, `outputs` names what comes out, `whole` tells what was cut off, `remarks` chooses what of its words people
//! are told, `count` adds up how many images it speaks of, `scratch` is where files stand meanwhile.

mod count;
mod outputs;
mod program;
mod remarks;
mod scratch;
mod whole;

use std::io;
use std::path::{Path, PathBuf};

use adit_domain::node::{NodeConfig, NodeKind};
use adit_domain::transfer::TransferOptions;
use tokio::fs;
use tokio::sync::Semaphore;

pub(crate) use outputs::{Output, Outputs};
pub(crate) use scratch::refusal;

use crate::{Engine, Refusal};
use program::Verdict;
use scratch::Scratch;

/// Series that are converted for transfers at the same time. Each takes a processor and the disk.
const AT_ONCE: usize = 2;

/// What all conversions of this process share.
pub(crate) struct Converter {
    pub scratch: Scratch,
    /// Turns of transfers. Readers of the gateway have their own: they are refused where a transfer waits.
    pub turns: Semaphore,
}

impl Converter {
    /// With a place for its files.
    pub fn new(scratch: PathBuf) -> Self {
        Self { scratch: Scratch::new(scratch), turns: Semaphore::new(AT_ONCE) }
    }
}

/// What came of a series.
#[derive(Debug)]
pub(crate) struct Converted {
    /// Empty: nothing that can be used.
    pub files: Vec<Output>,
    /// Why there are no files, or not all.
    pub trouble: Option<String>,
    /// What the converter had to say, without names and paths.
    pub remarks: Vec<String>,
}

/// Whether there is a converter.
///
/// # Errors
/// It is missing.
pub(crate) async fn check() -> Result<(), Refusal> {
    program::check(program::NAME).await
}

/// Converts the images of a folder, which goes. `most`: bytes that the folder of the outputs may hold.
///
/// # Errors
/// The folders cannot be used, or what has come out is cut off (the disk is full): trying again may help.
pub(crate) async fn convert(images: &Path, outputs: &mut Outputs, most: u64) -> io::Result<Converted> {
    let (verdict, remarks) = program::convert(program::NAME, images, outputs.folder(), most).await?;
    fs::remove_dir_all(images).await?;
    if let Verdict::Nothing(why) = verdict {
        // It may have been cut off.
        outputs.drop_new().await?;
        return Ok(Converted { files: Vec::new(), trouble: Some(why), remarks });
    }
    let files = whole::whole(outputs.take_new().await?).await?;
    let trouble = match verdict {
        _ if files.is_empty() => Some("nothing came out of its conversion".to_owned()),
        Verdict::Some => Some("only some of its images could be converted".to_owned()),
        _ => None,
    };
    Ok(Converted { files, trouble, remarks })
}

impl Engine {
    /// Refuses a conversion to NIfTI where nothing could come of it.
    ///
    /// # Errors
    /// The destination is no folder, or this installation has no converter.
    pub(crate) async fn permit_nifti(
        &self,
        options: &TransferOptions,
        destination: &NodeConfig,
    ) -> Result<(), Refusal> {
        permit(program::NAME, options, destination).await.map_err(|refusal| refusal.at("convert_to_nifti"))
    }

    /// Removes what conversions of processes that are gone have left in the scratch folder. May be called at any time.
    pub async fn tidy_scratch(&self) {
        if let Err(error) = self.0.converter.scratch.open().await {
            tracing::info!(error = %error, "the scratch folder cannot be used, there will be no conversions to NIfTI");
        }
    }
}

async fn permit(converter: &str, options: &TransferOptions, destination: &NodeConfig) -> Result<(), Refusal> {
    if !options.convert_to_nifti {
        return Ok(());
    }
    if !matches!(destination.kind, NodeKind::Folder(_)) {
        return Err(Refusal::invalid(format!(
            "NIfTI files can only be written into a folder, and {} is none. Choose a folder as destination, or switch the conversion to NIfTI off.",
            destination.name
        )));
    }
    program::check(converter).await
}

#[cfg(test)]
mod tests {
    use adit_domain::node::{Bucket, Folder};

    use super::*;

    #[tokio::test]
    async fn nifti_needs_a_folder_and_a_converter() {
        let folder = NodeKind::Folder(Folder { path: "/research".into(), quota_gb: 0, warn_size_gb: 0 });
        let bucket = NodeKind::Bucket(Bucket { bucket: "b".into(), prefix: String::new(), region: String::new() });
        let to = |kind: &NodeKind| NodeConfig { name: "Research".into(), enabled: true, kind: kind.clone() };
        let missing = "dcm2niix-that-is-not-there";
        let wish = TransferOptions { convert_to_nifti: true, ..TransferOptions::default() };
        assert!(permit(missing, &TransferOptions::default(), &to(&bucket)).await.is_ok());
        let refused = permit(missing, &wish, &to(&bucket)).await.unwrap_err().body;
        assert!(refused.code.status() == 400 && refused.detail.contains("Research is none"), "{}", refused.detail);
        let refused = permit(missing, &wish, &to(&folder)).await.unwrap_err().body;
        assert!(refused.code.status() == 503 && refused.detail.contains("administrator"), "{}", refused.detail);
    }
}
