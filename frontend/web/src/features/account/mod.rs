//! The own account: profile, password, second factor, tokens, appearance.

mod factor;
mod password;
mod profile;
mod theme;
mod token_form;
mod tokens;

use adit_api::account::AccountView;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::{Confirm, Panel, Spinner};

use factor::FactorPanel;
pub use factor::{Codes, EnrolForm};
use password::PasswordPanel;
use profile::{EmailPanel, ProfilePanel};
use theme::ThemePanel;
pub use theme::apply_theme;
pub use tokens::TokenList;
use tokens::TokensPanel;

#[component]
pub fn AccountPage() -> impl IntoView {
    let state = shared();
    let account = RwSignal::new(None::<AccountView>);
    let load = move || {
        spawn_local(async move {
            match adit_api_client::account().await {
                Ok(found) => {
                    account.try_set(Some(found));
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    load();
    view! {
        <h1 class="mb-4 text-xl font-semibold">"Account"</h1>
        {move || match account.get() {
            None => view! { <Spinner label="Loading your account"/> }.into_any(),
            Some(account) => view! {
                <div class="grid items-start gap-4 lg:grid-cols-2">
                    <div class="flex flex-col gap-4">
                        <ProfilePanel person=account.person.clone()/>
                        <EmailPanel person=account.person.clone()/>
                        <PasswordPanel has_password=account.person.has_password/>
                    </div>
                    <div class="flex flex-col gap-4">
                        <FactorPanel factor=account.factor load=load/>
                        <SessionsPanel/>
                        <ThemePanel/>
                        <AboutPanel account=account/>
                    </div>
                    <div class="lg:col-span-2"><TokensPanel/></div>
                </div>
            }.into_any(),
        }}
    }
}

#[component]
fn SessionsPanel() -> impl IntoView {
    let state = shared();
    let end = move || {
        spawn_local(async move {
            match adit_api_client::end_other_sessions().await {
                Ok(()) => state.say("You are logged out everywhere else."),
                Err(error) => state.refuse(&error),
            }
        });
    };
    view! {
        <Panel title="Sessions">
            <p class="mb-3 text-sm">"Have you forgotten to log out on another computer?"</p>
            <Confirm label="Log out everywhere else" question="End your sessions on all other computers and browsers? Tokens stay." on_yes=end/>
        </Panel>
    }
}

#[component]
fn AboutPanel(account: AccountView) -> impl IntoView {
    let state = shared();
    let groups: Vec<String> = account.groups.iter().map(|group| group.name.clone()).collect();
    let groups = if groups.is_empty() { "none yet; ask an administrator".to_owned() } else { groups.join(", ") };
    let issuer = account.person.issuer.clone();
    let facts = move || {
        state.session.get().flatten().map(|session| {
            let port = session.scp_port.map_or_else(|| "not running".to_owned(), |port| port.to_string());
            view! {
                <dl class="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1 text-sm">
                    <dt class="font-medium">"User name"</dt><dd>{session.username}</dd>
                    <dt class="font-medium">"Role"</dt><dd>{if session.staff { "Administrator" } else { "User" }}</dd>
                    <dt class="font-medium">"Groups"</dt><dd>{groups.clone()}</dd>
                    {issuer.clone().map(|issuer| view! { <dt class="font-medium">"Logs in at"</dt><dd class="break-all">{issuer}</dd> })}
                    <dt class="font-medium">"AE title of this ADIT"</dt><dd>{session.ae_title}</dd>
                    <dt class="font-medium">"DICOM port of this ADIT"</dt><dd>{port}</dd>
                    <dt class="font-medium">"Version"</dt><dd>{session.version}</dd>
                </dl>
            }
        })
    };
    view! {
        <Panel title="About">{facts}<p class="mt-3 text-sm">"For scripts: the "<a class="link" href="/api/docs" rel="external" target="_blank">"description of the interface"</a>"."</p></Panel>
    }
}
