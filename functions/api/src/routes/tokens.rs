//! API tokens: the own ones, and for administrators those of others.

use adit_access::{Access, TokenInfo, TokenWish};
use adit_api::groups::PageQuery;
use adit_api::tokens::{NewToken, TokenInput, TokenPage, TokenView};
use adit_domain::right::TokenLimits;
use adit_domain::{Timestamp, UserId};
use adit_engine::now;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;

use super::Body;
use crate::App;
use crate::caller::Caller;
use crate::refused::Refused;

/// Tokens on a page unless asked otherwise.
const PAGE: usize = 50;

type Page = Result<Query<PageQuery>, QueryRejection>;

/// The own tokens.
#[utoipa::path(get, path = "/api/tokens", tag = "Tokens", description = "A page of the own tokens without their secrets, the newest first. Needs a session.", params(PageQuery), responses((status = 200, body = TokenPage), (status = 401)))]
pub async fn list(State(app): State<App>, caller: Caller, query: Page) -> Result<Json<TokenPage>, Refused> {
    page(&app, &caller.actor.user_id, &query?.0).await
}

/// The tokens of a person.
#[utoipa::path(get, path = "/api/people/{id}/tokens", tag = "People", description = "A page of a person's tokens without their secrets. Staff only.", params(("id" = String, Path), PageQuery), responses((status = 200, body = TokenPage), (status = 403), (status = 404)))]
pub async fn of_person(
    State(app): State<App>,
    id: Result<Path<UserId>, PathRejection>,
    query: Page,
) -> Result<Json<TokenPage>, Refused> {
    let id = id?.0;
    app.access.person(&id).await?;
    page(&app, &id, &query?.0).await
}

/// Makes a token.
#[utoipa::path(post, path = "/api/tokens", tag = "Tokens", description = "Makes a token for the active group; its secret is in this answer only. Needs a session with the right to create tokens and its CSRF token; one without an end needs another right.", request_body = TokenInput, responses((status = 201, body = NewToken), (status = 400), (status = 403)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<TokenInput>,
) -> Result<(StatusCode, Json<NewToken>), Refused> {
    let TokenInput { description, expires, limits } = input;
    let group = app.engine.permit_token(&caller.actor, &limits, expires, now()).await?;
    let TokenLimits { scopes, nodes, pseudonymised_only } = limits;
    let wish = TokenWish { description, expires, scopes, nodes, pseudonymised_only, group };
    let made = app.access.create_token(&caller.actor.user_id, wish, now()).await?;
    let info = view(&app, made.info, now()).await;
    Ok((StatusCode::CREATED, Json(NewToken { token: made.token, info })))
}

/// Ends a token.
#[utoipa::path(delete, path = "/api/tokens/{prefix}", tag = "Tokens", description = "Ends a token at once. Owner or staff; needs a session and its CSRF token.", params(("prefix" = String, Path)), responses((status = 204), (status = 403), (status = 404)))]
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    prefix: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Refused> {
    app.access.revoke_token(&caller.session()?.person, &prefix?.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn page(app: &App, owner: &UserId, query: &PageQuery) -> Result<Json<TokenPage>, Refused> {
    let place = Access::tokens_place(owner);
    let after = app.engine.open(&place, query)?;
    let (found, next) = app.access.tokens(owner, query.limit.unwrap_or(PAGE), after).await?;
    let mut tokens = Vec::new();
    for info in found {
        tokens.push(view(app, info, now()).await);
    }
    Ok(Json(TokenPage { tokens, next: app.engine.seal(&place, next) }))
}

async fn view(app: &App, info: TokenInfo, now: Timestamp) -> TokenView {
    let is_over = info.is_over(now);
    let TokenInfo { prefix, wish, created, last_used, .. } = info;
    let TokenWish { description, expires, scopes, nodes, pseudonymised_only, group } = wish;
    // A token outlives its group, but cannot be used any more.
    let group_name = app.engine.group(&group).await.map(|group| group.config.name).unwrap_or_default();
    let limits = TokenLimits { scopes, nodes, pseudonymised_only };
    TokenView { prefix, description, group, group_name, limits, created, expires, is_over, last_used }
}
