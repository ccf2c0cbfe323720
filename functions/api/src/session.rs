//! Who asks: extractors that turn a cookie (and, for changes, the CSRF header) into a person.

use adit_access::SessionInfo;
use adit_api::error::ErrorCode;
use adit_api::paths::CSRF_HEADER;
use adit_engine::{Actor, now};
use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::App;
use crate::refused::Refused;

/// Name of the session cookie.
const NAME: &str = "adit_session";

/// Somebody with a session, for looking at things.
pub struct Reader {
    pub actor: Actor,
    pub session: SessionInfo,
}

/// Somebody with a session whose request carries its CSRF token, for changing things.
pub struct Writer {
    pub actor: Actor,
    pub session: SessionInfo,
}

impl Reader {
    /// Refuses everybody but staff.
    pub fn staff(self) -> Result<Self, Refused> {
        check_staff(&self.actor).map(|()| self)
    }
}

impl Writer {
    /// Refuses everybody but staff.
    pub fn staff(self) -> Result<Self, Refused> {
        check_staff(&self.actor).map(|()| self)
    }
}

fn check_staff(actor: &Actor) -> Result<(), Refused> {
    if actor.staff { Ok(()) } else { Err(Refused::new(ErrorCode::Forbidden, "Only administrators may do this.")) }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let (actor, session) = who(&parts.headers, app).await?;
        Ok(Self { actor, session })
    }
}

impl FromRequestParts<App> for Writer {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let (actor, session) = who(&parts.headers, app).await?;
        let given = parts.headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !session.csrf_matches(given) {
            return Err(Refused::new(
                ErrorCode::Forbidden,
                "The request did not come from this page. Reload the page and try again.",
            ));
        }
        Ok(Self { actor, session })
    }
}

async fn who(headers: &HeaderMap, app: &App) -> Result<(Actor, SessionInfo), Refused> {
    let missing = || {
        Refused::new(
            ErrorCode::LoginRequired,
            "You are not logged in, or your session has ended. Log in and try again.",
        )
    };
    let token = token(headers).ok_or_else(missing)?;
    let session = app.access.session(token, now()).await?.ok_or_else(missing)?;
    let person = &session.person;
    let actor = Actor { user_id: person.user_id.clone(), username: person.username.clone(), staff: person.staff };
    Ok((actor, session))
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == NAME)
        .map(|(_, value)| value)
}

/// The header that sets the cookie, or with an empty token removes it.
pub fn cookie(token: &str, https: bool) -> (HeaderName, HeaderValue) {
    let secure = if https { "; Secure" } else { "" };
    let age = if token.is_empty() { "; Max-Age=0" } else { "" };
    let text = format!("{NAME}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
    (SET_COOKIE, HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("")))
}

/// Refuses a log-in that another site's page sends: a browser names the page's origin, and it must be ours. Behind an edge that speaks to
/// us under another host name, the browser's own word for it counts (a page cannot forge `Sec-Fetch-Site`).
pub fn check_origin(headers: &HeaderMap) -> Result<(), Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let origin = text(ORIGIN.as_str());
    let ours = origin.split_once("://").is_some_and(|(_, rest)| rest == text("host"));
    if origin.is_empty() || ours || text("sec-fetch-site") == "same-origin" {
        Ok(())
    } else {
        Err(Refused::new(ErrorCode::Forbidden, "Log in from ADIT's own page."))
    }
}
