//! The words of each letter. Plain English; every sentence says what happened or what to do.

mod accounts;
mod jobs;

pub use jobs::bytes;

use crate::sheet::Sheet;
use crate::{Letter, PublicUrl};

const ACCOUNT: &str = "You get this mail because of your ADIT account.";
const ADMINISTRATOR: &str = "You get this mail because you are an administrator of ADIT.";

/// The letter as a sheet. Values from people may hold anything: the sheet is tidied and escaped afterwards.
pub(crate) fn sheet(letter: &Letter, url: &PublicUrl) -> Sheet {
    match letter {
        Letter::ConfirmAddress { path, valid_hours } => accounts::confirm(&url.link(path), *valid_hours),
        Letter::AccountBegun { username, path, valid_days, invited } => {
            accounts::begun(username, url.link(path), *valid_days, *invited)
        }
        Letter::AddressKnown { username, path } => accounts::known(username, url.link(path)),
        Letter::AddressUnknown {} => accounts::unknown(),
        Letter::PasswordChanged { path } => accounts::password_changed(url.link(path)),
        Letter::AccountWaits { username, name, address, path } => {
            accounts::waits(username, name, address, url.link(path))
        }
        Letter::AccountApproved { path } => accounts::approved(url.link(path)),
        Letter::AccountRejected { reason } => accounts::rejected(reason),
        Letter::PasswordReset { path, valid_minutes } => accounts::reset(url.link(path), *valid_minutes),
        Letter::AddressChanged { address } => accounts::address_changed(address),
        Letter::SecondFactorRemoved { by_administrator, path } => {
            accounts::second_factor_removed(*by_administrator, url.link(path))
        }
        Letter::JobEnded(ended) => jobs::ended(ended, url),
        Letter::JobWaits(waits) => jobs::waits(waits, url),
        Letter::JobApproved { job, by } => jobs::approved(job, by, url),
        Letter::JobRejected { job, by, reason } => jobs::rejected(job, by, reason, url),
        Letter::QuotaExceeded { what, used, allowed, path } => jobs::quota(what, *used, *allowed, url.link(path)),
        Letter::FolderFills { what, used, warn, path } => jobs::fills(what, *used, *warn, url.link(path)),
        Letter::Broadcast { subject, markdown } => Sheet {
            subject: subject.clone(),
            markdown: markdown.clone(),
            why: "An administrator of ADIT sent this mail to the people who use it.",
            ..Sheet::default()
        },
    }
}

/// "1 hour", "2 hours".
fn count(number: u32, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// What somebody wrote as a reason, if they wrote anything.
fn reason_of(reason: &str) -> Vec<(&'static str, String)> {
    if reason.trim().is_empty() { Vec::new() } else { vec![("Reason given", reason.to_owned())] }
}
