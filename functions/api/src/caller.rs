//! Who asks. The guard finds out once per request, before the handler; a handler takes it as [`Caller`].

use std::sync::Arc;

use adit_access::{Person, SessionInfo};
use adit_api::error::ErrorCode;
use adit_api::paths::CSRF_HEADER;
use adit_engine::{Actor, Known, now};
use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::App;
use crate::refused::Refused;

/// Name of the session cookie. With https its prefix keeps other hosts of the domain from setting it.
fn name(https: bool) -> &'static str {
    if https { "__Host-adit_session" } else { "adit_session" }
}

/// Digits of a token that are public.
const PREFIX: usize = 8;

/// Somebody who is known, with what they may do at this moment.
#[derive(Clone)]
pub struct Caller {
    pub actor: Arc<Actor>,
    proof: Arc<Proof>,
}

/// By what somebody is known.
enum Proof {
    Session(SessionInfo),
    /// The token itself, to be looked at again while a long answer flows.
    Token(String),
}

impl Caller {
    /// The caller of a request; refuses who shows nothing, or something that is worth nothing (any more). A token wins over a cookie:
    /// whoever sends one means it.
    pub async fn of(headers: &HeaderMap, app: &App) -> Result<Self, Refused> {
        match bearer(headers) {
            Some(secret) => Self::by_token(secret.to_owned(), app).await,
            None => Self::by_session(headers, app).await,
        }
    }

    async fn by_token(secret: String, app: &App) -> Result<Self, Refused> {
        let worthless = || {
            Refused::new(ErrorCode::LoginRequired, "This token is not valid (any more). Make a new one under Account.")
        };
        let found = app.access.token_caller(&secret, now()).await?.ok_or_else(worthless)?;
        let actor = app.engine.token_actor(known(&found.person), &found.group, found.limits).await?;
        let actor = actor.ok_or_else(worthless)?;
        Ok(Self { actor: Arc::new(actor), proof: Arc::new(Proof::Token(secret)) })
    }

    async fn by_session(headers: &HeaderMap, app: &App) -> Result<Self, Refused> {
        let missing = || {
            Refused::new(
                ErrorCode::LoginRequired,
                "You are not logged in, or your session has ended. Log in and try again.",
            )
        };
        let token = cookie_of(headers, app.https).ok_or_else(missing)?;
        let session = app.access.session(token, now()).await?.ok_or_else(missing)?;
        let actor = actor_of(app, &session.person).await?;
        Ok(Self { actor: Arc::new(actor), proof: Arc::new(Proof::Session(session)) })
    }

    /// The session; refuses a token.
    pub fn session(&self) -> Result<&SessionInfo, Refused> {
        match self.proof.as_ref() {
            Proof::Session(session) => Ok(session),
            Proof::Token(_) => Err(no_token_here()),
        }
    }

    /// The public prefix of the token, if the caller came with one.
    pub fn token_prefix(&self) -> Option<String> {
        match self.proof.as_ref() {
            Proof::Token(secret) => secret.get(..PREFIX).map(str::to_owned),
            Proof::Session(_) => None,
        }
    }

    /// Whether the caller came with a token.
    pub fn has_token(&self) -> bool {
        matches!(self.proof.as_ref(), Proof::Token(_))
    }

    /// Refuses a change whose request was not made by our own page. A token is never sent by a browser on its own.
    pub fn check_csrf(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let Proof::Session(session) = self.proof.as_ref() else { return Ok(()) };
        let given = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if session.csrf_matches(given) {
            return Ok(());
        }
        Err(Refused::new(
            ErrorCode::Forbidden,
            "The request did not come from this page. Reload the page and try again.",
        ))
    }

    /// The caller as they are at this moment, with the rights of this moment, if the session or token would still be admitted. What
    /// cannot be found out counts as no.
    pub async fn again(&self, app: &App) -> Option<Self> {
        match self.proof.as_ref() {
            Proof::Session(session) => {
                let alive = app.access.is_alive(&session.id, now()).await.unwrap_or(false);
                let person = app.access.known(&session.person.user_id).await.ok()?.filter(|_| alive)?;
                let actor = actor_of(app, &person).await.ok()?;
                Some(Self { actor: Arc::new(actor), proof: Arc::clone(&self.proof) })
            }
            Proof::Token(secret) => Self::by_token(secret.clone(), app).await.ok(),
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refused> {
        // A route for anybody has no caller; a handler there that asks for one is refused.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Refused::new(ErrorCode::LoginRequired, "Log in and try again."))
    }
}

/// The refusal of a token where only a session is admitted.
pub fn no_token_here() -> Refused {
    Refused::new(ErrorCode::Forbidden, "A token cannot be used for this. Log in on the web page instead.")
}

/// A person as an actor for their active group. Who belongs to no group may be the first one since there are groups: then the first group
/// is made.
pub async fn actor_of(app: &App, person: &Person) -> Result<Actor, Refused> {
    let actor = app.engine.actor(known(person)).await?;
    if actor.group.is_some() || app.engine.has_groups().await? {
        return Ok(actor);
    }
    app.engine.found_groups(&app.access.everybody().await?).await?;
    Ok(app.engine.actor(known(person)).await?)
}

fn known(person: &Person) -> Known {
    Known { user_id: person.user_id.clone(), username: person.username.clone(), staff: person.staff }
}

/// The secret of an `Authorization` header with the scheme `Token` or `Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    let ours = scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer");
    ours.then_some(secret.trim())
}

pub fn cookie_of(headers: &HeaderMap, https: bool) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, _)| *given == name(https))
        .map(|(_, value)| value)
}

/// The header that sets the cookie, or with an empty token removes it.
pub fn cookie(token: &str, https: bool) -> (HeaderName, HeaderValue) {
    let secure = if https { "; Secure" } else { "" };
    let age = if token.is_empty() { "; Max-Age=0" } else { "" };
    let name = name(https);
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
    (SET_COOKIE, HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("")))
}

/// Refuses what another site's page sends to a route for anybody, such as a log-in: a browser names the page's origin, and it must be ours. Behind an edge that speaks to
/// us under another host name, the browser's own word for it counts (a page cannot forge `Sec-Fetch-Site`).
pub fn check_origin(headers: &HeaderMap) -> Result<(), Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let origin = text(ORIGIN.as_str());
    let ours = origin.split_once("://").is_some_and(|(_, rest)| rest == text("host"));
    if origin.is_empty() || ours || text("sec-fetch-site") == "same-origin" {
        Ok(())
    } else {
        Err(Refused::new(ErrorCode::Forbidden, "This has to come from ADIT's own page."))
    }
}
