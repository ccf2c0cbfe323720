//! Names, department, phone, and the e-mail address.

use adit_api::account::EmailChange;
use adit_domain::person::{PersonRecord, Profile};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::{Panel, Problem, Text};

#[component]
pub fn ProfilePanel(person: PersonRecord) -> impl IntoView {
    let state = shared();
    let Profile { first_name, last_name, department, phone } = person.profile;
    let [first_name, last_name, department, phone] = [first_name, last_name, department, phone].map(RwSignal::new);
    let problem = RwSignal::new(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let profile = Profile {
            first_name: first_name.get_untracked(),
            last_name: last_name.get_untracked(),
            department: department.get_untracked(),
            phone: phone.get_untracked(),
        };
        spawn_local(async move {
            match adit_api_client::change_profile(&profile).await {
                Ok(()) => {
                    problem.set(String::new());
                    state.say("Saved.");
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <Panel title="Profile">
            <form class="flex flex-col gap-3" on:submit=submit>
                <div class="grid gap-3 sm:grid-cols-2">
                    <Text label="First name" value=first_name autocomplete="given-name"/>
                    <Text label="Last name" value=last_name autocomplete="family-name"/>
                    <Text label="Department" value=department/>
                    <Text label="Phone" value=phone kind="tel" autocomplete="tel"/>
                </div>
                <Problem text=problem/>
                <button class="btn btn-primary btn-sm self-start" type="submit">"Save profile"</button>
            </form>
        </Panel>
    }
}

#[component]
pub fn EmailPanel(person: PersonRecord) -> impl IntoView {
    let state = shared();
    let present = person.email.clone().unwrap_or_else(|| "none".to_owned());
    let [email, password, problem] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let change = EmailChange { password: password.get_untracked(), email: email.get_untracked() };
        spawn_local(async move {
            match adit_api_client::change_email(&change).await {
                Ok(()) => {
                    [email, password, problem].iter().for_each(|field| field.set(String::new()));
                    state.say(format!("A mail is on its way to {}. Follow the link in it.", change.email));
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <Panel title="E-mail address">
            <p class="mb-3 text-sm">"Present address: "<b>{present}</b></p>
            <Show when=move || person.has_password fallback=|| view! { <p class="text-sm">"To change it, you need a password here."</p> }>
                <details>
                    <summary class="cursor-pointer text-sm">"Change it"</summary>
                    <form class="mt-3 flex flex-col gap-3" on:submit=submit>
                        <Text label="New address" value=email kind="email" autocomplete="email" hint="It counts once you have followed the link that we send there"/>
                        <Text label="Your password" value=password kind="password" autocomplete="current-password"/>
                        <Problem text=problem/>
                        <button class="btn btn-primary btn-sm self-start" type="submit">"Send the link"</button>
                    </form>
                </details>
            </Show>
        </Panel>
    }
}
