//! How the installation does: jobs, queues, workers, servers.

use adit_api::installation::{FolderUse, Overview, QueueView, StatusCount, WorkerView};
use adit_api::nodes::NodeView;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;

use super::Administration;
use crate::context::shared;
use crate::features::jobs::{moment, name};
use crate::format::{bytes, counted, duration, job_status};
use crate::ui::{Badge, Panel, Spinner};

/// How often it is asked for, in milliseconds.
const REFRESH_MS: u32 = 5000;

#[component]
pub fn OverviewPage() -> impl IntoView {
    view! { <Administration title=Signal::stored("Overview".to_owned())><Panels/></Administration> }
}

#[component]
fn Panels() -> impl IntoView {
    let state = shared();
    let overview = RwSignal::new(None::<Overview>);
    let nodes = RwSignal::new(Vec::<NodeView>::new());
    let alive = StoredValue::new(true);
    on_cleanup(move || alive.set_value(false));
    spawn_local(async move {
        while alive.try_get_value() == Some(true) {
            match adit_api_client::overview().await {
                Ok(fresh) => {
                    overview.try_set(Some(fresh));
                }
                Err(error) => state.refuse(&error),
            }
            if let Ok(all) = adit_api_client::nodes().await {
                nodes.try_set(all);
            }
            gloo_timers::future::TimeoutFuture::new(REFRESH_MS).await;
        }
    });
    view! {
        {move || match overview.get() {
            None => view! { <Spinner label="Loading the overview"/> }.into_any(),
            Some(overview) => view! {
                <div class="grid gap-4 lg:grid-cols-2">
                    <Jobs jobs=overview.jobs counted=overview.counted more=overview.more/>
                    <Servers nodes=nodes.get()/>
                    <Queues queues=overview.queues/>
                    <Workers workers=overview.workers/>
                    <Folders folders=overview.folders/>
                </div>
            }.into_any(),
        }}
    }
}

#[component]
fn Jobs(jobs: Vec<StatusCount>, counted: u64, more: bool) -> impl IntoView {
    let row = |one: StatusCount| {
        view! {
            <li class="flex items-center justify-between border-b border-base-300 py-1.5 last:border-0">
                <A href=format!("/jobs?status={}&all=true", name(one.status)) attr:class="link"><Badge state=job_status(one.status)/></A>
                <span class="font-semibold tabular-nums">{one.jobs}</span>
            </li>
        }
    };
    let none = jobs.is_empty().then(|| view! { <p class="text-sm">"No jobs yet."</p> });
    view! {
        <Panel title="Jobs of everybody">
            {none}
            <ul>{jobs.into_iter().map(row).collect_view()}</ul>
            {more.then(|| view! { <p class="mt-2 text-xs text-base-content/75">{format!("Of the newest {counted} jobs; there are older ones.")}</p> })}
        </Panel>
    }
}

#[component]
fn Servers(nodes: Vec<NodeView>) -> impl IntoView {
    let row = |node: NodeView| {
        let state = if !node.config.enabled {
            ("Disabled", "badge-neutral badge-outline")
        } else if node.health.resting_until.is_some() {
            ("Does not answer", "badge-error")
        } else {
            ("Enabled", "badge-success")
        };
        view! {
            <li class="flex flex-wrap items-center gap-2 border-b border-base-300 py-1.5 last:border-0">
                <span class="mr-auto">{node.config.name}</span><Badge state=state/>
                {(!node.health.last_error.is_empty()).then(|| view! { <p class="w-full text-xs">"Last problem: "{node.health.last_error}</p> })}
            </li>
        }
    };
    view! {
        <Panel title="Servers, folders and buckets">
            <ul>{nodes.into_iter().map(row).collect_view()}</ul>
            <p class="mt-2 text-sm"><A href="/servers" attr:class="link">"Settings and connection tests"</A></p>
        </Panel>
    }
}

