//! An account for somebody, who gets a letter and chooses a password.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{PersonFields, PersonForm};
use crate::context::shared;
use crate::ui::{Panel, Problem};

#[component]
pub fn Invite(done: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let fields = PersonFields::new();
    let problem = RwSignal::new(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            let account = fields.value();
            match adit_api_client::invite(&account).await {
                Ok(()) => {
                    state.say(format!("A mail is on its way to {}.", account.email));
                    done();
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <div class="mb-4">
            <Panel title="Invite a person">
                <form class="flex flex-col gap-3" aria-label="Invitation" on:submit=submit>
                    <p class="text-sm">"The person gets a mail with a link, chooses a password and can log in at once."</p>
                    <PersonForm fields=fields/>
                    <Problem text=problem/>
                    <div class="flex gap-2">
                        <button class="btn btn-primary btn-sm" type="submit">"Send invitation"</button>
                        <button class="btn btn-sm" type="button" on:click=move |_| done()>"Close"</button>
                    </div>
                </form>
            </Panel>
        </div>
    }
}
