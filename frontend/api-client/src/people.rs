//! People and the settings of accounts, for administrators; API tokens for everybody.

use adit_api::account::{AccountView, EmailInput, NewAccount};
use adit_api::paths;
use adit_api::people::{AccountSettings, ActionOutcome, IssuerView, PeopleFilter, PeoplePage, PersonAction};
use adit_api::tokens::{NewToken, TokenInput, TokenPage};
use adit_domain::UserId;
use adit_domain::accounts::OpenIdForm;

use crate::Answer;
use crate::request::{get, part, send, send_empty, send_for_nothing};

/// A page of people.
pub async fn people(filter: &PeopleFilter) -> Answer<PeoplePage> {
    let mut path = format!("{}?search={}", paths::PEOPLE, part(&filter.search));
    if let Some(state) = filter.state {
        path.push_str(&format!("&state={}", state.as_str()));
    }
    if let Some(after) = &filter.after {
        path.push_str(&format!("&after={after}"));
    }
    get(&path).await
}

/// One person with second factor and groups.
pub async fn person(id: &UserId) -> Answer<AccountView> {
    get(&paths::fill(paths::PERSON, &[id.as_str()])).await
}

/// Makes an account for somebody; a letter follows.
pub async fn invite(account: &NewAccount) -> Answer<()> {
    send_for_nothing("POST", paths::PEOPLE, account).await
}

/// Sets a person's e-mail address.
pub async fn set_email(id: &UserId, email: &str) -> Answer<()> {
    let input = EmailInput { email: email.to_owned() };
    send_for_nothing("PUT", &paths::fill(paths::PERSON_EMAIL, &[id.as_str()]), &input).await
}

/// Acts on an account.
pub async fn act_on_person(id: &UserId, action: PersonAction) -> Answer<ActionOutcome> {
    send("POST", &paths::fill(paths::PERSON_ACTION, &[id.as_str(), action.name()]), &()).await
}

/// The newest tokens of a person.
pub async fn tokens_of(id: &UserId) -> Answer<TokenPage> {
    get(&paths::fill(paths::PERSON_TOKENS, &[id.as_str()])).await
}

/// A page of the own tokens.
pub async fn tokens(after: Option<&str>) -> Answer<TokenPage> {
    match after {
        Some(after) => get(&format!("{}?after={after}", paths::TOKENS)).await,
        None => get(paths::TOKENS).await,
    }
}

/// Makes a token.
pub async fn create_token(input: &TokenInput) -> Answer<NewToken> {
    send("POST", paths::TOKENS, input).await
}

/// Ends a token.
pub async fn revoke_token(prefix: &str) -> Answer<()> {
    send_empty("DELETE", &paths::fill(paths::TOKEN, &[prefix])).await
}

/// Who may register, and of whom a second factor is demanded.
pub async fn account_settings() -> Answer<AccountSettings> {
    get(paths::ACCOUNT_SETTINGS).await
}

/// Changes both.
pub async fn set_account_settings(settings: &AccountSettings) -> Answer<()> {
    send_for_nothing("PUT", paths::ACCOUNT_SETTINGS, settings).await
}

/// Log-in at the organisation's issuer.
pub async fn issuer() -> Answer<IssuerView> {
    get(paths::ISSUER_SETTINGS).await
}

/// Changes it.
pub async fn set_issuer(form: &OpenIdForm) -> Answer<()> {
    send_for_nothing("PUT", paths::ISSUER_SETTINGS, form).await
}
