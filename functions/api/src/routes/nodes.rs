//! Servers and folders. Everybody sees those that their group may use; only staff changes them.

use adit_api::groups::GrantView;
use adit_api::nodes::{NodeInput, NodeTest, NodeView};
use adit_audit::{Entity, Role};
use adit_domain::NodeId;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Body;
use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

type Id = Result<Path<NodeId>, PathRejection>;

/// All nodes.
#[utoipa::path(get, path = "/api/nodes", tag = "Servers and folders", description = "The servers and folders that the active group may use; all of them for staff, with what the group may do. Needs a session.", responses((status = 200, body = Vec<NodeView>)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<NodeView>>, Refused> {
    Ok(Json(app.engine.nodes(&caller.actor).await?))
}

/// One node.
#[utoipa::path(get, path = "/api/nodes/{id}", tag = "Servers and folders", description = "One server or folder that the active group may use. Needs a session.", params(("id" = String, Path)), responses((status = 200, body = NodeView), (status = 404)))]
pub async fn show(State(app): State<App>, caller: Caller, id: Id) -> Result<Json<NodeView>, Refused> {
    Ok(Json(app.engine.node(&caller.actor, &id?.0).await?))
}

/// Adds a node.
#[utoipa::path(post, path = "/api/nodes", tag = "Servers and folders", description = "Adds a server or folder. Staff only.", request_body = NodeInput, responses((status = 201, body = NodeView), (status = 400), (status = 403), (status = 409)))]
pub async fn add(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    Body(input): Body<NodeInput>,
) -> Result<(StatusCode, Json<NodeView>), Refused> {
    let node = app.engine.add_node(&caller.actor, input).await?;
    note.about(Entity::Node { id: node.id.clone(), name: node.config.name.clone(), role: Role::Object });
    Ok((StatusCode::CREATED, Json(node)))
}

/// Changes a node.
#[utoipa::path(put, path = "/api/nodes/{id}", tag = "Servers and folders", description = "Changes a server or folder; a stale version is refused. Staff only.", params(("id" = String, Path)), request_body = NodeInput, responses((status = 200, body = NodeView), (status = 400), (status = 403), (status = 404), (status = 409)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    id: Id,
    Body(input): Body<NodeInput>,
) -> Result<Json<NodeView>, Refused> {
    Ok(Json(app.engine.change_node(&caller.actor, &id?.0, input).await?))
}

/// Deletes a node.
#[utoipa::path(delete, path = "/api/nodes/{id}", tag = "Servers and folders", description = "Deletes a server or folder that no unfinished job uses. Staff only.", params(("id" = String, Path)), responses((status = 204), (status = 403), (status = 404), (status = 409)))]
pub async fn remove(State(app): State<App>, id: Id) -> Result<StatusCode, Refused> {
    app.engine.delete_node(&id?.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tests a node.
#[utoipa::path(post, path = "/api/nodes/{id}/test", tag = "Servers and folders", description = "Tests the connection: C-ECHO for a server, a written file for a folder. Staff only.", params(("id" = String, Path)), responses((status = 200, body = NodeTest), (status = 403), (status = 404)))]
pub async fn test(State(app): State<App>, id: Id) -> Result<Json<NodeTest>, Refused> {
    Ok(Json(app.engine.test_node(&id?.0).await?))
}

/// Which groups may use a node.
#[utoipa::path(get, path = "/api/nodes/{id}/grants", tag = "Groups", description = "Which groups may use a server or folder, and how. Staff only.", params(("id" = String, Path)), responses((status = 200, body = Vec<GrantView>), (status = 403), (status = 404)))]
pub async fn grants(State(app): State<App>, id: Id) -> Result<Json<Vec<GrantView>>, Refused> {
    Ok(Json(app.engine.grants_on_node(&id?.0).await?))
}
