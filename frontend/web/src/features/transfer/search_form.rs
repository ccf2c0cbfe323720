//! What to search for, and where.

use adit_api::nodes::NodeView;
use adit_api::search::StudyQuery;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::context::shared;
use crate::ui::{Spinner, Text};

#[component]
pub fn SearchForm(
    nodes: Vec<NodeView>,
    start: impl Fn(StudyQuery) + Copy + Send + Sync + 'static,
    cancel: impl Fn() + Copy + Send + Sync + 'static,
    searching: RwSignal<bool>,
) -> impl IntoView {
    let state = shared();
    let sources: Vec<NodeView> = nodes.into_iter().filter(|node| node.may_be_source).collect();
    let remembered = state.preference("sources").unwrap_or_default();
    let first = sources.first().map(|node| node.id.to_string()).unwrap_or_default();
    let known = |id: &str| sources.iter().any(|node| node.id.as_str() == id);
    let kept: Vec<String> = remembered.split(' ').filter(|id| known(id)).map(str::to_owned).collect();
    let chosen = RwSignal::new(if kept.is_empty() { vec![first] } else { kept });
    let [patient_id, name, birth, from, until, modalities, accession, description] =
        std::array::from_fn(|_| RwSignal::new(String::new()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        state.prefer("sources", chosen.get_untracked().join(" "));
        start(StudyQuery {
            sources: chosen.get_untracked().iter().filter_map(|id| id.parse().ok()).collect(),
            patient_id: patient_id.get_untracked(),
            patient_name: name.get_untracked(),
            patient_birth_date: birth.get_untracked(),
            study_date_from: from.get_untracked(),
            study_date_until: until.get_untracked(),
            modalities: vec![modalities.get_untracked()],
            accession_number: accession.get_untracked(),
            study_description: description.get_untracked(),
            study_instance_uid: String::new(),
        });
    };
    let source = move |node: NodeView| {
        let id = StoredValue::new(node.id.to_string());
        let toggle = move |event| {
            let on = event_target_checked(&event);
            chosen.update(|all| {
                all.retain(|one| *one != id.get_value());
                if on {
                    all.push(id.get_value());
                }
            });
        };
        view! {
            <label class="flex cursor-pointer items-center gap-2 text-sm">
                <input class="checkbox checkbox-sm" type="checkbox" prop:checked=move || chosen.with(|all| all.contains(&id.get_value())) on:change=toggle/>
                {node.config.name}
            </label>
        }
    };
    view! {
        <form class="rounded-box border border-base-300 bg-base-100 p-4" aria-label="Search" on:submit=submit>
            <fieldset class="mb-4 flex flex-wrap items-center gap-x-6 gap-y-2">
                <legend class="float-left mr-4 text-sm font-medium">"Search in"</legend>
                {sources.into_iter().map(source).collect_view()}
            </fieldset>
            <div class="grid grid-cols-2 gap-3 md:grid-cols-4">
                <Text label="Patient ID" value=patient_id/>
                <Text label="Patient name" value=name placeholder="Last, First"/>
                <Text label="Birth date" value=birth kind="date"/>
                <Text label="Accession number" value=accession/>
                <Text label="Study date from" value=from kind="date"/>
                <Text label="Study date until" value=until kind="date"/>
                <Text label="Modality" value=modalities placeholder="CT, MR"/>
                <Text label="Study description" value=description placeholder="*thorax*"/>
            </div>
            <div class="mt-4 flex items-center gap-3">
                <button class="btn btn-primary btn-sm" type="submit">"Search"</button>
                <Show when=move || searching.get()>
                    <button class="btn btn-sm" type="button" on:click=move |_| cancel()>"Cancel search"</button>
                    <Spinner label="Searching"/>
                </Show>
                <span class="text-xs text-base-content/75">"The beginning of a name is enough; * and ? stand for any characters."</span>
            </div>
        </form>
    }
}
