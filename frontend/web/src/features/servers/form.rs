//! The form for a server or folder.

use adit_api::nodes::{NodeInput, NodeView};
use adit_domain::node::{Folder, NodeConfig, NodeKind};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::server_form::{ServerFields, ServerForm};
use crate::context::shared;
use crate::ui::{Check, Number, Panel, Problem, Text};

/// What is being edited; no id means something new.
#[derive(Clone)]
pub struct Editing {
    pub id: Option<String>,
    pub version: Option<u64>,
    pub name: String,
    pub enabled: bool,
    /// `None` for a new server.
    pub kind: Option<NodeKind>,
    pub is_server: bool,
    pub has_client_key: bool,
    pub has_authorization_header: bool,
}

/// Something new.
pub fn blank(is_server: bool) -> Editing {
    Editing {
        id: None,
        version: None,
        name: String::new(),
        enabled: true,
        kind: None,
        is_server,
        has_client_key: false,
        has_authorization_header: false,
    }
}

impl Editing {
    /// Something that exists.
    pub fn of(node: &NodeView) -> Self {
        Self {
            id: Some(node.id.to_string()),
            version: Some(node.version),
            name: node.config.name.clone(),
            enabled: node.config.enabled,
            is_server: node.config.server().is_some(),
            kind: Some(node.config.kind.clone()),
            has_client_key: node.has_client_key,
            has_authorization_header: node.has_authorization_header,
        }
    }
}

#[component]
pub fn NodeForm(editing: Editing, done: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let (name, enabled) = (RwSignal::new(editing.name.clone()), RwSignal::new(editing.enabled));
    let problem = RwSignal::new(String::new());
    let server = match &editing.kind {
        Some(NodeKind::Server(server)) => ServerFields::of(server),
        _ => ServerFields::blank(),
    };
    let folder = match &editing.kind {
        Some(NodeKind::Folder(folder)) => folder.clone(),
        _ => Folder { path: String::new(), quota_gb: 0, warn_size_gb: 0 },
    };
    let (path, quota, warn) =
        (RwSignal::new(folder.path), RwSignal::new(folder.quota_gb), RwSignal::new(folder.warn_size_gb));
    let is_server = editing.is_server;
    let title = match (editing.id.is_some(), is_server) {
        (true, _) => format!("Edit {}", editing.name),
        (false, true) => "Add a server".to_owned(),
        (false, false) => "Add a folder".to_owned(),
    };
    let (has_key, has_header) = (editing.has_client_key, editing.has_authorization_header);
    let stored = StoredValue::new(editing);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let kind = if is_server {
            match server.value() {
                Ok(server) => NodeKind::Server(Box::new(server)),
                Err(error) => {
                    problem.set(error);
                    return;
                }
            }
        } else {
            NodeKind::Folder(Folder {
                path: path.get_untracked(),
                quota_gb: quota.get_untracked(),
                warn_size_gb: warn.get_untracked(),
            })
        };
        let editing = stored.get_value();
        let (client_key_pem, authorization_header) = server.secrets();
        let config = NodeConfig { name: name.get_untracked(), enabled: enabled.get_untracked(), kind };
        let input = NodeInput { config, client_key_pem, authorization_header, version: editing.version };
        spawn_local(async move {
            match adit_api_client::save_node(editing.id.as_deref(), &input).await {
                Ok(_) => {
                    state.say("Saved.");
                    done();
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <div class="mb-4">
            <Panel title=title>
                <form class="flex flex-col gap-4" on:submit=submit>
                    <div class="grid gap-3 md:grid-cols-4">
                        <Text label="Name" value=name/>
                        <div class="self-end pb-1"><Check label="Enabled" value=enabled/></div>
                    </div>
                    {if is_server {
                        view! { <ServerForm fields=server has_client_key=has_key has_authorization_header=has_header/> }.into_any()
                    } else {
                        view! {
                            <div class="grid gap-3 md:grid-cols-3">
                                <Text label="Path" value=path placeholder="/data/research" hint="Absolute path on the machine that runs ADIT"/>
                                <Number label="Quota in GB" value=quota hint="0: none"/>
                                <Number label="Warn above GB" value=warn hint="0: never"/>
                            </div>
                        }.into_any()
                    }}
                    <Problem text=problem/>
                    <div class="flex gap-2">
                        <button class="btn btn-primary btn-sm" type="submit">"Save"</button>
                        <button class="btn btn-sm" type="button" on:click=move |_| done()>"Close"</button>
                    </div>
                </form>
            </Panel>
        </div>
    }
}
