//! Series that stand at the destination as NIfTI files: which files, and of which instances. A series is there as a whole or not at all.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use adit_domain::task::LogLevel;
use adit_store::repositories::Receipt;

use super::plan::Plan;
use super::problem::Problem;
use super::{Form, Transfer};
use crate::nifti;

/// Title of what people are told of the converter's work.
pub(super) const CONVERTER: &str = "dcm2niix";

/// By Series Instance UID at the source.
#[derive(Default)]
pub(crate) struct Converted(Mutex<HashMap<String, Pieces>>);

/// What became of a series.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Pieces {
    /// SOP Instance UIDs at the source.
    pub instances: Vec<String>,
    /// Below the study's folder.
    pub files: Vec<String>,
    /// Why the files do not hold all of it, as people are told.
    pub trouble: Option<String>,
}

impl Converted {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Pieces>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, series: &str, pieces: Pieces) {
        self.all().insert(series.to_owned(), pieces);
    }

    pub fn take(&self, series: &str) -> Option<Pieces> {
        self.all().remove(series)
    }

    /// Instances of which the files of a series were made; none: it is not converted.
    pub fn instances(&self, series: &str) -> Vec<String> {
        self.all().get(series).map(|pieces| pieces.instances.clone()).unwrap_or_default()
    }

    /// What is wrong with what was converted, in a fixed order.
    fn troubles(&self) -> Vec<String> {
        let mut troubles: Vec<String> = self.all().values().filter_map(|pieces| pieces.trouble.clone()).collect();
        troubles.sort();
        troubles
    }

    /// Takes over the series that receipts speak of as a whole, and says which instances those are.
    fn restore(&self, receipts: &[Receipt]) -> HashSet<String> {
        let mut found: HashMap<&str, (Pieces, usize)> = HashMap::new();
        for receipt in receipts {
            let Some(conversion) = &receipt.conversion else { continue };
            let (pieces, wanted) = found.entry(&receipt.series_instance_uid).or_default();
            pieces.instances.push(receipt.sop_instance_uid.clone());
            pieces.files.extend(conversion.files.iter().cloned());
            pieces.trouble = pieces.trouble.take().or_else(|| conversion.trouble.clone());
            *wanted = usize::try_from(conversion.instances).unwrap_or(usize::MAX);
        }
        let whole = found.into_iter().filter(|(_, (pieces, wanted))| pieces.instances.len() == *wanted);
        let mut all = self.all();
        all.extend(whole.map(|(series, (pieces, _))| (series.to_owned(), pieces)));
        all.values().flat_map(|pieces| pieces.instances.iter().cloned()).collect()
    }
}

impl Transfer {
    /// Whether the images become NIfTI files on their way.
    pub(super) fn converts(&self) -> bool {
        self.form == Form::File && self.job.options.convert_to_nifti
    }

    /// Nothing is fetched that could not be converted.
    pub(super) async fn check_converter(&self) -> Result<(), Problem> {
        if !self.converts() {
            return Ok(());
        }
        if !self.destination.is_folder() {
            let name = self.destination.name();
            return Err(Problem::Permanent(format!(
                "NIfTI files can only be written into a folder, and {name} is none."
            )));
        }
        nifti::check().await.map_err(|refusal| Problem::Permanent(refusal.body.detail))
    }

    /// Of the receipts of earlier runs those that count: where series are converted, only those of whole series. What was wrong with their
    /// conversion is said again: it weighs in this run, too.
    pub(super) fn whole_series(&self, plan: &Plan, mut receipts: Vec<Receipt>) -> Vec<Receipt> {
        if self.converts() {
            let whole = self.converted.restore(&receipts);
            receipts.retain(|receipt| whole.contains(&receipt.sop_instance_uid));
            for trouble in self.converted.troubles() {
                self.ledger.note(LogLevel::Warning, CONVERTER, &trouble);
            }
        }
        self.counted.restore(plan, &receipts);
        receipts
    }

    /// Instances of series of which the folder does not hold every file, after what a killed run has left there is gone.
    pub(super) async fn lost_conversions(&self, plan: &Plan) -> Result<HashSet<String>, Problem> {
        let mut folders = Vec::new();
        for pseudonym in self.pseudonyms() {
            folders.push(self.study_folder(plan, &pseudonym).await?);
        }
        let (all, leftover) = (self.converted.all().clone(), self.temporary_prefix());
        let look = move || {
            for folder in &folders {
                tidy(folder, &leftover)?;
            }
            let is_there = |file: &String| folders.iter().any(|folder| folder.join(file).is_file());
            let lost = all.into_values().filter(|pieces| !pieces.files.iter().all(is_there));
            Ok(lost.flat_map(|pieces| pieces.instances).collect())
        };
        let looked = tokio::task::spawn_blocking(look).await;
        looked
            .map_err(std::io::Error::other)
            .and_then(|result| result)
            .map_err(|error: std::io::Error| Problem::Transient(format!("The folder cannot be read ({error}).")))
    }
}

/// Removes folders of this beginning.
fn tidy(folder: &Path, beginning: &str) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        // Somebody has taken it away, with its files.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(beginning) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use adit_store::repositories::{Conversion, ReceiptState};

    use super::*;

    fn receipt(series: &str, number: u32, instances: u32) -> Receipt {
        Receipt {
            sop_instance_uid: format!("{series}.{number}"),
            series_instance_uid: series.to_owned(),
            delivered_as: String::new(),
            pseudonym: String::new(),
            size: 1,
            state: ReceiptState::Delivered,
            conversion: Some(Conversion {
                instances,
                files: vec![format!("{series}/{number}")],
                trouble: (number == 0).then(|| format!("Series {series}: some are missing.")),
            }),
        }
    }

    #[test]
    fn a_series_whose_receipts_were_cut_off_counts_as_not_converted() {
        let converted = Converted::default();
        let receipts = [receipt("1", 0, 2), receipt("1", 1, 2), receipt("2", 0, 2)];
        let whole = converted.restore(&receipts);
        assert_eq!(whole, HashSet::from(["1.0".to_owned(), "1.1".to_owned()]));
        assert_eq!(converted.instances("1"), ["1.0", "1.1"]);
        assert!(converted.instances("2").is_empty());
        assert_eq!(converted.troubles(), ["Series 1: some are missing."], "it is said again");
        let pieces = converted.take("1").unwrap();
        assert_eq!(pieces.files, ["1/0", "1/1"]);
        assert_eq!(converted.take("2"), None);
    }
}
