//! The only crate in the browser that knows HTTP: requests with the session's CSRF token, streamed searches, live jobs.

mod account;
mod administration;
mod downloads;
mod groups;
mod live;
mod people;
mod projects;
mod request;
mod rules;
mod search;

use std::cell::RefCell;

use adit_api::error::{ErrorBody, ErrorCode};
use adit_api::jobs::{CreateJob, Decision, JobFilter, JobPage, JobPatch, JobView, TaskDetail};
use adit_api::nodes::{NodeInput, NodeTest, NodeView};
use adit_api::paths;
use adit_api::search::{SeriesQuery, SeriesRow};
use adit_api::session::Session;
use adit_domain::job::JobAction;

pub use account::{
    account, ask_for_confirmation, ask_for_password, change_email, change_password, change_profile, confirm_account,
    confirm_email, confirm_enrolment, confirm_pending, end_other_sessions, enrol, enrol_pending, entrance,
    finish_log_in, issuer_address, log_in, log_out, look_at_link, register, remove_second_factor, renew_recovery_codes,
    reset_password,
};
pub use administration::{
    audit, audit_export_address, broadcast, installation, notice, overview, save_installation, usage, verify_audit,
};
pub use downloads::{download_address, download_progress, prepare_download};
pub use groups::{
    add_member, choose_group, delete_group, grants_of_group, grants_on_node, group, groups, members, remove_member,
    save_group, set_grant, waiting_jobs,
};
pub use live::{Live, watch_job};
pub use people::{
    account_settings, act_on_person, create_token, invite, issuer, people, person, revoke_token, set_account_settings,
    set_email, set_issuer, tokens, tokens_of,
};
pub use projects::{preview, project, projects, report_address, save_project};
pub use rules::{delete_rule, firings, rules, save_rule, try_rule};
pub use search::{Search, search};

use request::{get, send, send_empty};

thread_local! {
    static CSRF_TOKEN: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What a request brings: a value or the server's refusal.
pub type Answer<T> = Result<T, ErrorBody>;

/// A refusal of the browser's making, such as a lost connection.
fn local(detail: &str) -> ErrorBody {
    ErrorBody { code: ErrorCode::Internal, detail: detail.to_owned(), field: None }
}

fn remember(session: &Session) {
    CSRF_TOKEN.with_borrow_mut(|token| token.clone_from(&session.csrf_token));
}

/// Who is logged in.
pub async fn session() -> Answer<Session> {
    let session: Session = get(paths::SESSION).await?;
    remember(&session);
    Ok(session)
}

/// The own preferences.
pub async fn preferences() -> Answer<serde_json::Value> {
    get(paths::PREFERENCES).await
}

/// Stores the own preferences.
pub async fn set_preferences(value: &serde_json::Value) -> Answer<()> {
    request::send_for_nothing("PUT", paths::PREFERENCES, value).await
}

/// All servers and folders.
pub async fn nodes() -> Answer<Vec<NodeView>> {
    get(paths::NODES).await
}

/// Adds a node, or changes the one with this id.
pub async fn save_node(id: Option<&str>, input: &NodeInput) -> Answer<NodeView> {
    match id {
        Some(id) => send("PUT", &paths::fill(paths::NODE, &[id]), input).await,
        None => send("POST", paths::NODES, input).await,
    }
}

/// Deletes a node.
pub async fn delete_node(id: &str) -> Answer<()> {
    send_empty("DELETE", &paths::fill(paths::NODE, &[id])).await
}

/// Tests the connection to a node.
pub async fn test_node(id: &str) -> Answer<NodeTest> {
    send("POST", &paths::fill(paths::NODE_TEST, &[id]), &()).await
}

/// The series of a study.
pub async fn series(query: &SeriesQuery) -> Answer<Vec<SeriesRow>> {
    send("POST", paths::SEARCH_SERIES, query).await
}

/// Creates a job.
pub async fn create_job(wish: &CreateJob) -> Answer<JobView> {
    send("POST", paths::JOBS, wish).await
}

/// A page of jobs.
pub async fn jobs(filter: &JobFilter) -> Answer<JobPage> {
    let mut path = format!("{}?all={}", paths::JOBS, filter.all);
    if let Some(status) = filter.status.and_then(|status| serde_json::to_value(status).ok()) {
        path.push_str(&format!("&status={}", status.as_str().unwrap_or_default()));
    }
    if let Some(after) = &filter.after {
        path.push_str(&format!("&after={after}"));
    }
    get(&path).await
}

/// Does something with a job; `None` when it is gone by it.
pub async fn act(id: &str, action: JobAction) -> Answer<Option<JobView>> {
    if action == JobAction::Delete {
        return send_empty("DELETE", &paths::fill(paths::JOB, &[id])).await.map(|()| None);
    }
    let verb =
        serde_json::to_value(action).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    send("POST", &paths::fill(paths::JOB_ACTION, &[id, &verb]), &()).await.map(Some)
}

/// Approves or rejects a job that waits.
pub async fn decide(id: &str, approve: bool, reason: &str) -> Answer<JobView> {
    let verb = if approve { "approve" } else { "reject" };
    send("POST", &paths::fill(paths::JOB_ACTION, &[id, verb]), &Decision { reason: reason.to_owned() }).await
}

/// Lets a job go before others, or no longer.
pub async fn set_urgent(id: &str, urgent: bool) -> Answer<JobView> {
    send("PATCH", &paths::fill(paths::JOB, &[id]), &JobPatch { urgent }).await
}

/// Everything about a task.
pub async fn task(job: &str, task: &str) -> Answer<TaskDetail> {
    get(&paths::fill(paths::TASK, &[job, task])).await
}

/// Resets or kills a task.
pub async fn act_on_task(job: &str, task: &str, action: &str) -> Answer<TaskDetail> {
    send("POST", &paths::fill(paths::TASK_ACTION, &[job, task, action]), &()).await
}
