//! A letter with a link to a new password, or with the link that confirms an account.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{BackButton, Done, Step};
use crate::ui::{Problem, Text};

#[component]
pub fn Forgotten(go: impl Fn(Step) + Copy + Send + Sync + 'static) -> impl IntoView {
    let [email, problem] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let sent = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            match adit_api_client::ask_for_password(&email.get_untracked()).await {
                Ok(()) => sent.set(true),
                Err(error) => problem.set(error.detail),
            }
        });
    };
    let text = Signal::derive(move || {
        format!(
            "A mail is on its way to {}. Follow the link in it within an hour. If nothing arrives, look into the spam folder or ask your administrator.",
            email.get()
        )
    });
    view! {
        <Show when=move || !sent.get() fallback=move || view! { <Done title="Look into your mailbox" text=text/> }>
            <form class="mb-3 flex flex-col gap-3" on:submit=submit>
                <h1 class="text-lg font-semibold">"Choose a new password"</h1>
                <p class="text-sm">"We send a link to the e-mail address of your account."</p>
                <Text label="E-mail address" value=email kind="email" autocomplete="email"/>
                <Problem text=problem/>
                <button class="btn btn-primary" type="submit">"Send the link"</button>
            </form>
        </Show>
        <BackButton go=go/>
    }
}
