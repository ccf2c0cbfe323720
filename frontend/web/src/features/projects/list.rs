//! All projects.

use adit_api::projects::ProjectInput;
use adit_domain::project::{Project, Revision};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::form::ProjectForm;
use super::preview::PreviewPanel;
use crate::context::shared;
use crate::features::jobs::moment;
use crate::format::profile_title;
use crate::ui::{Cards, Confirm, Spinner};

const ROTATE: &str = "Begin with a new key? From now on the same patients get new pseudonyms, new UIDs and new date shifts in this project: what was sent before no longer matches what will be sent. Jobs that exist keep the old key, also when they are retried.";

#[component]
pub fn ProjectsPage() -> impl IntoView {
    let state = shared();
    let projects = RwSignal::new(None::<Vec<Project>>);
    // `None`: no form; `Some(None)`: a new project.
    let editing = RwSignal::new(None::<Option<Revision>>);
    let load = move || {
        spawn_local(async move {
            match adit_api_client::projects().await {
                Ok(all) => projects.set(Some(all)),
                Err(error) => state.refuse(&error),
            }
        });
    };
    load();
    let done = move || {
        editing.set(None);
        load();
    };
    let edit = move |name: String| {
        spawn_local(async move {
            match adit_api_client::project(&name).await {
                Ok(revision) => editing.set(Some(Some(revision))),
                Err(error) => state.refuse(&error),
            }
        });
    };
    let loaded = Memo::new(move |_| projects.with(Option::is_some));
    let all = Signal::derive(move || projects.get().unwrap_or_default());
    let card = move |project| view! { <Card project=project load=load edit=edit/> };
    view! {
        <div class="mb-2 flex flex-wrap items-center gap-2">
            <h1 class="mr-auto text-xl font-semibold">"Projects"</h1>
            <Show when=move || state.is_staff()>
                <button class="btn btn-primary btn-sm" on:click=move |_| editing.set(Some(None))>"Add project"</button>
            </Show>
        </div>
        <p class="mb-4 text-sm">"A project says how images are de-identified. Within a project a patient always gets the same pseudonym, UIDs and date shift; in another project the same patient gets different ones."</p>
        {move || editing.get().map(|revision| view! { <ProjectForm revision=revision done=done/> })}
        {move || if loaded.get() {
            view! {
                <div class="mb-4"><Cards items=all key=|project: &Project| project.name.clone() card=card/></div>
                <Show when=move || state.is_staff()><PreviewPanel projects=all/></Show>
            }.into_any()
        } else {
            view! { <Spinner label="Loading projects"/> }.into_any()
        }}
    }
}

#[component]
fn Card(
    project: Signal<Project>,
    load: impl Fn() + Copy + Send + Sync + 'static,
    edit: impl Fn(String) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = shared();
    let name = StoredValue::new(project.with_untracked(|project| project.name.clone()));
    let is_built_in = name.with_value(String::is_empty);
    let title = if is_built_in { "No project".to_owned() } else { name.get_value() };
    let rotate = move || {
        spawn_local(async move {
            let saved = match adit_api_client::project(&name.get_value()).await {
                Ok(revision) => adit_api_client::save_project(&rotated(revision)).await,
                Err(error) => Err(error),
            };
            match saved {
                Ok(_) => {
                    state.say("The project has a new key.");
                    load();
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    view! {
        <li class="rounded-box border border-base-300 bg-base-100 p-4">
            <div class="flex flex-wrap items-center gap-2">
                <h2 class="text-base font-semibold">{title}</h2>
                {move || project.with(|project| project.archived).then(|| view! { <span class="badge badge-neutral badge-outline">"Archived"</span> })}
                <span class="mr-auto text-sm text-base-content/75">{move || project.with(facts)}</span>
                <Show when=move || state.is_staff() && !is_built_in>
                    <button class="btn btn-sm" on:click=move |_| edit(name.get_value())>"Edit"</button>
                    <Confirm label="Rotate key" question=ROTATE danger=true on_yes=rotate/>
                </Show>
            </div>
            <p class="mt-1 text-sm">{move || project.with(|project| project.description.clone())}</p>
        </li>
    }
}

fn facts(project: &Project) -> String {
    let profile = profile_title(&project.profile);
    if project.name.is_empty() {
        return format!("Profile: {profile}");
    }
    let (revision, by, at, key) =
        (project.revision, &project.changed_by, moment(project.changed), project.key_version + 1);
    format!("Profile: {profile} · revision {revision} by {by}, {at} · key {key}")
}

fn rotated(revision: Revision) -> ProjectInput {
    ProjectInput { rotate_key: true, ..input_of(revision) }
}

/// A revision as it would be saved again.
pub fn input_of(revision: Revision) -> ProjectInput {
    let Revision { project, rules, pixel_rules } = revision;
    ProjectInput {
        name: project.name,
        description: project.description,
        profile: project.profile,
        rules,
        pixel_rules,
        archived: project.archived,
        rotate_key: false,
        revision: Some(project.revision),
    }
}
