//! Registration. The password is chosen later, by the link of the letter.

use adit_api::account::{Entrance, NewAccount};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{BackButton, Done, Step};
use crate::context::shared;
use crate::features::people::{PersonFields, PersonForm};
use crate::ui::Problem;

#[component]
pub fn Register(entrance: RwSignal<Entrance>, go: impl Fn(Step) + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let fields = PersonFields::new();
    let (problem, sent) = (RwSignal::new(String::new()), RwSignal::new(None::<String>));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        problem.set(String::new());
        spawn_local(async move {
            let account: NewAccount = fields.value();
            match adit_api_client::register(&account).await {
                Ok(()) => sent.set(Some(account.email)),
                Err(error) => problem.set(error.detail),
            }
        });
    };
    let again = move |_| {
        spawn_local(async move {
            match adit_api_client::ask_for_confirmation(&sent.get_untracked().unwrap_or_default()).await {
                Ok(()) => state.say("Another mail is on its way."),
                Err(error) => state.refuse(&error),
            }
        });
    };
    let text = Signal::derive(move || {
        let to = sent.get().unwrap_or_default();
        format!(
            "A mail is on its way to {to}. Follow the link in it within 14 days to confirm that the address is yours and to choose a password."
        )
    });
    let domains = Signal::derive(move || match entrance.get().domains {
        domains if domains.is_empty() => String::new(),
        domains => format!("Your address at {}", domains.join(" or ")),
    });
    view! {
        <Show when=move || sent.get().is_none() fallback=move || view! {
            <Done title="Look into your mailbox" text=text/>
            <button class="btn btn-sm mb-2" type="button" on:click=again>"Send the mail once more"</button>
        }>
            <form class="mb-3 flex flex-col gap-3" on:submit=submit>
                <h1 class="text-lg font-semibold">"Register"</h1>
                <PersonForm fields=fields email_hint=domains/>
                <Problem text=problem/>
                <button class="btn btn-primary" type="submit">"Register"</button>
            </form>
        </Show>
        <BackButton go=go/>
    }
}
