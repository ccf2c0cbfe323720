//! Letters about accounts.

use super::{ACCOUNT, ADMINISTRATOR, count, reason_of};
use crate::sheet::Sheet;

pub(super) fn confirm(link: &str, valid_hours: u32) -> Sheet {
    let valid = count(valid_hours, "hour", "hours");
    Sheet {
        subject: "Confirm your mail address for ADIT".into(),
        paragraphs: vec!["This address was entered for an account in ADIT. Please confirm that it is yours.".into()],
        button: Some(("Confirm my address", link.to_owned())),
        notes: vec![
            format!("The link works for {valid}."),
            "If you did not ask for this, ignore this mail; nothing happens then.".into(),
        ],
        why: "You get this mail because somebody entered this address in ADIT.",
        ..Sheet::default()
    }
}

pub(super) fn waits(username: &str, name: &str, address: &str, link: String) -> Sheet {
    let mut facts = vec![("User name", username.to_owned()), ("Mail address", address.to_owned())];
    if !name.trim().is_empty() {
        facts.insert(1, ("Name", name.to_owned()));
    }
    Sheet {
        subject: "An account waits for your approval".into(),
        paragraphs: vec![
            "Somebody has registered and confirmed their mail address. They can log in after an administrator has approved the account.".into(),
        ],
        facts,
        button: Some(("Look at the account", link)),
        why: ADMINISTRATOR,
        ..Sheet::default()
    }
}

pub(super) fn approved(link: String) -> Sheet {
    Sheet {
        subject: "Your ADIT account is ready".into(),
        paragraphs: vec!["An administrator has approved your account. You can log in now.".into()],
        button: Some(("Log in", link)),
        why: ACCOUNT,
        ..Sheet::default()
    }
}

pub(super) fn rejected(reason: &str) -> Sheet {
    Sheet {
        subject: "Your ADIT account was not approved".into(),
        paragraphs: vec![
            "An administrator has looked at your registration and did not approve it. If you think that this is a mistake, ask the people who run ADIT at your institution.".into(),
        ],
        facts: reason_of(reason),
        why: "You get this mail because you registered in ADIT.",
        ..Sheet::default()
    }
}

pub(super) fn reset(link: String, valid_minutes: u32) -> Sheet {
    let valid = count(valid_minutes, "minute", "minutes");
    Sheet {
        subject: "Choose a new password for ADIT".into(),
        paragraphs: vec!["A new password was asked for. Follow the link to choose one.".into()],
        button: Some(("Choose a new password", link)),
        notes: vec![
            format!("The link works once and for {valid}."),
            "If you did not ask for this, ignore this mail; your password stays as it is.".into(),
        ],
        why: ACCOUNT,
        ..Sheet::default()
    }
}

pub(super) fn address_changed(address: &str) -> Sheet {
    Sheet {
        subject: "The mail address of your ADIT account was changed".into(),
        paragraphs: vec![
            "Your account has a new mail address. This is the last mail that goes to the former one.".into(),
        ],
        facts: vec![("New address", address.to_owned())],
        notes: vec!["If you did not do this, tell the people who run ADIT at your institution at once.".into()],
        why: ACCOUNT,
        ..Sheet::default()
    }
}

pub(super) fn second_factor_removed(by_administrator: bool, link: String) -> Sheet {
    let who = if by_administrator { "An administrator has removed" } else { "You have removed" };
    Sheet {
        subject: "The second factor of your ADIT account was removed".into(),
        paragraphs: vec![format!(
            "{who} the second factor of your account. From now on your password alone is enough to log in."
        )],
        button: Some(("Set it up again", link)),
        notes: vec!["If you did not expect this, tell the people who run ADIT at your institution at once.".into()],
        why: ACCOUNT,
        ..Sheet::default()
    }
}
