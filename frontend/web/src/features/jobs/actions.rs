//! What may be done with a job, as buttons that ask first.

use adit_api::jobs::JobView;
use adit_domain::Right;
use adit_domain::job::JobAction;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;

use crate::context::shared;
use crate::format::action as words;
use crate::ui::Confirm;

#[component]
pub fn Actions(#[prop(into)] job: Signal<JobView>) -> impl IntoView {
    let state = shared();
    let navigate = StoredValue::new_local(use_navigate());
    // Deciding is a form of its own.
    let allowed =
        Memo::new(move |_| job.get().actions.into_iter().filter(|action| !action.is_decision()).collect::<Vec<_>>());
    let id = Memo::new(move |_| job.get().id.to_string());
    let urgent = Memo::new(move |_| job.get().urgent);
    let act = move |action: JobAction| {
        spawn_local(async move {
            match adit_api_client::act(&id.get_untracked(), action).await {
                Ok(Some(_)) => state.say("Done."),
                Ok(None) => {
                    state.say("The job was deleted.");
                    navigate.with_value(|navigate| navigate("/jobs", Default::default()));
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    let toggle = move |event| {
        let wanted = event_target_checked(&event);
        spawn_local(async move {
            if let Err(error) = adit_api_client::set_urgent(&id.get_untracked(), wanted).await {
                state.refuse(&error);
            }
        });
    };
    view! {
        <div class="flex flex-wrap items-center gap-2">
            <Show when=move || state.may(Right::TransferUrgently) || urgent.get()>
            <label class="mr-2 flex cursor-pointer items-center gap-2 text-sm">
                <input class="toggle toggle-sm" type="checkbox" prop:checked=move || urgent.get() on:change=toggle/>"Urgent"
            </label>
            </Show>
            <For each=move || allowed.get() key=|action| format!("{action:?}") let:action>
                {
                    let (label, question, danger) = words(action);
                    view! { <Confirm label=label question=question danger=danger on_yes=move || act(action)/> }
                }
            </For>
        </div>
    }
}
