//! Log-in at the organisation's OpenID Connect issuer: the browser goes there and comes back. Both are navigations, so what goes wrong is
//! a page for people.

use adit_access::openid::Arrival;
use adit_api::account::NextStep;
use adit_api::error::ErrorCode;
use adit_api::paths;
use adit_engine::now;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::log_in::pending;
use crate::App;
use crate::address::Address;
use crate::audit::Note;
use crate::caller::cookie;
use crate::docs::escape;
use crate::refused::Refused;

/// The cookie that binds a log-in to the browser that began it.
const NAME: &str = "adit_issuer";
/// Seconds for which it lasts.
const AGE_S: u32 = 900;

/// What the issuer sends back.
#[derive(Deserialize)]
pub struct Back {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
}

/// The address to which the issuer sends people back: below the public address, else the one by which we were called.
pub fn redirect(app: &App, headers: &HeaderMap) -> String {
    app.engine.public_link(paths::OPENID_ARRIVAL).unwrap_or_else(|| {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        format!("{}://{host}{}", if app.https { "https" } else { "http" }, paths::OPENID_ARRIVAL)
    })
}

/// Off to the issuer. Anybody.
#[utoipa::path(get, path = "/api/openid/departure", tag = "Session", description = "Sends the browser to the organisation's OpenID Connect issuer. Anybody may call it.", responses((status = 303), (status = 404), (status = 502)))]
pub async fn depart(State(app): State<App>, Address(address): Address, headers: HeaderMap) -> Response {
    let leaving = app.access.depart(&redirect(&app, &headers), &address, now()).await;
    match leaving {
        Ok(departure) => go(&app, &departure.url, &departure.browser_token, None),
        Err(error) => apology(error.into()),
    }
}

/// Back from the issuer. Anybody.
#[utoipa::path(get, path = "/api/openid/arrival", tag = "Session", description = "Where the OpenID Connect issuer sends the browser back: sets the session cookie. Anybody whose log-in is under way may call it.", params(("code" = String, Query), ("state" = String, Query)), responses((status = 303), (status = 400), (status = 401), (status = 403), (status = 502)))]
pub async fn arrive(
    State(app): State<App>,
    headers: HeaderMap,
    note: Note,
    query: Result<Query<Back>, QueryRejection>,
) -> Response {
    match land(&app, &headers, &note, query).await {
        Ok(response) => response,
        Err(refused) => apology(refused),
    }
}

async fn land(
    app: &App,
    headers: &HeaderMap,
    note: &Note,
    query: Result<Query<Back>, QueryRejection>,
) -> Result<Response, Refused> {
    let Back { code, state } = query?.0;
    if code.is_empty() || state.is_empty() {
        return Err(Refused::new(ErrorCode::Invalid, "Your organisation did not let you in. Try again, or ask there."));
    }
    let browser = cookie_of(headers).unwrap_or_default();
    let Arrival { log_in, person, groups, mapped_groups, .. } =
        app.access.arrive(&state, &code, browser, now()).await?;
    note.by(&person.user_id, &person.username);
    note.detail("at the organisation's issuer");
    if let Some(wanted) = groups {
        app.engine.follow_mapping(&person.user_id, &wanted, &mapped_groups).await?;
    }
    Ok(match pending(log_in) {
        Ok(session) => go(app, "/", "", Some(&session.token)),
        // The page asks for the code; a part behind `#` is sent to nobody.
        Err(waiting) if waiting.needs == NextStep::Code => go(app, &format!("/#code={}", waiting.pending), "", None),
        Err(waiting) => go(app, &format!("/#enrolment={}", waiting.pending), "", None),
    })
}

/// A way elsewhere that sets the browser's cookie, or with an empty one removes it.
fn go(app: &App, to: &str, browser: &str, session: Option<&str>) -> Response {
    let secure = if app.https { "; Secure" } else { "" };
    let age = if browser.is_empty() { 0 } else { AGE_S };
    // Lax: the way back begins at the issuer's page.
    let own = format!("{NAME}={browser}; Path=/api/openid; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, to.to_owned()), (SET_COOKIE, own)]).into_response();
    if let Some(token) = session {
        let (name, value) = cookie(token, app.https);
        response.headers_mut().append(name, value);
    }
    response
}

fn cookie_of(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == NAME).map(|(_, value)| value)
}

/// A refusal as a page with a way back.
fn apology(refused: Refused) -> Response {
    let status = StatusCode::from_u16(refused.body.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>ADIT</title><link rel=\"stylesheet\" href=\"{}\"></head>\
         <body><main><h1>This log-in did not work</h1><p>{}</p><p><a href=\"/\">Back to the log-in</a></p></main></body></html>",
        paths::DOCS_STYLE,
        escape(Some(&refused.body.detail))
    );
    (status, Html(page)).into_response()
}
