//! Rules: transfers that begin by themselves. For administrators only, looking included: rules name senders and attributes.

use adit_api::rules::{DryRun, DryRunInput, Firing, RuleInput, RuleView};
use adit_domain::RuleId;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Body;
use crate::App;
use crate::caller::Caller;
use crate::refused::Refused;

type Id = Result<Path<RuleId>, PathRejection>;

/// All rules.
#[utoipa::path(get, path = "/api/rules", tag = "Rules", description = "All rules with what they do in words, their next time and their last firing. Staff only.", responses((status = 200, body = Vec<RuleView>), (status = 403)))]
pub async fn list(State(app): State<App>) -> Result<Json<Vec<RuleView>>, Refused> {
    Ok(Json(app.engine.rules().await?))
}

/// One rule.
#[utoipa::path(get, path = "/api/rules/{id}", tag = "Rules", description = "One rule. Staff only.", params(("id" = String, Path)), responses((status = 200, body = RuleView), (status = 403), (status = 404)))]
pub async fn show(State(app): State<App>, id: Id) -> Result<Json<RuleView>, Refused> {
    Ok(Json(app.engine.rule(&id?.0).await?))
}

/// Adds a rule.
#[utoipa::path(post, path = "/api/rules", tag = "Rules", description = "Adds a rule; who adds it owns its jobs. Staff only.", request_body = RuleInput, responses((status = 201, body = RuleView), (status = 400), (status = 403), (status = 409)))]
pub async fn add(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<RuleInput>,
) -> Result<(StatusCode, Json<RuleView>), Refused> {
    Ok((StatusCode::CREATED, Json(app.engine.add_rule(&caller.actor, input).await?)))
}

/// Changes a rule.
#[utoipa::path(put, path = "/api/rules/{id}", tag = "Rules", description = "Changes a rule; a stale version is refused. Who changes it owns its jobs from now on. Staff only.", params(("id" = String, Path)), request_body = RuleInput, responses((status = 200, body = RuleView), (status = 400), (status = 403), (status = 404), (status = 409)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    id: Id,
    Body(input): Body<RuleInput>,
) -> Result<Json<RuleView>, Refused> {
    Ok(Json(app.engine.change_rule(&caller.actor, &id?.0, input).await?))
}

/// Deletes a rule.
#[utoipa::path(delete, path = "/api/rules/{id}", tag = "Rules", description = "Deletes a rule; its jobs stay. Staff only.", params(("id" = String, Path)), responses((status = 204), (status = 403), (status = 404), (status = 409)))]
pub async fn remove(State(app): State<App>, id: Id) -> Result<StatusCode, Refused> {
    app.engine.delete_rule(&id?.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The newest firings of a rule.
#[utoipa::path(get, path = "/api/rules/{id}/firings", tag = "Rules", description = "The newest firings of a rule first, of the last 30 days, at most 100. Staff only.", params(("id" = String, Path)), responses((status = 200, body = Vec<Firing>), (status = 403), (status = 404)))]
pub async fn firings(State(app): State<App>, id: Id) -> Result<Json<Vec<Firing>>, Refused> {
    Ok(Json(app.engine.firings(&id?.0).await?))
}

/// Tries a rule.
#[utoipa::path(post, path = "/api/rules/dry-run", tag = "Rules", description = "What a rule, saved or not, would have done with what arrived in the last 30 days, or what its search finds now. Nothing is transferred. Staff only.", request_body = DryRunInput, responses((status = 200, body = DryRun), (status = 400), (status = 403), (status = 502)))]
pub async fn dry_run(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<DryRunInput>,
) -> Result<Json<DryRun>, Refused> {
    Ok(Json(app.engine.dry_run(&caller.actor, input).await?))
}
