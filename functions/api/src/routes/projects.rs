//! Projects. Everybody with a session lists them, to choose one for a job; their rules are for staff.

use adit_api::projects::ProjectInput;
use adit_domain::project::{Project, Revision};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Body;
use crate::App;
use crate::caller::Caller;
use crate::refused::Refused;

type Name = Result<Path<String>, PathRejection>;

/// All projects.
#[utoipa::path(get, path = "/api/projects", tag = "Projects", description = "All projects without their rules; the one without a name is for jobs without a project. Needs a session.", responses((status = 200, body = Vec<Project>)))]
pub async fn list(State(app): State<App>) -> Result<Json<Vec<Project>>, Refused> {
    Ok(Json(app.engine.projects().await?))
}

/// One project with its rules.
#[utoipa::path(get, path = "/api/projects/{name}", tag = "Projects", description = "The newest revision of a project with its rules. Staff only.", params(("name" = String, Path)), responses((status = 200, body = Revision), (status = 403), (status = 404)))]
pub async fn show(State(app): State<App>, name: Name) -> Result<Json<Revision>, Refused> {
    Ok(Json(app.engine.project(&name?.0).await?))
}

/// Adds a project.
#[utoipa::path(post, path = "/api/projects", tag = "Projects", description = "Adds a project; a bad rule is refused with its line. Staff only.", request_body = ProjectInput, responses((status = 201, body = Revision), (status = 400), (status = 403), (status = 409)))]
pub async fn add(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<ProjectInput>,
) -> Result<(StatusCode, Json<Revision>), Refused> {
    Ok((StatusCode::CREATED, Json(app.engine.add_project(&caller.actor, input).await?)))
}

/// Changes a project.
#[utoipa::path(put, path = "/api/projects/{name}", tag = "Projects", description = "Makes the next revision of a project; jobs that exist keep theirs. With rotate_key the same patients get new pseudonyms, UIDs and dates from now on. A stale revision is refused. Staff only.", params(("name" = String, Path)), request_body = ProjectInput, responses((status = 200, body = Revision), (status = 400), (status = 403), (status = 404), (status = 409)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    name: Name,
    Body(input): Body<ProjectInput>,
) -> Result<Json<Revision>, Refused> {
    Ok(Json(app.engine.change_project(&caller.actor, &name?.0, input).await?))
}
