//! A dry run over one file of the person's own.

use adit_api::projects::{Preview, PreviewChange, PreviewQuery};
use adit_domain::project::{PROFILES, Project};
use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::ui::{Check, Panel, Problem, Select};

#[component]
pub fn PreviewPanel(#[prop(into)] projects: Signal<Vec<Project>>) -> impl IntoView {
    let file: NodeRef<Input> = NodeRef::new();
    let [project, profile, problem] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let [risky, busy] = std::array::from_fn(|_| RwSignal::new(false));
    let result = RwSignal::new(None::<Preview>);
    let names = Signal::derive(move || {
        let text = |name: &str| if name.is_empty() { "No project".to_owned() } else { name.to_owned() };
        projects.get().into_iter().map(|project| (project.name.clone(), text(&project.name))).collect::<Vec<_>>()
    });
    let profiles: Vec<(String, String)> = std::iter::once((String::new(), "As the project says".to_owned()))
        .chain(PROFILES.iter().map(|profile| (profile.name.to_owned(), profile.title.to_owned())))
        .collect();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        problem.set(String::new());
        result.set(None);
        let chosen = file.get_untracked().and_then(|input| input.files()).and_then(|files| files.get(0));
        let Some(chosen) = chosen else {
            problem.set("Choose a DICOM file.".to_owned());
            return;
        };
        let query = PreviewQuery {
            project: project.get_untracked(),
            profile: profile.get_untracked(),
            allow_risky_pixels: risky.get_untracked(),
        };
        busy.set(true);
        spawn_local(async move {
            match adit_api_client::preview(&query, &chosen).await {
                Ok(preview) => result.set(Some(preview)),
                Err(error) => problem.set(error.detail),
            }
            busy.set(false);
        });
    };
    view! {
        <Panel title="Preview">
            <p class="mb-3 text-sm">"Choose a DICOM file to see what would be done to it. Nothing of it is stored."</p>
            <form class="flex flex-col gap-3" aria-label="Preview" on:submit=submit>
                <div class="grid gap-3 md:grid-cols-3">
                    <label class="flex flex-col gap-1 text-sm"><span class="font-medium">"DICOM file"</span>
                        <input class="file-input file-input-sm w-full" type="file" node_ref=file/>
                    </label>
                    <Select label="Project" value=project options=names/>
                    <Select label="Profile" value=profile options=profiles/>
                </div>
                <Check label="Go on although text may be burned into the pixels" value=risky/>
                <button class="btn btn-primary btn-sm self-start" type="submit" disabled=move || busy.get()>"Show changes"</button>
                <Problem text=problem/>
            </form>
            {move || result.get().map(|preview| view! { <Changes preview=preview/> })}
        </Panel>
    }
}

#[component]
fn Changes(preview: Preview) -> impl IntoView {
    if !preview.held_back.is_empty() {
        return view! { <p class="mt-3 text-sm" role="status">{format!("This file would stay behind: {}.", preview.held_back.trim_end_matches('.'))}</p> }.into_any();
    }
    let count = preview.changes.len() as u64 + preview.changes_left_out;
    let row = |change: PreviewChange| {
        let name = if change.keyword.is_empty() { "Private or unknown".to_owned() } else { change.keyword };
        view! { <tr><td>{name}<span class="ml-2 font-mono text-xs text-base-content/75">{change.path}</span></td><td>{change.what}</td><td>{change.why}</td><td class="break-all">{change.old}</td><td class="break-all">{change.new}</td></tr> }
    };
    view! {
        <p class="mt-3 text-sm" role="status">{format!("{count} changes by {}. Pseudonym: {}. {}", preview.profile, preview.pseudonym, preview.pixels)}</p>
        <div class="mt-2 max-h-96 overflow-auto" tabindex="0" role="region" aria-label="Changes">
            <table class="table table-xs">
                <thead><tr><th>"Attribute"</th><th>"What"</th><th>"Why"</th><th>"Before"</th><th>"After"</th></tr></thead>
                <tbody>{preview.changes.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
