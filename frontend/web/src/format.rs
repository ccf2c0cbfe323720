//! Dates, sizes, durations and states as people read them; the one place where that is decided.

use adit_domain::job::{JobAction, JobStatus};
use adit_domain::project::PROFILES;
use adit_domain::task::{Step, TaskStatus};
use adit_domain::transfer::{TEXT_MODALITIES, TransferOptions};

/// Bytes with a fitting unit.
pub fn bytes(count: f64) -> String {
    let mut value = count;
    for unit in ["B", "KB", "MB", "GB"] {
        if value < 1000.0 {
            return if unit == "B" { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

/// Seconds as a duration.
pub fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

/// A name as it is spoken of: "1 study", "3 studies".
pub fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

pub fn job_status(status: JobStatus) -> (&'static str, &'static str) {
    match status {
        JobStatus::WaitingForApproval => ("Waiting for approval", "badge-accent badge-outline"),
        JobStatus::Pending => ("Waiting", "badge-neutral badge-outline"),
        JobStatus::InProgress => ("Running", "badge-info"),
        JobStatus::Canceling => ("Canceling", "badge-neutral badge-outline"),
        JobStatus::Canceled => ("Canceled", "badge-neutral badge-outline"),
        JobStatus::Success => ("Success", "badge-success"),
        JobStatus::Warning => ("Warning", "badge-warning"),
        JobStatus::Failure => ("Failed", "badge-error"),
    }
}

pub fn task_status(status: TaskStatus) -> (&'static str, &'static str) {
    match status {
        TaskStatus::Pending => ("Waiting", "badge-neutral badge-outline"),
        TaskStatus::InProgress => ("Running", "badge-info"),
        TaskStatus::Canceled => ("Canceled", "badge-neutral badge-outline"),
        TaskStatus::Success => ("Success", "badge-success"),
        TaskStatus::Warning => ("Warning", "badge-warning"),
        TaskStatus::Failure => ("Failed", "badge-error"),
    }
}

pub fn step(step: Step) -> &'static str {
    match step {
        Step::Queued => "Waiting",
        Step::Plan => "Looking for images",
        Step::Retrieve => "Fetching and sending",
        Step::Transform => "Pseudonymising",
        Step::Stage => "Staging",
        Step::Deliver => "Sending the rest",
        Step::Verify => "Checking the destination",
        Step::Settle => "Finished",
    }
}

/// Button text, question before it, and whether it destroys something.
pub fn action(action: JobAction) -> (&'static str, &'static str, bool) {
    match action {
        JobAction::Approve => ("Approve", "Let this job begin?", false),
        JobAction::Reject => ("Reject", "Refuse this job? Nothing of it is transferred.", true),
        JobAction::Cancel => ("Cancel", "Cancel this job? Images that have arrived stay at the destination.", true),
        JobAction::Resume => ("Resume", "Let the canceled transfers go on?", false),
        JobAction::Retry => {
            ("Retry failed", "Run failed and incomplete transfers again? Only what is missing moves.", false)
        }
        JobAction::Restart => ("Restart", "Run everything again from the start? All images are sent once more.", true),
        JobAction::Delete => ("Delete", "Remove this job from the list? The transferred images are not touched.", true),
    }
}

/// A profile as people read it.
pub fn profile_title(name: &str) -> String {
    PROFILES
        .iter()
        .find(|profile| profile.name == name)
        .map_or_else(|| name.to_owned(), |profile| profile.title.to_owned())
}

/// What a job does with identity, in a few words.
pub fn identity(options: &TransferOptions) -> String {
    match (options.pseudonymises(), options.pseudonym.as_str()) {
        (false, _) => "none: the images are left as they are".to_owned(),
        (true, "") => "a code for each patient".to_owned(),
        (true, pseudonym) => pseudonym.to_owned(),
    }
}

/// Those of the modalities that stay behind in a pseudonymised transfer.
pub fn held_back(modalities: &[String]) -> Vec<String> {
    let mut held: Vec<String> =
        modalities.iter().filter(|modality| TEXT_MODALITIES.contains(&modality.as_str())).cloned().collect();
    held.sort();
    held.dedup();
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_readable() {
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(bytes(1_540_000.0), "1.5 MB");
        assert_eq!(duration(42), "42 s");
        assert_eq!(duration(125), "2 min 05 s");
        assert_eq!(duration(7260), "2 h 01 min");
        assert_eq!(counted(1, "study", "studies"), "1 study");
    }

    #[test]
    fn documents_are_named_once() {
        let modalities: Vec<String> = ["CT", "SR", "KO", "SR"].iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(held_back(&modalities), ["KO", "SR"]);
    }
}
