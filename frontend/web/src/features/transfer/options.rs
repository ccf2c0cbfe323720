//! Where the chosen studies go and what is done on the way.

use adit_api::jobs::CreateJob;
use adit_api::nodes::NodeView;
use adit_domain::Right;
use adit_domain::node::NodeKind;
use adit_domain::transfer::TransferOptions;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;

use super::download::DownloadButton;
use super::extras::{ExtraFields, Extras};
use super::identity::{IdentityChoice, IdentityFields};
use super::selection::Selection;
use crate::context::shared;
use crate::format::{counted, held_back};
use crate::ui::{Check, Problem, Text};

#[component]
pub fn Options(nodes: Vec<NodeView>, selection: Selection) -> impl IntoView {
    let state = shared();
    let destinations: Vec<NodeView> = nodes.into_iter().filter(|node| node.may_be_destination).collect();
    let remembered =
        state.preference("destination").filter(|id| destinations.iter().any(|node| node.id.as_str() == id));
    let destination = RwSignal::new(remembered.unwrap_or_default());
    let destinations = StoredValue::new(destinations);
    let identity = IdentityFields::new(state.preference("project").unwrap_or_default());
    let extras = ExtraFields::remembered(state.prefers("documents"), state.prefers("nifti"), state.prefers("mail"));
    let to_folder = Signal::derive(move || destinations.with_value(|all| is_folder(all, &destination.get())));
    let [pseudonym, problem] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let [urgent, busy] = std::array::from_fn(|_| RwSignal::new(false));
    let navigate = StoredValue::new_local(use_navigate());
    let count = move || selection.0.with(std::collections::BTreeMap::len);
    let chosen = move || {
        let mut options = TransferOptions::default();
        identity.put_into(&mut options);
        extras.put_into(&mut options, to_folder.get_untracked());
        if options.pseudonymises() {
            options.pseudonym = pseudonym.get_untracked();
        }
        options
    };
    let may_transfer = move || state.may(Right::Transfer);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        problem.set(String::new());
        if !may_transfer() {
            return;
        }
        let Ok(to) = destination.get_untracked().parse() else {
            problem.set("Choose a destination.".to_owned());
            return;
        };
        let wish = CreateJob {
            destination: to,
            options: chosen(),
            urgent: urgent.get_untracked(),
            studies: selection.studies(),
        };
        let [documents, nifti, mail] =
            [extras.documents.get_untracked(), extras.nifti.get_untracked(), extras.wants_mail()];
        state.prefer_all([
            ("destination", destination.get_untracked().into()),
            ("project", identity.project().into()),
            ("documents", documents.into()),
            ("nifti", nifti.into()),
            ("mail", mail.into()),
        ]);
        busy.set(true);
        spawn_local(async move {
            match adit_api_client::create_job(&wish).await {
                Ok(job) => navigate.with_value(|navigate| navigate(&format!("/jobs/{}", job.id), Default::default())),
                Err(error) => {
                    problem.set(error.detail);
                    busy.set(false);
                }
            }
        });
    };
    let stays = move || what_stays(identity, extras, selection);
    let option = move |node: NodeView| view! { <option value=node.id.to_string() selected=node.id.to_string() == destination.get_untracked()>{node.config.name}</option> };
    view! {
        <Show when=move || { count() > 0 }>
            <form class="sticky bottom-0 z-10 rounded-box border border-primary/40 bg-base-100 p-4 shadow-lg" aria-label="Transfer" on:submit=submit>
                <div class="mb-3 flex items-center gap-3">
                    <h2 class="text-base font-semibold">{move || format!("{} chosen", counted(count(), "study", "studies"))}</h2>
                    <button class="btn btn-ghost btn-xs" type="button" on:click=move |_| selection.0.update(|all| all.clear())>"Clear"</button>
                </div>
                <IdentityChoice fields=identity remembered=true>
                    <Text label="Pseudonym" value=pseudonym placeholder="such as P-001" hint="Empty: each patient gets a stable code of this project"/>
                </IdentityChoice>
                <div class="mt-3 grid grid-cols-1 items-end gap-3 md:grid-cols-3">
                    <Show when=may_transfer><label class="flex flex-col gap-1 text-sm"><span class="font-medium">"Destination"</span>
                        <select class="select select-sm w-full" on:change=move |event| destination.set(event_target_value(&event))>
                            <option value="">"Choose ..."</option>
                            {destinations.with_value(|all| all.iter().cloned().map(option).collect_view())}
                        </select>
                    </label></Show>
                    <div class="flex flex-wrap items-center gap-x-6 gap-y-2 pb-1 md:col-span-2">
                        <Show when=move || state.may(Right::TransferUrgently)><Check label="Urgent" value=urgent/></Show>
                        <Check label="Include reports" value=extras.documents/>
                    </div>
                </div>
                <Extras fields=extras identity=identity to_folder=to_folder/>
                <div class="mt-3 flex items-center gap-4">
                    <p class="text-sm" aria-live="polite">{stays}</p>
                    <span class="ml-auto"></span>
                    <Show when=move || state.may(Right::Download)><DownloadButton selection=selection options=chosen problem=problem/></Show>
                    <Show when=may_transfer><button class="btn btn-primary btn-sm shrink-0" type="submit" disabled=move || busy.get()>"Start transfer"</button></Show>
                </div>
                <Problem text=problem/>
            </form>
        </Show>
    }
}

/// What leaves and what stays behind, in a sentence.
fn what_stays(identity: IdentityFields, extras: ExtraFields, selection: Selection) -> String {
    let held = held_back(&selection.modalities());
    if !identity.pseudonymises() {
        "The images leave with the patient's name.".to_owned()
    } else if extras.documents.get() || held.is_empty() {
        "Names and identifiers are removed, UIDs are replaced; a report says what was done. Scanned documents and PDFs always stay behind.".to_owned()
    } else {
        format!("Stays behind, because its text names people: {}.", held.join(", "))
    }
}

/// Whether what is chosen is a folder.
pub fn is_folder(nodes: &[NodeView], chosen: &str) -> bool {
    let mut folders = nodes.iter().filter(|node| matches!(node.config.kind, NodeKind::Folder(_)));
    folders.any(|node| node.id.as_str() == chosen)
}
