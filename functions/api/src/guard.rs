//! The guard before every handler: who asks, whether they ask too often, whether the row of the table admits them, that a change was meant
//! and is possible now; and after the handler, that what was done is on record.

use std::net::{IpAddr, SocketAddr};

use adit_api::error::ErrorCode;
use adit_domain::usage::Way;
use axum::RequestExt;
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::audit::{self, Note, Sender};
use crate::caller::{Caller, check_origin, cookie_of, no_token_here};
use crate::limits::{Counted, Limits};
use crate::meter::Meter;
use crate::refused::Refused;
use crate::subject;
use crate::table::{Needs, Route};

/// What a guard needs.
#[derive(Clone)]
pub struct Post {
    /// What all share.
    pub app: App,
    /// The row that it guards.
    pub row: &'static Route,
    /// Counts requests, of all rows together.
    pub limits: Limits,
}

/// Lets a request pass to the handler of its row, or answers in its place; then records it.
pub async fn check(State(post): State<Post>, mut request: Request, next: Next) -> Response {
    let Post { app, row, .. } = &post;
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    // A request cannot be lent across a wait, its parts can.
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let has_credentials = headers.contains_key(AUTHORIZATION) || cookie_of(&headers, app.https).is_some();
    let mut sender = Sender { caller: None, address: address.map(|address| address.to_string()), has_credentials };
    let note = Note::default();
    let values = values(&mut request).await;
    let admitted = post.admit(&method, &headers, address, &mut sender.caller).await;
    describe(app, row, &values, &note).await;
    let metered = match admitted {
        Ok(()) if is_too_much(row, &method) => Ok(None),
        Ok(()) => post.meter(sender.caller.as_ref(), &note).await,
        Err(refused) => Err(refused),
    };
    let (response, meter) = match metered {
        Ok(None) if is_too_much(row, &method) => {
            ((StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET")]).into_response(), None)
        }
        Ok(meter) => {
            request.extensions_mut().insert(note.clone());
            if let Some(caller) = &sender.caller {
                request.extensions_mut().insert(caller.clone());
            }
            if let Some(meter) = &meter {
                request = request.map(|body| meter.incoming(body));
            }
            (next.run(request).await, meter)
        }
        Err(refused) => (refused.into_response(), None),
    };
    let response = audit::conclude(app, row, &sender, &note, response).await;
    let response = match meter {
        Some(meter) => meter.outgoing(response),
        None => response,
    };
    if row.is_store() { once_only(&headers, response) } else { response }
}

/// Who stores much has sent it: asked to try again, programs send an empty body, because theirs is used up. So they are never asked to.
/// Small bodies are kept by those that send them.
fn once_only(headers: &HeaderMap, mut response: Response) -> Response {
    const SMALL: u64 = 1_000_000;
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let invites = matches!(response.status().as_u16(), 408 | 429 | 503 | 504);
    if invites && length.is_none_or(|length| length > SMALL) {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.headers_mut().remove(RETRY_AFTER);
    }
    response
}

impl Post {
    /// Whether the request may go on to its handler. `caller` is who it is, also where they are refused.
    async fn admit(
        &self,
        method: &Method,
        headers: &HeaderMap,
        address: Option<IpAddr>,
        caller: &mut Option<Caller>,
    ) -> Result<(), Refused> {
        let Self { app, row, limits } = self;
        if row.needs == Needs::Anybody {
            return if is_change(method) { check_origin(headers) } else { Ok(()) };
        }
        let found = Caller::of(headers, app).await;
        let allowed = app.engine.installation().await?.limits;
        let found = match (found, address) {
            // Who is nobody, or shows what is worth nothing, is counted by their address.
            (Err(refused), Some(address)) => {
                limits.count(&Counted::Address(address), &allowed)?;
                return Err(refused);
            }
            (found, _) => caller.insert(found?),
        };
        limits.count(&counted(found), &allowed)?;
        admit(row, method, headers, found)?;
        open_for(app, row, found).await
    }
}

impl Post {
    /// What measures the request, if it moves images; refuses it if the person has moved or has open as much as one may.
    async fn meter(&self, caller: Option<&Caller>, note: &Note) -> Result<Option<Meter>, Refused> {
        let Some((way, caller)) = self.row.way().zip(caller) else { return Ok(None) };
        let (engine, user) = (&self.app.engine, &caller.actor.user_id);
        engine.permit_day(user).await?;
        let most = engine.installation().await?.limits.open_retrievals;
        let opened = way.is_retrieval().then(|| self.limits.open(user, most)).transpose()?;
        Ok(Some(Meter::new(engine, caller, note, way, opened)))
    }
}

/// The placeholders of the path.
async fn values(request: &mut Request) -> Vec<(String, String)> {
    let Ok(found) = request.extract_parts::<RawPathParams>().await else { return Vec::new() };
    found.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn counted(caller: &Caller) -> Counted {
    caller.token_prefix().map_or_else(|| Counted::Person(caller.actor.user_id.to_string()), Counted::Token)
}

/// Writes down what the path says, where there will be an event.
async fn describe(app: &App, row: &Route, values: &[(String, String)], note: &Note) {
    if row.audit.is_none() && row.needs == Needs::Anybody {
        return;
    }
    for entity in subject::of(app, row, values).await {
        note.about(entity);
    }
    if let Some(action) = subject::action(values) {
        note.detail(action);
    }
}

fn admit(row: &Route, method: &Method, headers: &HeaderMap, caller: &Caller) -> Result<(), Refused> {
    if caller.has_token() {
        let scopes = caller.actor.token.as_ref().map(|token| &token.scopes);
        let scope = row.token.ok_or_else(no_token_here)?;
        if !scopes.is_some_and(|scopes| scopes.contains(&scope)) {
            return Err(Refused::new(
                ErrorCode::Forbidden,
                format!("This token is not for this: it lacks the scope \"{}\". Make another one.", scope.name()),
            ));
        }
    }
    if is_change(method) {
        caller.check_csrf(headers)?;
    }
    match row.needs {
        Needs::Anybody | Needs::Session | Needs::Owner => {}
        Needs::Right(right) => caller.actor.demand(right)?,
        Needs::Staff if caller.actor.staff => {}
        Needs::Staff => return Err(Refused::new(ErrorCode::Forbidden, "Only administrators may do this.")),
    }
    Ok(())
}

/// Refuses changes while the installation is maintained, except by administrators.
async fn open_for(app: &App, row: &Route, caller: &Caller) -> Result<(), Refused> {
    if caller.actor.staff || !row.is_change() {
        return Ok(());
    }
    match app.engine.installation().await?.maintenance.closed() {
        Some(reason) => Err(Refused::new(
            ErrorCode::Unavailable,
            format!("ADIT is being maintained and takes no changes at the moment: {reason}. What runs goes on."),
        )),
        None => Ok(()),
    }
}

/// Whether a request that wants no body would let a server be asked for images. Nobody knows their size before they have come.
fn is_too_much(row: &Route, method: &Method) -> bool {
    *method == Method::HEAD && row.way().is_some_and(Way::is_retrieval)
}

fn is_change(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}
