//! How a session begins, the own account, links of letters.

use adit_api::account::{
    AccountView, CodeInput, Confirmation, EmailChange, EmailInput, EnrolledLogIn, Enrolment, Entrance, LinkInput,
    LinkPassword, LinkView, LogInAnswer, NewAccount, PendingCode, PendingInput, RecoveryCodes,
};
use adit_api::paths;
use adit_api::session::{Login, PasswordChange, Session};
use adit_domain::person::Profile;

use crate::request::{get, send, send_empty, send_for_nothing};
use crate::{Answer, remember};

/// What the log-in page offers.
pub async fn entrance() -> Answer<Entrance> {
    get(paths::ENTRANCE).await
}

/// Where the log-in at the organisation's issuer begins.
#[must_use]
pub fn issuer_address() -> &'static str {
    paths::OPENID_DEPARTURE
}

/// The first step of a log-in.
pub async fn log_in(login: &Login) -> Answer<LogInAnswer> {
    let answer = send("POST", paths::SESSION, login).await?;
    if let LogInAnswer::Done(session) = &answer {
        remember(session);
    }
    Ok(answer)
}

/// The second step, by a code.
pub async fn finish_log_in(input: &PendingCode) -> Answer<Session> {
    let session: Session = send("POST", paths::SESSION_CODE, input).await?;
    remember(&session);
    Ok(session)
}

/// Begins to set up the second factor that a log-in demands.
pub async fn enrol_pending(pending: &str) -> Answer<Enrolment> {
    send("POST", paths::SESSION_ENROLMENT, &PendingInput { pending: pending.to_owned() }).await
}

/// Finishes it, and the log-in.
pub async fn confirm_pending(input: &PendingCode) -> Answer<EnrolledLogIn> {
    let enrolled: EnrolledLogIn = send("POST", paths::SESSION_ENROLMENT_CODE, input).await?;
    remember(&enrolled.session);
    Ok(enrolled)
}

/// Logs out.
pub async fn log_out() -> Answer<()> {
    send_empty("DELETE", paths::SESSION).await
}

/// Ends all own sessions but this one.
pub async fn end_other_sessions() -> Answer<()> {
    send_empty("DELETE", paths::OTHER_SESSIONS).await
}

/// Changes the own password.
pub async fn change_password(change: &PasswordChange) -> Answer<()> {
    send_for_nothing("POST", paths::PASSWORD, change).await
}

/// Registers; a letter follows.
pub async fn register(account: &NewAccount) -> Answer<()> {
    send_for_nothing("POST", paths::REGISTRATION, account).await
}

/// Asks for the link that confirms an account once more.
pub async fn ask_for_confirmation(email: &str) -> Answer<()> {
    send_for_nothing("POST", paths::REGISTRATION_LETTER, &EmailInput { email: email.to_owned() }).await
}

/// Asks for a link to a new password.
pub async fn ask_for_password(email: &str) -> Answer<()> {
    send_for_nothing("POST", paths::PASSWORD_LETTER, &EmailInput { email: email.to_owned() }).await
}

/// What a link is for; it is not used by that.
pub async fn look_at_link(token: &str) -> Answer<LinkView> {
    send("POST", paths::LINK, &LinkInput { token: token.to_owned() }).await
}

/// Confirms an account.
pub async fn confirm_account(input: &LinkPassword) -> Answer<Confirmation> {
    send("POST", paths::LINK_CONFIRM, input).await
}

/// Makes the address of a link the account's.
pub async fn confirm_email(token: &str) -> Answer<()> {
    send_for_nothing("POST", paths::LINK_EMAIL, &LinkInput { token: token.to_owned() }).await
}

/// Sets a new password by a link.
pub async fn reset_password(input: &LinkPassword) -> Answer<()> {
    send_for_nothing("POST", paths::LINK_PASSWORD, input).await
}

/// The own account.
pub async fn account() -> Answer<AccountView> {
    get(paths::ACCOUNT).await
}

/// Changes the own profile.
pub async fn change_profile(profile: &Profile) -> Answer<()> {
    send_for_nothing("PUT", paths::ACCOUNT, profile).await
}

/// Asks for another e-mail address; a letter follows.
pub async fn change_email(change: &EmailChange) -> Answer<()> {
    send_for_nothing("POST", paths::ACCOUNT_EMAIL, change).await
}

/// Begins to set up a second factor.
pub async fn enrol() -> Answer<Enrolment> {
    send("POST", paths::FACTOR, &()).await
}

/// Finishes it with a code.
pub async fn confirm_enrolment(code: &str) -> Answer<RecoveryCodes> {
    send("PUT", paths::FACTOR, &CodeInput { code: code.to_owned() }).await
}

/// New recovery codes, for a code.
pub async fn renew_recovery_codes(code: &str) -> Answer<RecoveryCodes> {
    send("POST", paths::FACTOR_CODES, &CodeInput { code: code.to_owned() }).await
}

/// Removes the own second factor, for a code.
pub async fn remove_second_factor(code: &str) -> Answer<()> {
    send_for_nothing("POST", paths::FACTOR_REMOVAL, &CodeInput { code: code.to_owned() }).await
}
