//! Letters about jobs and quotas: counts and names of servers, never what was transferred.

use adit_domain::JobId;
use adit_domain::job::JobStatus;

use super::{ADMINISTRATOR, count, reason_of};
use crate::sheet::Sheet;
use crate::{JobEnded, JobWaits, PublicUrl};

const OWNER: &str = "You get this mail because the job is yours.";

fn link(job: &JobId, url: &PublicUrl) -> Option<(&'static str, String)> {
    Some(("Open the job", url.link(&format!("/jobs/{job}"))))
}

pub(super) fn ended(ended: &JobEnded, url: &PublicUrl) -> Sheet {
    let counts = &ended.counts;
    let (subject, said) = match ended.status {
        JobStatus::Success if counts.total() == 0 => ("Your transfer has finished", "There was nothing to transfer."),
        JobStatus::Success if counts.canceled > 0 => {
            ("Your transfer has finished", "What was not canceled has arrived.")
        }
        JobStatus::Success => ("Your transfer has finished", "Everything has arrived."),
        JobStatus::Warning => (
            "Your transfer has finished with warnings",
            "Not everything is as it should be. The job's page says for each study what is missing and why.",
        ),
        JobStatus::Failure => (
            "Your transfer has failed",
            "The job's page says for each study what went wrong. There you can also try again; what has arrived is not sent twice.",
        ),
        _ => ("Your transfer was canceled", "The job was ended before all of its studies were transferred."),
    };
    let states = [
        ("Complete", counts.success),
        ("With warnings", counts.warning),
        ("Failed", counts.failure),
        ("Canceled", counts.canceled),
    ];
    let mut facts = vec![
        ("From", ended.source.clone()),
        ("To", ended.destination.clone()),
        ("Studies", counts.total().to_string()),
    ];
    facts.extend(states.into_iter().filter(|state| state.1 > 0).map(|(label, number)| (label, number.to_string())));
    Sheet {
        subject: subject.into(),
        paragraphs: vec![said.into()],
        facts,
        button: link(&ended.job, url),
        why: "You get this mail because you asked for it when you made the job.",
        ..Sheet::default()
    }
}

pub(super) fn waits(waits: &JobWaits, url: &PublicUrl) -> Sheet {
    let identity = if waits.pseudonymised { "removed on the way" } else { "NOT removed" };
    Sheet {
        subject: "A transfer waits for your approval".into(),
        paragraphs: vec!["Nothing is transferred until somebody who may approve jobs has decided.".into()],
        facts: vec![
            ("Asked for by", waits.owner.clone()),
            ("Group", waits.group.clone()),
            ("Studies", count(waits.studies, "study", "studies")),
            ("From", waits.source.clone()),
            ("To", waits.destination.clone()),
            ("Patients' identities", identity.into()),
        ],
        button: Some(("Look at the job", url.link(&format!("/jobs/{}", waits.job)))),
        why: "You get this mail because you may approve jobs in ADIT.",
        ..Sheet::default()
    }
}

pub(super) fn approved(job: &JobId, by: &str, url: &PublicUrl) -> Sheet {
    Sheet {
        subject: "Your transfer was approved".into(),
        paragraphs: vec!["The job has its place in the queue now and starts by itself.".into()],
        facts: vec![("Approved by", by.to_owned())],
        button: link(job, url),
        why: OWNER,
        ..Sheet::default()
    }
}

pub(super) fn rejected(job: &JobId, by: &str, reason: &str, url: &PublicUrl) -> Sheet {
    let mut facts = vec![("Rejected by", by.to_owned())];
    facts.extend(reason_of(reason));
    Sheet {
        subject: "Your transfer was not approved".into(),
        paragraphs: vec!["The job does not run and nothing was transferred.".into()],
        facts,
        button: link(job, url),
        why: OWNER,
        ..Sheet::default()
    }
}

pub(super) fn quota(what: &str, used: u64, allowed: u64, link: String) -> Sheet {
    Sheet {
        subject: "A quota is used up in ADIT".into(),
        paragraphs: vec![
            "Transfers that would exceed it wait until there is room again or an administrator raises it.".into(),
        ],
        facts: vec![("Quota", what.to_owned()), ("Used", bytes(used)), ("Allowed", bytes(allowed))],
        button: Some(("Open ADIT", link)),
        why: ADMINISTRATOR,
        ..Sheet::default()
    }
}

pub(super) fn fills(what: &str, used: u64, warn: u64, link: String) -> Sheet {
    Sheet {
        subject: "A folder fills in ADIT".into(),
        paragraphs: vec!["Nothing waits yet. Make room in time, or raise the limit above which you are told.".into()],
        facts: vec![("Folder", what.to_owned()), ("Used", bytes(used)), ("Told above", bytes(warn))],
        button: Some(("Open ADIT", link)),
        why: ADMINISTRATOR,
        ..Sheet::default()
    }
}

/// Bytes as people read them: 1.5 GB.
#[must_use]
pub fn bytes(number: u64) -> String {
    let mut rest = u128::from(number) * 10;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if rest < 10_000 {
            return if unit == "bytes" {
                format!("{number} bytes")
            } else {
                format!("{}.{} {unit}", rest / 10, rest % 10)
            };
        }
        rest /= 1000;
    }
    format!("{}.{} TB", rest / 10, rest % 10)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_are_readable() {
        assert_eq!((bytes(999).as_str(), bytes(1000).as_str()), ("999 bytes", "1.0 kB"));
        assert_eq!((bytes(1_550_000_000).as_str(), bytes(u64::MAX).as_str()), ("1.5 GB", "18446744.0 TB"));
    }
}
