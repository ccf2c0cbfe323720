//! The own password.

use adit_api::session::PasswordChange;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::{Panel, Problem, Text};

#[component]
pub fn PasswordPanel(has_password: bool) -> impl IntoView {
    let state = shared();
    let [old, new, again] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let problem = RwSignal::new(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if new.get_untracked() != again.get_untracked() {
            problem.set("The two new passwords differ.".to_owned());
            return;
        }
        spawn_local(async move {
            let change = PasswordChange { old_password: old.get_untracked(), new_password: new.get_untracked() };
            match adit_api_client::change_password(&change).await {
                Ok(()) => {
                    [old, new, again, problem].iter().for_each(|field| field.set(String::new()));
                    state.say("The password was changed; your other sessions have ended.");
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <Panel title="Password">
            <Show when=move || has_password fallback=|| view! { <p class="text-sm">"You log in with your organisation. To have a password here too, log out and choose \"Forgotten your password?\"."</p> }>
                <form class="flex flex-col gap-3" on:submit=submit>
                    <Text label="Present password" value=old kind="password" autocomplete="current-password"/>
                    <Text label="New password" value=new kind="password" autocomplete="new-password" hint="12 characters or more"/>
                    <Text label="New password again" value=again kind="password" autocomplete="new-password"/>
                    <Problem text=problem/>
                    <button class="btn btn-primary btn-sm self-start" type="submit">"Change password"</button>
                </form>
            </Show>
        </Panel>
    }
}
