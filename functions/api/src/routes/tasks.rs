//! Tasks of a job.

use adit_api::error::ErrorCode;
use adit_api::jobs::TaskDetail;
use adit_audit::Entity;
use adit_domain::{JobId, TaskId, Uid};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

/// Everything about a task.
#[utoipa::path(get, path = "/api/jobs/{id}/tasks/{task_id}", tag = "Jobs", description = "Everything about a task: what failed, where and why; the log for staff. Owner or staff.", params(("id" = String, Path), ("task_id" = String, Path)), responses((status = 200, body = TaskDetail), (status = 404)))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    path: Result<Path<(JobId, TaskId)>, PathRejection>,
) -> Result<Json<TaskDetail>, Refused> {
    let (job, task) = path?.0;
    let detail = app.engine.task(&caller.actor, &job, &task).await?;
    note.patient(&detail.patient_id);
    if let Ok(uid) = Uid::parse(&detail.study_instance_uid) {
        note.about(Entity::Study { uid });
    }
    Ok(Json(detail))
}

/// Reset or kill.
#[utoipa::path(post, path = "/api/jobs/{id}/tasks/{task_id}/{action}", tag = "Jobs", description = "reset lets a finished task run again, kill ends a running one (staff). Owner or staff, with CSRF token.", params(("id" = String, Path), ("task_id" = String, Path), ("action" = String, Path)), responses((status = 200, body = TaskDetail), (status = 403), (status = 404), (status = 409)))]
pub async fn act(
    State(app): State<App>,
    caller: Caller,
    path: Result<Path<(JobId, TaskId, String)>, PathRejection>,
) -> Result<Json<TaskDetail>, Refused> {
    let (job, task, action) = path?.0;
    match action.as_str() {
        "reset" => Ok(Json(app.engine.reset_task(&caller.actor, &job, &task).await?)),
        "kill" => Ok(Json(app.engine.kill_task(&caller.actor, &job, &task).await?)),
        _ => Err(Refused::new(ErrorCode::NotFound, "A task can be reset or killed.")),
    }
}
