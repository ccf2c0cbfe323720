//! What accounts want to be told, as letters: paths of the page, and how long links work.

use adit_access::{Notice, NoticeKind};
use adit_mail::{Letter, Recipient};

use crate::App;
use crate::refused::Refused;

/// The page where a link's secret is used; it stands behind `#`, so that it is in nobody's log.
const LINK: &str = "/link";
const LOG_IN: &str = "/";

/// Posts the letter of a notice.
pub async fn send(app: &App, notice: Notice) -> Result<(), Refused> {
    let letter = letter(app, &notice).await?;
    let to = Recipient { name: String::new(), address: notice.to };
    Ok(app.engine.post(to, &letter).await?)
}

async fn letter(app: &App, notice: &Notice) -> Result<Letter, Refused> {
    let link = || format!("{LINK}#{}", notice.link_token.as_deref().unwrap_or_default());
    let username = notice.username.clone();
    Ok(match &notice.kind {
        NoticeKind::Confirm => Letter::AccountBegun { username, path: link(), valid_days: 14, invited: false },
        NoticeKind::Invited => Letter::AccountBegun { username, path: link(), valid_days: 14, invited: true },
        NoticeKind::AlreadyRegistered => Letter::AddressKnown { username, path: LOG_IN.into() },
        NoticeKind::ApprovalNeeded { user } => {
            let person = app.access.person(user).await?;
            Letter::AccountWaits {
                username,
                name: format!("{} {}", person.profile.first_name, person.profile.last_name).trim().to_owned(),
                address: person.email.unwrap_or_default(),
                path: "/people".into(),
            }
        }
        NoticeKind::Approved => Letter::AccountApproved { path: LOG_IN.into() },
        NoticeKind::Rejected => Letter::AccountRejected { reason: String::new() },
        NoticeKind::ResetPassword => Letter::PasswordReset { path: link(), valid_minutes: 60 },
        NoticeKind::NoAccount => Letter::AddressUnknown {},
        NoticeKind::ConfirmEmail => Letter::ConfirmAddress { path: link(), valid_hours: 14 * 24 },
        NoticeKind::EmailChanged => {
            let person = app.access.person_named(&username).await?;
            Letter::AddressChanged { address: person.and_then(|person| person.email).unwrap_or_default() }
        }
        NoticeKind::PasswordChanged => Letter::PasswordChanged { path: LOG_IN.into() },
        NoticeKind::FactorRemoved => Letter::SecondFactorRemoved { by_administrator: true, path: "/account".into() },
    })
}
