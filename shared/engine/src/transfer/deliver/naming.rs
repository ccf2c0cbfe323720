//! Names of folders and files. What people typed never leaves its folder: no separators, no dots alone, no characters that one does not
//! see, no names that mean devices; and two different names never become the same.

use std::path::{Path, PathBuf};

use adit_store::staging::part;
use sha2::{Digest, Sha256};

use crate::transfer::Transfer;
use crate::transfer::plan::Plan;
use crate::transfer::sink::{StagedInstance, StagedNote};

/// Longest name of one folder, in bytes (file systems take 255).
const LONGEST: usize = 120;

/// Makes one name of a text. A text that had to be changed gets a short hash of the original, so that it meets no other.
pub(super) fn sanitize(text: &str) -> String {
    let mut name = fitting(text.trim());
    while name.len() > LONGEST {
        name.pop();
    }
    let trimmed = name.trim_matches(|c: char| c == '.' || c == ' ').to_owned();
    let name = if trimmed.is_empty() {
        "default".to_owned()
    } else if is_device(&trimmed) {
        format!("_{trimmed}")
    } else {
        trimmed
    };
    if name == text { name } else { format!("{name}~{}", short_hash(text)) }
}

/// The text without characters that have no place in a name.
fn fitting(text: &str) -> String {
    text.chars().map(|c| if has_no_place(c) { '_' } else { c }).collect()
}

/// Separators, and characters that one does not see or that turn the direction in which the others are read (a name that looks as
/// another).
fn has_no_place(c: char) -> bool {
    const UNSEEN: [std::ops::RangeInclusive<char>; 4] =
        ['\u{200B}'..='\u{200F}', '\u{2028}'..='\u{202E}', '\u{2060}'..='\u{206F}', '\u{FEFF}'..='\u{FEFF}'];
    c.is_control() || r#"<>:"/\|?*"#.contains(c) || UNSEEN.iter().any(|range| range.contains(&c))
}

/// Whether a name means a device where the files are unpacked (Windows), whatever its ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered =
        |kind| stem.strip_prefix(kind).is_some_and(|number: &str| matches!(number.as_bytes(), [b'1'..=b'9']));
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

fn short_hash(text: &str) -> String {
    hash(text, 3)
}