#[component]
fn Queues(queues: Vec<QueueView>) -> impl IntoView {
    let title = |lane: &str| {
        if lane == "bridge" {
            "Transfers with servers and folders"
        } else {
            "Mail, and transfers between buckets or DICOMweb servers"
        }
    };
    let row = move |queue: QueueView| {
        let waiting = queue.urgent + queue.normal;
        let dead_class = if queue.dead > 0 { "font-semibold text-error" } else { "" };
        let oldest = if waiting == 0 { "–".to_owned() } else { duration(queue.oldest_age_seconds) };
        view! {
            <tr>
                <th scope="row" class="font-normal">{title(&queue.lane)}</th>
                <td class="whitespace-nowrap">{format!("{waiting} ({} urgent)", queue.urgent)}</td><td>{queue.in_flight}</td><td>{oldest}</td>
                <td class=dead_class>{queue.dead}</td>
            </tr>
        }
    };
    view! {
        <Panel title="Queues">
            <div class="overflow-x-auto">
                <table class="table table-sm">
                    <thead><tr><th>"For"</th><th>"Waiting"</th><th>"In hand"</th><th>"Oldest"</th><th>"Set aside"</th></tr></thead>
                    <tbody>{queues.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </Panel>
    }
}

#[component]
fn Workers(workers: Vec<WorkerView>) -> impl IntoView {
    let row = |worker: WorkerView| {
        let tasks = counted(usize::try_from(worker.tasks).unwrap_or(usize::MAX), "transfer", "transfers");
        view! { <li class="border-b border-base-300 py-1.5 last:border-0"><span class="font-mono text-xs">{worker.name}</span>": "{tasks}", reserved until "{moment(worker.until)}</li> }
    };
    let none = workers.is_empty().then(|| view! { <p class="text-sm">"No transfer runs at the moment."</p> });
    view! { <Panel title="Who transfers now">{none}<ul>{workers.into_iter().map(row).collect_view()}</ul></Panel> }
}

#[component]
fn Folders(folders: Vec<FolderUse>) -> impl IntoView {
    let row = |folder: FolderUse| {
        let quota = (folder.quota_bytes > 0).then(|| {
            let class = if folder.bytes >= folder.quota_bytes {
                "progress progress-error w-full"
            } else if folder.warn_bytes > 0 && folder.bytes >= folder.warn_bytes {
                "progress progress-warning w-full"
            } else {
                "progress progress-primary w-full"
            };
            let label = format!("How full {} is", folder.name);
            view! { <progress class=class value=folder.bytes.to_string() max=folder.quota_bytes.to_string() aria-label=label></progress> }
        });
        view! {
            <li class="border-b border-base-300 py-1.5 last:border-0">
                <div class="flex flex-wrap items-baseline gap-2"><span class="mr-auto">{folder.name.clone()}</span><span class="tabular-nums">{held(&folder)}</span></div>
                {quota}
                <p class="text-xs text-base-content/75">{folder.measured.map_or_else(
                    || if folder.quota_bytes + folder.warn_bytes > 0 {
                        "Not measured yet; that happens with the next transfer, or within the hour.".to_owned()
                    } else {
                        "Measured once it has a quota or a warning.".to_owned()
                    },
                    |at| format!("Measured {}, {}", moment(at), counted(usize::try_from(folder.files).unwrap_or(usize::MAX), "file", "files")),
                )}</p>
            </li>
        }
    };
    let none = folders.is_empty().then(|| view! { <p class="text-sm">"No folders are set up."</p> });
    view! { <Panel title="Room in folders">{none}<ul>{folders.into_iter().map(row).collect_view()}</ul></Panel> }
}

/// What a folder holds, of what it may hold.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn held(folder: &FolderUse) -> String {
    let used = if folder.measured.is_some() { bytes(folder.bytes as f64) } else { "?".to_owned() };
    if folder.quota_bytes == 0 { used } else { format!("{used} of {}", bytes(folder.quota_bytes as f64)) }
}
