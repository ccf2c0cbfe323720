//! All servers, folders and buckets with their state.

use adit_api::nodes::{NodeInput, NodeTest, NodeView, SecretsInput};
use adit_domain::node::NodeKind;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::form::{Editing, NodeForm, What, blank};
use super::groups::GroupsOfNode;
use crate::context::shared;
use crate::ui::{Badge, Cards, Confirm, Spinner};

#[component]
pub fn ServersPage() -> impl IntoView {
    let state = shared();
    let nodes = RwSignal::new(None::<Vec<NodeView>>);
    let editing = RwSignal::new(None::<Editing>);
    let load = move || {
        spawn_local(async move {
            match adit_api_client::nodes().await {
                Ok(all) => nodes.set(Some(all)),
                Err(error) => state.refuse(&error),
            }
        });
    };
    load();
    let done = move || {
        editing.set(None);
        load();
    };
    let known = Memo::new(move |_| nodes.with(|all| all.as_ref().map(|all| !all.is_empty())));
    let card = move |node| view! { <Card node=node load=load edit=move |node| editing.set(Some(node))/> };
    view! {
        <div class="mb-4 flex flex-wrap items-center gap-2">
            <h1 class="mr-auto text-xl font-semibold">"Servers, folders and buckets"</h1>
            <Show when=move || state.is_staff()>
                <button class="btn btn-primary btn-sm" on:click=move |_| editing.set(Some(blank(What::Server)))>{What::Server.add()}</button>
                <button class="btn btn-sm" on:click=move |_| editing.set(Some(blank(What::Folder)))>{What::Folder.add()}</button>
                <button class="btn btn-sm" on:click=move |_| editing.set(Some(blank(What::Bucket)))>{What::Bucket.add()}</button>
            </Show>
        </div>
        {move || editing.get().map(|editing| view! { <NodeForm editing=editing done=done/> })}
        {move || match known.get() {
            None => view! { <Spinner label="Loading servers"/> }.into_any(),
            Some(false) => view! {
                <p class="rounded-box border border-base-300 bg-base-100 p-6">"Nothing here yet. Add your PACS as a server; it has to know ADIT's AE title, address and port (see Account)."</p>
            }.into_any(),
            Some(true) => view! { <Cards items=Signal::derive(move || nodes.get().unwrap_or_default()) key=|node: &NodeView| node.id.to_string() card=card/> }.into_any(),
        }}
    }
}

fn place(node: &NodeView) -> String {
    match &node.config.kind {
        NodeKind::Server(server) => format!(
            "{} at {}:{}{}",
            server.ae_title,
            server.host,
            server.port,
            if server.tls.enabled { ", TLS" } else { "" }
        ),
        NodeKind::Folder(folder) => folder.path.clone(),
        NodeKind::Bucket(bucket) => format!("s3://{}/{}", bucket.bucket, bucket.prefix),
    }
}

fn uses(node: &NodeView) -> String {
    let uses = [(node.can_be_source, "source"), (node.can_be_destination, "destination")];
    let uses: Vec<&str> = uses.into_iter().filter_map(|(yes, word)| yes.then_some(word)).collect();
    if uses.is_empty() {
        return String::new();
    }
    format!(" · can be {}", uses.join(" and "))
}

fn health(node: &NodeView) -> (&'static str, &'static str) {
    if !node.config.enabled {
        ("Disabled", "badge-neutral badge-outline")
    } else if node.health.resting_until.is_some() {
        ("Does not answer", "badge-error")
    } else {
        ("Enabled", "badge-success")
    }
}

#[component]
fn Card(
    node: Signal<NodeView>,
    load: impl Fn() + Copy + Send + Sync + 'static,
    edit: impl Fn(Editing) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = shared();
    let (test, testing) = (RwSignal::new(None::<NodeTest>), RwSignal::new(false));
    let id = StoredValue::new(node.with_untracked(|node| node.id.to_string()));
    let run_test = move |_| {
        testing.set(true);
        spawn_local(async move {
            match adit_api_client::test_node(&id.get_value()).await {
                Ok(result) => test.set(Some(result)),
                Err(error) => state.refuse(&error),
            }
            testing.set(false);
        });
    };
    let toggle = move |_| {
        let mut node = node.get_untracked();
        node.config.enabled = !node.config.enabled;
        spawn_local(async move {
            let secrets = SecretsInput::default();
            let input = NodeInput { config: node.config, secrets, version: Some(node.version) };
            match adit_api_client::save_node(Some(&id.get_value()), &input).await {
                Ok(_) => load(),
                Err(error) => state.refuse(&error),
            }
        });
    };
    let delete = move || {
        spawn_local(async move {
            match adit_api_client::delete_node(&id.get_value()).await {
                Ok(()) => {
                    state.say("Deleted.");
                    load();
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    let name = move || node.with(|node| node.config.name.clone());
    let switch = move || if node.with(|node| node.config.enabled) { "Disable" } else { "Enable" };
    let problem = Memo::new(move |_| node.with(|node| node.health.last_error.clone()));
    view! {
        <li class="rounded-box border border-base-300 bg-base-100 p-4">
            <div class="flex flex-wrap items-center gap-2">
                <h2 class="text-base font-semibold">{name}</h2>
                <Badge state=Signal::derive(move || node.with(health))/>
                <span class="mr-auto text-sm text-base-content/75">{move || node.with(|node| format!("{}{}", place(node), uses(node)))}</span>
                <Show when=move || state.is_staff()>
                    <button class="btn btn-sm" disabled=move || testing.get() on:click=run_test>"Test connection"</button>
                    <button class="btn btn-sm" on:click=move |_| edit(Editing::of(&node.get_untracked()))>"Edit"</button>
                    <button class="btn btn-sm" on:click=toggle>{switch}</button>
                    <Confirm label="Delete" question="Delete this entry? Jobs that have finished keep its name." danger=true on_yes=delete/>
                </Show>
            </div>
            <Show when=move || problem.with(|text| !text.is_empty())><p class="mt-2 text-sm">"Last problem: "{move || problem.get()}</p></Show>
            {move || test.get().map(|test| view! { <TestResult test=test/> })}
            <Show when=move || state.is_staff()><GroupsOfNode id=node.with_untracked(|node| node.id.clone())/></Show>
        </li>
    }
}

#[component]
fn TestResult(test: NodeTest) -> impl IntoView {
    let class = if test.ok {
        "alert alert-success alert-soft mt-3 text-base-content"
    } else {
        "alert alert-error alert-soft mt-3 text-base-content"
    };
    let times = test.connect_ms.map(|connect| {
        let echo = test.echo_ms.map(|echo| format!(", C-ECHO {echo} ms")).unwrap_or_default();
        format!("Association {connect} ms{echo}")
    });
    view! {
        <div role="status" class=class>
            <div>
                <p class="font-medium">{test.summary}" "{times}</p>
                <dl class="mt-1 grid grid-cols-[max-content_1fr] gap-x-4 text-xs">
                    {test.facts.into_iter().map(|(label, value)| view! { <dt>{label}</dt><dd>{value}</dd> }).collect_view()}
                </dl>
            </div>
        </div>
    }
}
