//! A task in detail: what failed, where and why; the log for staff.

use adit_api::jobs::{TaskDetail, TaskView};
use adit_domain::task::{LogLevel, TaskStatus};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::progress::moment;
use super::report::ReportTable;
use crate::context::shared;
use crate::format::{step, task_status};
use crate::ui::{Badge, Panel, Spinner};

#[component]
pub fn TaskDetails(
    job: String,
    task: String,
    open: RwSignal<Option<String>>,
    changes: Memo<Vec<TaskView>>,
) -> impl IntoView {
    let state = shared();
    let detail = RwSignal::new(None::<TaskDetail>);
    let (job, task) = (StoredValue::new(job), StoredValue::new(task));
    // Loaded anew whenever the task changes its state.
    let status = Memo::new(move |_| {
        changes.get().into_iter().find(|one| one.id.as_str() == task.get_value()).map(|one| one.status)
    });
    Effect::new(move |_| {
        status.track();
        spawn_local(async move {
            match adit_api_client::task(&job.get_value(), &task.get_value()).await {
                Ok(fresh) => detail.set(Some(fresh)),
                Err(error) => state.refuse(&error),
            }
        });
    });
    let act = move |action: &'static str| {
        spawn_local(async move {
            match adit_api_client::act_on_task(&job.get_value(), &task.get_value(), action).await {
                Ok(fresh) => detail.set(Some(fresh)),
                Err(error) => state.refuse(&error),
            }
        });
    };
    view! {
        <div class="mt-4">
            <Panel title="Details of the study">
                {move || match detail.get() {
                    None => view! { <Spinner label="Loading details"/> }.into_any(),
                    Some(detail) => view! { <Body detail=detail/> }.into_any(),
                }}
                <div class="mt-4 flex gap-2">
                    <Show when=move || status.get().is_some_and(TaskStatus::is_final)>
                        <button class="btn btn-sm" on:click=move |_| act("reset")>"Run again"</button>
                    </Show>
                    <Show when=move || state.is_staff() && status.get() == Some(TaskStatus::InProgress)>
                        <button class="btn btn-sm" on:click=move |_| act("kill")>"End this transfer"</button>
                    </Show>
                    <button class="btn btn-ghost btn-sm" on:click=move |_| open.set(None)>"Close"</button>
                </div>
            </Panel>
        </div>
    }
}

#[component]
fn Body(detail: TaskDetail) -> impl IntoView {
    let attempts = detail.task.attempts;
    let shown = detail.failures.len() as u64;
    let more = detail.failures_total.saturating_sub(shown);
    let failures = detail.failures.into_iter().map(|failure| view! {
        <tr><td class="font-mono text-xs break-all">{failure.sop_instance_uid}</td><td>{step(failure.step)}</td><td>{failure.reason}</td></tr>
    }).collect_view();
    let log = detail.log.into_iter().map(|entry| {
        let class = match entry.level {
            LogLevel::Info => "",
            LogLevel::Warning | LogLevel::Error => "font-medium",
        };
        view! { <li class=class><span class="text-base-content/75">{moment(entry.at)}" "</span>{entry.title}": "{entry.message}</li> }
    }).collect_view();
    let state = task_status(detail.task.status);
    view! {
        <p class="mb-3 flex items-center gap-2"><Badge state=state/>{detail.task.message}</p>
        <dl class="mb-4 grid grid-cols-1 gap-2 text-sm md:grid-cols-3">
            <div><dt class="text-xs text-base-content/75">"Patient ID at the source"</dt><dd>{detail.patient_id}</dd></div>
            <div><dt class="text-xs text-base-content/75">"Study Instance UID"</dt><dd class="font-mono text-xs break-all">{detail.study_instance_uid}</dd></div>
            <div><dt class="text-xs text-base-content/75">"Attempts"</dt><dd>{attempts}</dd></div>
        </dl>
        {(shown > 0).then(|| view! {
            <h3 class="mb-1 text-sm font-semibold">"Images that are not at the destination"</h3>
            <div class="mb-4 max-h-80 overflow-auto" tabindex="0"><table class="table table-xs"><thead><tr><th>"SOP Instance UID"</th><th>"Step"</th><th>"Reason"</th></tr></thead><tbody>{failures}</tbody></table></div>
            {(more > 0).then(|| view! { <p class="text-sm">{format!("and {more} more")}</p> })}
        })}
        {detail.deidentification.map(|summary| view! { <ReportTable summary=summary/> })}
        {(!detail.log_hidden).then(|| view! {
            <h3 class="mb-1 text-sm font-semibold">"Log"</h3>
            <ul class="max-h-80 overflow-auto text-xs" tabindex="0">{log}</ul>
        })}
    }
}
