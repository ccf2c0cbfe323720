//! What people and their programs have moved.

use adit_api::usage::{Usage, UsageQuery};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};

use crate::App;
use crate::refused::Refused;

/// Some days of it.
#[utoipa::path(get, path = "/api/usage", tag = "Audit", description = "Requests, instances and bytes that people and their programs have moved, by way: retrieved, stored, downloaded, converted, transferred. A request counts when it has ended; programs count to the owner of their token. Kept as long as the audit trail. Needs a session and the right to read the audit record.", params(UsageQuery), responses((status = 200, body = Usage), (status = 400), (status = 403)))]
pub async fn show(
    State(app): State<App>,
    query: Result<Query<UsageQuery>, QueryRejection>,
) -> Result<Json<Usage>, Refused> {
    Ok(Json(app.engine.usage(&query?.0).await?))
}
