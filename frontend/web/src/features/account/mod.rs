//! The own account: theme and password.

use adit_api::session::PasswordChange;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::{Panel, Problem, Text};

#[component]
pub fn AccountPage() -> impl IntoView {
    let state = shared();
    let facts = move || {
        state.session.get().flatten().map(|session| {
            let port = session.scp_port.map_or_else(|| "not running".to_owned(), |port| port.to_string());
            view! {
                <dl class="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1 text-sm">
                    <dt class="font-medium">"User"</dt><dd>{session.username}</dd>
                    <dt class="font-medium">"Rights"</dt><dd>{if session.staff { "Administrator" } else { "User" }}</dd>
                    <dt class="font-medium">"AE title of this ADIT"</dt><dd>{session.ae_title}</dd>
                    <dt class="font-medium">"DICOM port of this ADIT"</dt><dd>{port}</dd>
                    <dt class="font-medium">"Version"</dt><dd>{session.version}</dd>
                </dl>
            }
        })
    };
    view! {
        <h1 class="mb-4 text-xl font-semibold">"Account"</h1>
        <div class="grid gap-4 lg:grid-cols-2">
            <Panel title="About">{facts}<p class="mt-3 text-sm">"For scripts: the "<a class="link" href="/api/docs" rel="external" target="_blank">"description of the interface"</a>"."</p></Panel>
            <ThemePanel/>
            <PasswordPanel/>
        </div>
    }
}

#[component]
fn ThemePanel() -> impl IntoView {
    let stored =
        window().local_storage().ok().flatten().and_then(|storage| storage.get_item("adit-theme").ok().flatten());
    let theme = RwSignal::new(stored.unwrap_or_else(|| "auto".to_owned()));
    let choose = move |name: &'static str| {
        theme.set(name.to_owned());
        if let Some(storage) = window().local_storage().ok().flatten() {
            let _ = storage.set_item("adit-theme", name);
        }
        if let Some(root) = document().document_element() {
            let _ = if name == "auto" {
                root.remove_attribute("data-theme")
            } else {
                root.set_attribute("data-theme", &format!("adit-{name}"))
            };
        }
    };
    let option = move |name: &'static str, label: &'static str| {
        view! {
            <label class="flex cursor-pointer items-center gap-2 text-sm">
                <input class="radio radio-sm" type="radio" name="theme" prop:checked=move || theme.get() == name on:change=move |_| choose(name)/>
                {label}
            </label>
        }
    };
    view! {
        <Panel title="Appearance">
            <div class="flex flex-col gap-2" role="radiogroup" aria-label="Appearance">
                {option("auto", "As the system")}{option("light", "Light")}{option("dark", "Dark")}
            </div>
        </Panel>
    }
}

#[component]
fn PasswordPanel() -> impl IntoView {
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
            <form class="flex flex-col gap-3" on:submit=submit>
                <Text label="Present password" value=old kind="password" autocomplete="current-password"/>
                <Text label="New password" value=new kind="password" autocomplete="new-password" hint="12 characters or more"/>
                <Text label="New password again" value=again kind="password" autocomplete="new-password"/>
                <Problem text=problem/>
                <button class="btn btn-primary btn-sm self-start" type="submit">"Change password"</button>
            </form>
        </Panel>
    }
}
