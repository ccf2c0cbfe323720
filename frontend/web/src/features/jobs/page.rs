//! One job, live.

use adit_api::jobs::{JobSnapshot, TaskView};
use adit_domain::job::Cause;
use adit_domain::task::TaskStatus;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;

use super::actions::Actions;
use super::approval::ApprovalLine;
use super::progress::{Bar, moment};
use super::task::TaskDetails;
use crate::context::shared;
use crate::format::{identity, job_status, profile_title, task_status};
use crate::ui::{Badge, Spinner};

#[component]
pub fn JobPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let snapshot = RwSignal::new(None::<JobSnapshot>);
    let missing = RwSignal::new(false);
    let live = StoredValue::new_local(None);
    Effect::new(move |_| {
        let id = id.get();
        live.set_value(adit_api_client::watch_job(&id, move |fresh| snapshot.set(Some(fresh))));
    });
    // An answer by itself tells at once when the job does not exist.
    Effect::new(move |_| {
        let id = id.get();
        spawn_local(async move {
            if snapshot.get_untracked().is_none() {
                gloo_timers::future::TimeoutFuture::new(3000).await;
                missing.try_set(snapshot.try_get_untracked().flatten().is_none() && !id.is_empty());
            }
        });
    });
    on_cleanup(move || live.set_value(None));
    // By what changed only: drawn anew, the page would close a question that somebody is about to answer.
    let known = Memo::new(move |_| snapshot.with(Option::is_some));
    let absent = Memo::new(move |_| missing.get());
    view! {
        <p class="mb-2 text-sm"><A href="/jobs" attr:class="link">"All jobs"</A></p>
        {move || match (known.get(), absent.get()) {
            (true, _) => view! { <Job snapshot=Signal::derive(move || snapshot.get().expect("it is known"))/> }.into_any(),
            (false, true) => view! { <p role="alert">"There is no such job, or it was deleted."</p> }.into_any(),
            (false, false) => view! { <Spinner label="Loading the job"/> }.into_any(),
        }}
    }
}

#[component]
fn Job(#[prop(into)] snapshot: Signal<JobSnapshot>) -> impl IntoView {
    let job = Signal::derive(move || snapshot.get().job);
    let tasks = Memo::new(move |_| snapshot.get().tasks);
    let ids = Memo::new(move |_| tasks.get().into_iter().map(|task| task.id.to_string()).collect::<Vec<_>>());
    let open = RwSignal::new(None::<String>);
    let pseudonymised = Memo::new(move |_| job.get().options.pseudonymises());
    let cause = Memo::new(move |_| job.get().cause);
    let facts = move || {
        let job = job.get();
        let options = job.options;
        let mut facts = vec![
            ("From", job.source_name),
            ("To", job.destination_name),
            ("Created", format!("{} by {}", moment(job.created), job.owner)),
        ];
        facts.extend(job.end.map(|end| ("Finished", moment(end))));
        facts.push(("Pseudonym", identity(&options)));
        if options.pseudonymises() {
            let name = if options.project.is_empty() { "none".to_owned() } else { options.project };
            facts.push(("Project", name));
            facts.push(("Profile", profile_title(&options.profile)));
        }
        if !options.trial_protocol_id.is_empty() || !options.trial_protocol_name.is_empty() {
            facts.push(("Trial", format!("{} {}", options.trial_protocol_id, options.trial_protocol_name)));
        }
        if options.direct_move {
            facts.push(("Way", "straight from source to destination".into()));
        }
        if options.convert_to_nifti {
            facts.push(("Files", "NIfTI instead of DICOM".into()));
        }
        facts.into_iter().map(|(label, value)| view! { <div><dt class="text-xs text-base-content/75">{label}</dt><dd>{value}</dd></div> }).collect_view()
    };
    view! {
        <div class="mb-4 flex flex-wrap items-center gap-3">
            <h1 class="text-xl font-semibold">"Transfer"</h1>
            <Badge state=Signal::derive(move || job_status(job.get().status))/>
            <span class="mr-auto" aria-live="polite">{move || job.get().message}</span>
            <Actions job=job/>
        </div>
        <ApprovalLine job=job/>
        <section class="mb-4 rounded-box border border-base-300 bg-base-100 p-4" aria-label="Job">
            {move || cause.get().map(|cause| view! { <CauseLine cause=cause/> })}
            <dl class="mb-4 grid grid-cols-2 gap-3 text-sm md:grid-cols-4">{facts}</dl>
            <Bar progress=Signal::derive(move || snapshot.get().progress) running=Signal::derive(move || !job.get().status.is_final())/>
            {move || pseudonymised.get().then(|| view! {
                <p class="mt-3 text-sm"><a class="link" rel="external" download href=move || adit_api_client::report_address(job.get().id.as_str())>"De-identification report"</a>" (a file to keep: what was done to which attribute, without values)"</p>
            })}
        </section>
        <section class="overflow-x-auto rounded-box border border-base-300 bg-base-100" aria-label="Studies of this job">
            <table class="table table-sm">
                <thead><tr><th>"Study"</th><th>"Status"</th><th class="w-2/5">"Progress"</th><th>"Message"</th><th><span class="sr-only">"Details"</span></th></tr></thead>
                <tbody>
                    <For each=move || ids.get() key=String::clone let:id>
                        <TaskRow id=id tasks=tasks open=open/>
                    </For>
                </tbody>
            </table>
        </section>
        {move || open.get().map(|task| view! { <TaskDetails job=job.get_untracked().id.to_string() task=task open=open changes=tasks/> })}
    }
}

/// Which rule made the job, and why.
#[component]
fn CauseLine(cause: Cause) -> impl IntoView {
    let state = shared();
    let name = StoredValue::new(cause.rule_name);
    view! {
        <p class="mb-3 text-sm">
            "Started by the rule "
            <Show when=move || state.is_staff() fallback=move || view! { <span class="font-medium">{name.get_value()}</span> }>
                <A href="/rules" attr:class="link font-medium">{name.get_value()}</A>
            </Show>
            ": "{cause.event}
        </p>
    }
}

#[component]
fn TaskRow(id: String, tasks: Memo<Vec<TaskView>>, open: RwSignal<Option<String>>) -> impl IntoView {
    let key = id.clone();
    let task = Memo::new(move |_| tasks.get().into_iter().find(|task| task.id.as_str() == key));
    let status = move || task.get().map_or(TaskStatus::Pending, |task| task.status);
    let label = move || {
        task.get().map(|task| if task.label.is_empty() { "Study".to_owned() } else { task.label }).unwrap_or_default()
    };
    let message = move || {
        task.get().map(|task| {
            let waits = task.not_before.map(|until| format!("Waits until {}. ", moment(until))).unwrap_or_default();
            format!("{waits}{}", task.message)
        })
    };
    let warnings = move || {
        task.get()
            .map(|task| task.warnings)
            .unwrap_or_default()
            .into_iter()
            .map(|line| view! { <li>{line}</li> })
            .collect_view()
    };
    view! {
        <tr>
            <td>{label}</td>
            <td><Badge state=Signal::derive(move || task_status(status()))/></td>
            <td>
                <Bar progress=Signal::derive(move || task.get().map(|task| task.progress).unwrap_or_default()) running=Signal::derive(move || status() == TaskStatus::InProgress)/>
            </td>
            <td><span>{message}</span><ul class="list-inside list-disc text-xs">{warnings}</ul></td>
            <td><button class="btn btn-ghost btn-xs" on:click=move |_| open.set(Some(id.clone()))>"Details"</button></td>
        </tr>
    }
}
