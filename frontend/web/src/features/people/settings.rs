//! Who may register, and of whom a second factor is demanded.

use adit_api::people::AccountSettings;
use adit_domain::accounts::{RegistrationSettings, SecondFactorSettings};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::{Check, Panel, Problem, Text};

#[component]
pub fn SettingsPanel() -> impl IntoView {
    let state = shared();
    let [open, needs_approval, demanded] = std::array::from_fn(|_| RwSignal::new(false));
    let [domains, problem] = std::array::from_fn(|_| RwSignal::new(String::new()));
    spawn_local(async move {
        match adit_api_client::account_settings().await {
            Ok(AccountSettings { registration, second_factor }) => {
                open.set(registration.open);
                // Whoever opens it is asked to think of this once.
                needs_approval.set(registration.needs_approval || !registration.open);
                domains.set(registration.domains.join(" "));
                demanded.set(second_factor.demanded_of_staff);
            }
            Err(error) => state.refuse(&error),
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let words = domains.get_untracked();
        let words = words.split([' ', ',', ';', '\n']).map(str::trim).filter(|word| !word.is_empty());
        let settings = AccountSettings {
            registration: RegistrationSettings {
                open: open.get_untracked(),
                domains: words.map(str::to_owned).collect(),
                needs_approval: needs_approval.get_untracked(),
            },
            second_factor: SecondFactorSettings { demanded_of_staff: demanded.get_untracked() },
        };
        spawn_local(async move {
            match adit_api_client::set_account_settings(&settings).await {
                Ok(()) => {
                    problem.set(String::new());
                    state.say("Saved.");
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <Panel title="Registration and second factor">
            <form class="flex flex-col gap-3" aria-label="Registration" on:submit=submit>
                <Check label="People may register by themselves" value=open/>
                <Show when=move || open.get()>
                    <div class="flex flex-col gap-3 pl-6">
                        <Check label="An administrator has to approve each account" value=needs_approval/>
                        <Text label="Allowed mail domains" value=domains placeholder="hospital.org university.edu" hint="With spaces between them; empty: all"/>
                    </div>
                </Show>
                <Check label="Administrators need a second factor (from the next log-in on)" value=demanded/>
                <Problem text=problem/>
                <button class="btn btn-primary btn-sm self-start" type="submit">"Save"</button>
            </form>
        </Panel>
    }
}
