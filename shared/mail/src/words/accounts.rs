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

pub(super) fn begun(username: &str, link: String, valid_days: u32, invited: bool) -> Sheet {
    let valid = count(valid_days, "day", "days");
    let what = if invited {
        "An administrator has made an account in ADIT for you. Follow the link and choose a password; then you can log in."
    } else {
        "This address was entered to register for ADIT. Follow the link to confirm that it is yours, and choose a password."
    };
    let other = if invited {
        "If you do not want an account, ignore this mail; the account vanishes by itself then."
    } else {
        "If you did not ask for this, ignore this mail; the account vanishes by itself then."
    };
    Sheet {
        subject: if invited { "Your invitation to ADIT" } else { "Confirm your registration for ADIT" }.into(),
        paragraphs: vec![what.into()],
        facts: vec![("User name", username.to_owned())],
        button: Some(("Choose a password", link)),
        notes: vec![format!("The link works for {valid}."), other.into()],
        why: "You get this mail because this address was entered for an account in ADIT.",
        ..Sheet::default()
    }
}

pub(super) fn known(username: &str, link: String) -> Sheet {
    Sheet {
        subject: "You have an ADIT account already".into(),
        paragraphs: vec![
            "This address was entered to register for ADIT or to move an account to it. It has an account already: log in, or ask for a new password on the same page.".into(),
        ],
        facts: vec![("User name", username.to_owned())],
        button: Some(("Log in", link)),
        notes: vec!["If you did not ask for this, ignore this mail; nothing was changed.".into()],
        why: ACCOUNT,
        ..Sheet::default()
    }
}

pub(super) fn unknown() -> Sheet {
    Sheet {
        subject: "No ADIT account has this address".into(),
        paragraphs: vec![
            "This address was entered in ADIT to get a link, but no account that can be used has it. Perhaps you registered with another address, or your account waits for approval or was deactivated: ask the people who run ADIT at your institution.".into(),
        ],
        notes: vec!["If you did not ask for this, ignore this mail.".into()],
        why: "You get this mail because somebody entered this address in ADIT.",
        ..Sheet::default()
    }
}

pub(super) fn password_changed(link: String) -> Sheet {
    Sheet {
        subject: "The password of your ADIT account was changed".into(),
        paragraphs: vec!["A new password was chosen by the link of a mail. All sessions have ended.".into()],
        button: Some(("Log in", link)),
        notes: vec!["If you did not do this, tell the people who run ADIT at your institution at once.".into()],
        why: ACCOUNT,
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
