//! The form for a server, folder or bucket.

use adit_api::nodes::{NodeInput, NodeView};
use adit_domain::node::{NodeConfig, NodeKind};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::place_form::{BucketFields, BucketForm, FolderFields, FolderForm};
use super::server_form::{HasSecrets, ServerFields, ServerForm};
use crate::context::shared;
use crate::ui::{Check, Panel, Problem, Text};

/// The kinds of places.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum What {
    Server,
    Folder,
    Bucket,
}

impl What {
    fn of(kind: &NodeKind) -> Self {
        match kind {
            NodeKind::Server(_) => Self::Server,
            NodeKind::Folder(_) => Self::Folder,
            NodeKind::Bucket(_) => Self::Bucket,
        }
    }

    /// As a heading and a button say it.
    pub fn add(self) -> &'static str {
        match self {
            Self::Server => "Add server",
            Self::Folder => "Add folder",
            Self::Bucket => "Add S3 bucket",
        }
    }
}

/// What is being edited; no id means something new.
#[derive(Clone)]
pub struct Editing {
    pub id: Option<String>,
    pub version: Option<u64>,
    pub name: String,
    pub enabled: bool,
    /// `None` for something new.
    pub kind: Option<NodeKind>,
    pub what: What,
    /// Which secrets are stored.
    pub has: HasSecrets,
}

/// Something new.
pub fn blank(what: What) -> Editing {
    Editing {
        id: None,
        version: None,
        name: String::new(),
        enabled: true,
        kind: None,
        what,
        has: HasSecrets::default(),
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
            what: What::of(&node.config.kind),
            kind: Some(node.config.kind.clone()),
            has: HasSecrets {
                client_key: node.has_client_key,
                authorization_header: node.has_authorization_header,
                client_secret: node.has_client_secret,
                extra_header: node.has_extra_header,
            },
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
    let (folder, bucket) = (FolderFields::of(editing.kind.as_ref()), BucketFields::of(editing.kind.as_ref()));
    let what = editing.what;
    let title = if editing.id.is_some() { format!("Edit {}", editing.name) } else { what.add().to_owned() };
    let has = editing.has;
    let stored = StoredValue::new(editing);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let kind = match what {
            What::Server => match server.value() {
                Ok(server) => NodeKind::Server(Box::new(server)),
                Err(error) => {
                    problem.set(error);
                    return;
                }
            },
            What::Folder => NodeKind::Folder(folder.value()),
            What::Bucket => NodeKind::Bucket(bucket.value()),
        };
        let editing = stored.get_value();
        let secrets = server.secrets();
        let config = NodeConfig { name: name.get_untracked(), enabled: enabled.get_untracked(), kind };
        let input = NodeInput { config, secrets, version: editing.version };
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
                    {match what {
                        What::Server => view! { <ServerForm fields=server has=has/> }.into_any(),
                        What::Folder => view! { <FolderForm fields=folder/> }.into_any(),
                        What::Bucket => view! { <BucketForm fields=bucket/> }.into_any(),
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
