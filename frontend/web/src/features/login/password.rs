//! The first step: user name and password, or the organisation's own log-in.

use adit_api::account::{Entrance, LogInAnswer};
use adit_api::session::Login;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Step;
use crate::context::shared;
use crate::ui::{Problem, Text};

#[component]
pub fn PasswordStep(entrance: RwSignal<Entrance>, go: impl Fn(Step) + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let (username, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (problem, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        spawn_local(async move {
            let login = Login { username: username.get_untracked(), password: password.get_untracked() };
            match adit_api_client::log_in(&login).await {
                Ok(LogInAnswer::Done(session)) => state.session.set(Some(Some(*session))),
                Ok(LogInAnswer::Pending(pending)) => go(Step::of(pending)),
                Err(error) => problem.set(error.detail),
            }
            busy.try_set(false);
        });
    };
    let issuer = move || {
        entrance.get().issuer.map(|label| {
            let text = if label.trim().is_empty() {
                "Log in with your organisation".to_owned()
            } else {
                format!("Log in with {label}")
            };
            view! {
                <div class="divider my-3 text-sm">"or"</div>
                <a class="btn w-full" href=adit_api_client::issuer_address() rel="external">{text}</a>
            }
        })
    };
    view! {
        <h1 class="sr-only">"Log in"</h1>
        <form class="flex flex-col gap-3" on:submit=submit>
            <Text label="User name" value=username autocomplete="username"/>
            <Text label="Password" value=password kind="password" autocomplete="current-password"/>
            <Problem text=problem/>
            <button class="btn btn-primary" type="submit" disabled=move || busy.get()>"Log in"</button>
        </form>
        {issuer}
        <div class="mt-4 flex flex-wrap justify-between gap-2">
            <button class="btn btn-ghost btn-sm" type="button" on:click=move |_| go(Step::Forgotten)>"Forgotten your password?"</button>
            <Show when=move || entrance.get().registration>
                <button class="btn btn-ghost btn-sm" type="button" on:click=move |_| go(Step::Register)>"Register"</button>
            </Show>
        </div>
    }
}
