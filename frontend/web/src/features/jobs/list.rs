//! The list of jobs, refreshed while it is open.

use adit_api::jobs::{JobFilter, JobView};
use adit_domain::Right;
use adit_domain::job::JobStatus;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::progress::moment;
use super::waiting::Waiting;
use crate::context::shared;
use crate::format::{counted, job_status};
use crate::ui::{Badge, Check, Spinner};

/// How often the list is asked for, in milliseconds.
const REFRESH_MS: u32 = 3000;
const STATES: [JobStatus; 8] = [
    JobStatus::WaitingForApproval,
    JobStatus::Pending,
    JobStatus::InProgress,
    JobStatus::Canceling,
    JobStatus::Canceled,
    JobStatus::Success,
    JobStatus::Warning,
    JobStatus::Failure,
];

#[component]
pub fn JobsPage() -> impl IntoView {
    let state = shared();
    let query = use_query_map();
    let jobs = RwSignal::new(None::<Vec<JobView>>);
    let next = RwSignal::new(None::<String>);
    let all = RwSignal::new(query.read_untracked().get("all").as_deref() == Some("true"));
    let status = Memo::new(move |_| query.read().get("status").unwrap_or_default());
    let after = Memo::new(move |_| query.read().get("after"));
    let alive = StoredValue::new(true);
    on_cleanup(move || alive.set_value(false));
    let load = move || {
        let filter = JobFilter {
            status: STATES.into_iter().find(|one| name(*one) == status.get_untracked()),
            all: all.get_untracked(),
            limit: None,
            after: after.get_untracked(),
        };
        spawn_local(async move {
            match adit_api_client::jobs(&filter).await {
                Ok(page) if alive.try_get_value() == Some(true) => {
                    next.set(page.next);
                    jobs.set(Some(page.jobs));
                }
                Ok(_) => {}
                Err(error) => state.refuse(&error),
            }
        });
    };
    Effect::new(move |_| {
        status.track();
        after.track();
        all.track();
        load();
    });
    spawn_local(async move {
        loop {
            gloo_timers::future::TimeoutFuture::new(REFRESH_MS).await;
            if alive.try_get_value() != Some(true) {
                return;
            }
            load();
        }
    });
    let navigate = use_navigate();
    let filter = move |event| navigate(&format!("/jobs?status={}", event_target_value(&event)), Default::default());
    view! {
        <div class="mb-4 flex flex-wrap items-end gap-4">
            <h1 class="mr-auto text-xl font-semibold">"Jobs"</h1>
            <Show when=move || state.is_staff()><Check label="Jobs of everybody" value=all/></Show>
            <label class="flex items-center gap-2 text-sm">"Status"
                <select class="select select-sm" on:change=filter prop:value=move || status.get()>
                    <option value="">"All"</option>
                    {STATES.into_iter().map(|one| view! { <option value=name(one) selected=move || status.get() == name(one)>{job_status(one).0}</option> }).collect_view()}
                </select>
            </label>
        </div>
        <Show when=move || state.may(Right::ApproveJobs)><Waiting/></Show>
        {move || match jobs.get() {
            None => view! { <Spinner label="Loading jobs"/> }.into_any(),
            Some(rows) if rows.is_empty() => view! { <p class="rounded-box border border-base-300 bg-base-100 p-6">"No jobs here. Choose studies under "<A href="/" attr:class="link">"Transfer"</A>" to start one."</p> }.into_any(),
            Some(rows) => view! { <Rows rows=rows/> }.into_any(),
        }}
        <div class="mt-4 flex gap-2">
            <Show when=move || after.get().is_some()><A href="/jobs" attr:class="btn btn-sm">"First page"</A></Show>
            {move || next.get().map(|token| view! { <A href=format!("/jobs?status={}&after={token}", status.get()) attr:class="btn btn-sm">"Next page"</A> })}
        </div>
    }
}

pub fn name(status: JobStatus) -> String {
    serde_json::to_value(status).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[component]
fn Rows(rows: Vec<JobView>) -> impl IntoView {
    let row = |job: JobView| {
        let studies = counted(job.tasks.total() as usize, "study", "studies");
        let pseudonym = match (job.options.pseudonymises(), job.options.pseudonym.as_str()) {
            (false, _) => "not pseudonymised".to_owned(),
            (true, "") => "pseudonymised".to_owned(),
            (true, pseudonym) => format!("as {pseudonym}"),
        };
        let state = job_status(job.status);
        view! {
            <tr class="hover:bg-base-200">
                <td class="whitespace-nowrap"><A href=format!("/jobs/{}", job.id) attr:class="link">{moment(job.created)}</A></td>
                <td><Badge state=state/>{job.urgent.then(|| view! { <span class="badge badge-sm badge-outline ml-1">"Urgent"</span> })}{job.cause.map(|cause| view! { <span class="badge badge-sm badge-outline ml-1" title=format!("Started by the rule {}", cause.rule_name)>"Rule"</span> })}</td>
                <td>{job.source_name}" → "{job.destination_name}</td>
                <td>{studies}", "{pseudonym}</td>
                <td>{job.message}</td>
                <td>{job.owner}</td>
            </tr>
        }
    };
    view! {
        <div class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
            <table class="table table-sm">
                <thead><tr><th>"Created"</th><th>"Status"</th><th>"From → to"</th><th>"What"</th><th>"Message"</th><th>"Owner"</th></tr></thead>
                <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
