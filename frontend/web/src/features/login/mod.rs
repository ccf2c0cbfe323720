//! The log-in page.

use adit_api::session::Login;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::{Problem, Text};

#[component]
pub fn LoginPage() -> impl IntoView {
    let state = shared();
    let (username, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (problem, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        spawn_local(async move {
            let login = Login { username: username.get_untracked(), password: password.get_untracked() };
            match adit_api_client::log_in(&login).await {
                Ok(session) => state.session.set(Some(Some(session))),
                Err(error) => problem.set(error.detail),
            }
            busy.set(false);
        });
    };
    view! {
        <main class="grid min-h-screen place-items-center p-4">
            <form class="w-full max-w-sm rounded-box border border-base-300 bg-base-100 p-6" on:submit=submit>
                <h1 class="text-xl font-bold text-primary">"ADIT"</h1>
                <p class="mb-4 text-sm text-base-content/75">"Moves medical images where research needs them."</p>
                <div class="flex flex-col gap-3">
                    <Text label="User name" value=username autocomplete="username"/>
                    <Text label="Password" value=password kind="password" autocomplete="current-password"/>
                    <Problem text=problem/>
                    <button class="btn btn-primary" type="submit" disabled=move || busy.get()>"Log in"</button>
                </div>
            </form>
        </main>
    }
}