/// The first bytes of a hash, in hexadecimal digits.
fn hash(text: &str, bytes: usize) -> String {
    Sha256::digest(text.as_bytes()).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// The folder of a job's study below the destination's path. Pseudonymised, it says no more than the images themselves.
pub(crate) fn folder_for(transfer: &Transfer, plan: &Plan, root: &Path, pseudonym: &str) -> PathBuf {
    let job = &transfer.job;
    let day = date_of(job.created.0);
    root.join(sanitize(&format!("adit_selective_transfer_{}_{day}_{}", job.id, job.owner_name)))
        .join(study_for(transfer, plan, pseudonym))
}

/// The folder of a study below that of all it was fetched with: patient, then study.
fn study_for(transfer: &Transfer, plan: &Plan, pseudonym: &str) -> PathBuf {
    let job = &transfer.job;
    let patient = match (transfer.identity.is_active(), pseudonym) {
        (false, _) => &plan.patient_id_text,
        (true, "") => &job.options.pseudonym,
        (true, pseudonym) => pseudonym,
    };
    let mut modalities: Vec<&str> =
        plan.series.iter().map(|series| series.modality.as_str()).filter(|modality| !modality.is_empty()).collect();
    modalities.sort_unstable();
    modalities.dedup();
    let modalities = modalities.join(",");
    Path::new(&sanitize(patient)).join(sanitize(&format!("{}-{modalities}", study_name(transfer, plan))))
}

/// How the name of a study's folder begins, whatever its modalities are.
pub(super) fn study_beginning(transfer: &Transfer, plan: &Plan) -> String {
    format!("{}-", fitting(&study_name(transfer, plan)))
}

/// Where an instance stands below the folder of all it was fetched with: patient, study, series, file.
pub(crate) fn place_for(transfer: &Transfer, plan: &Plan, instance: &StagedInstance) -> PathBuf {
    study_for(transfer, plan, &instance.note.pseudonym).join(file_for(transfer, plan, instance))
}

/// Date and time of a study if they may be known, else a short hash of its UID at the destination.
fn study_name(transfer: &Transfer, plan: &Plan) -> String {
    let outside = &plan.outside;
    if transfer.identity.is_active() && outside.study_date.is_empty() {
        let uid = transfer.identity.uid(&transfer.task.study_instance_uid);
        return format!("study-{}", hash(&uid, 6));
    }
    let date = if outside.study_date.is_empty() { "00000000" } else { &outside.study_date };
    let time = outside.study_time.split('.').next().filter(|time| !time.is_empty()).unwrap_or("000000");
    format!("{date}-{time}")
}

/// The file of an instance below the study's folder.
pub(super) fn file_for(transfer: &Transfer, plan: &Plan, instance: &StagedInstance) -> PathBuf {
    let folder = sanitize(&series_name(transfer, plan, &instance.note));
    Path::new(&folder).join(file_name(&instance.note.delivered_as))
}

/// The folder of a converted series below the study's folder. Its files bear no UID, so no other series may come here.
pub(super) fn nifti_folder_for(transfer: &Transfer, plan: &Plan, note: &StagedNote) -> String {
    format!("{}{}", sanitize(&series_name(transfer, plan, note)), nifti_ending(transfer, &note.series))
}

/// How the name of a converted series' folder ends.
pub(super) fn nifti_ending(transfer: &Transfer, series: &str) -> String {
    let uids = [&transfer.task.study_instance_uid, series].map(|uid| transfer.identity.uid(uid));
    format!("~{}", short_hash(&uids.join("/")))
}

/// The file name of an image with this UID at the destination.
pub(super) fn file_name(delivered_as: &str) -> String {
    format!("{}.dcm", part(delivered_as))
}

/// Number and description of a series as far as they may be known, else its UID at the destination.
fn series_name(transfer: &Transfer, plan: &Plan, note: &StagedNote) -> String {
    let number = plan.series.iter().find(|series| series.uid == note.series).and_then(|series| series.number);
    let description = plan.outside.series.get(&note.series).filter(|_| note.keeps_description);
    match (number.filter(|number| *number != 0), description.map(String::as_str)) {
        (None, _) => transfer.identity.uid(&note.series),
        (Some(number), None) => number.to_string(),
        (Some(number), Some("")) => format!("{number}-Undefined"),
        (Some(number), Some(description)) => format!("{number}-{description}"),
    }
}

/// `YYYYMMDD` (UTC) of milliseconds since the epoch.
fn date_of(ms: i64) -> String {
    // Days to a civil date, after Howard Hinnant's algorithm.
    let days = ms.div_euclid(86_400_000) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder_and_do_not_collide() {
        assert_eq!(sanitize("P-001"), "P-001");
        for text in ["..", ".", "", "a/b", "../../etc/passwd", "a\nb", "x:y", " lead"] {
            let name = sanitize(text);
            assert!(
                !name.contains(['/', '\\', '\n', ':']) && name != ".." && name != "." && !name.is_empty(),
                "{text} became {name}"
            );
        }
        for text in ["CON", "nul.txt", "Com1", "lpt9 .x", "a\u{202E}b", "a\u{200B}b"] {
            let name = sanitize(text);
            assert!(name != text && !is_device(&name) && !name.chars().any(has_no_place), "{text} became {name}");
        }
        for text in ["CONTRAST", "COM10", "Müller", "日本"] {
            assert_eq!(sanitize(text), text);
        }
        assert_ne!(sanitize("a/b"), sanitize("a_b"));
        assert_ne!(sanitize("a/b"), sanitize("a:b"));
        assert!(sanitize(&"ü".repeat(300)).len() < 200);
    }

    #[test]
    fn days_are_civil_dates() {
        assert_eq!(date_of(0), "19700101");
        assert_eq!(date_of(1_709_251_200_000), "20240301");
        assert_eq!(date_of(951_782_400_000), "20000229");
    }
}
