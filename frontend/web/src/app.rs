//! Log-in or pages, and the frame around them.

use adit_domain::Right;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::{A, Route, Router, Routes};
use leptos_router::path;

use crate::context::{Shared, shared};
use crate::features::account::{AccountPage, apply_theme};
use crate::features::admin::{GroupPage, GroupsPage, OverviewPage, SettingsPage};
use crate::features::audit::AuditPage;
use crate::features::jobs::{JobPage, JobsPage};
use crate::features::login::{LinkPage, LoginPage};
use crate::features::people::PeoplePage;
use crate::features::projects::ProjectsPage;
use crate::features::rules::RulesPage;
use crate::features::servers::ServersPage;
use crate::features::transfer::TransferPage;
use crate::frame::{GroupSwitch, NoticeBar};
use crate::ui::{Spinner, Toasts};

/// Where links of letters lead; it needs no session, and is looked at before one is asked for.
const LINK: &str = "/link";

#[component]
pub fn App() -> impl IntoView {
    provide_context(Shared::new());
    if window().location().pathname().is_ok_and(|path| path == LINK) {
        return view! { <LinkPage/><Toasts/> }.into_any();
    }
    view! { <Known/> }.into_any()
}

/// The log-in, or the pages of who is logged in.
#[component]
fn Known() -> impl IntoView {
    let state = shared();
    spawn_local(async move { state.session.set(Some(adit_api_client::session().await.ok())) });
    Effect::new(move |_| {
        if state.session.get().flatten().is_some() {
            spawn_local(async move {
                // Without them one can work all the same.
                let value = adit_api_client::preferences().await.unwrap_or_else(|_| serde_json::json!({}));
                if let Some(theme) = value["theme"].as_str() {
                    apply_theme(theme);
                }
                state.preferences.set(value);
            });
        }
    });
    // Pages begin with what was chosen last time, so that has to be there first.
    let known = Memo::new(move |_| match state.session.get() {
        Some(Some(_)) if state.preferences.with(serde_json::Value::is_null) => None,
        session => session.map(|session| session.is_some()),
    });
    view! {
        {move || match known.get() {
            None => view! { <div class="grid min-h-screen place-items-center"><Spinner label="Loading"/></div> }.into_any(),
            Some(false) => view! { <LoginPage/> }.into_any(),
            Some(true) => view! { <Pages/> }.into_any(),
        }}
        <Toasts/>
    }
}

#[component]
fn Pages() -> impl IntoView {
    view! {
        <Router>
            <Frame/>
            <NoticeBar/>
            <main id="main" class="mx-auto max-w-7xl px-4 py-6">
                <Routes fallback=|| view! { <h1 class="text-xl font-semibold">"There is no such page"</h1> }>
                    <Route path=path!("/") view=TransferPage/>
                    <Route path=path!("/jobs") view=JobsPage/>
                    <Route path=path!("/jobs/:id") view=JobPage/>
                    <Route path=path!("/projects") view=ProjectsPage/>
                    <Route path=path!("/rules") view=RulesPage/>
                    <Route path=path!("/servers") view=ServersPage/>
                    <Route path=path!("/people") view=PeoplePage/>
                    <Route path=path!("/admin") view=OverviewPage/>
                    <Route path=path!("/admin/groups") view=GroupsPage/>
                    <Route path=path!("/admin/groups/:id") view=GroupPage/>
                    <Route path=path!("/admin/settings") view=SettingsPage/>
                    <Route path=path!("/audit") view=AuditPage/>
                    <Route path=path!("/account") view=AccountPage/>
                </Routes>
            </main>
        </Router>
    }
}

#[component]
fn Frame() -> impl IntoView {
    let state = shared();
    let name = move || state.session.get().flatten().map(|session| session.username).unwrap_or_default();
    let log_out = move |_| {
        spawn_local(async move {
            match adit_api_client::log_out().await {
                Ok(()) => state.session.set(Some(None)),
                Err(error) => state.refuse(&error),
            }
        });
    };
    let link =
        "rounded-field px-2 py-2 hover:bg-base-200 aria-[current=page]:font-semibold aria-[current=page]:text-primary";
    view! {
        <header class="border-b border-base-300 bg-base-100">
            <div class="mx-auto flex max-w-7xl flex-wrap items-center gap-2 px-4 py-2">
                <span class="mr-4 text-lg font-bold tracking-wide text-primary">"ADIT"</span>
                <nav aria-label="Pages" class="order-last flex w-full flex-wrap text-sm sm:order-none sm:w-auto sm:gap-x-2 sm:text-base">
                    <A href="/" exact=true attr:class=link>"Transfer"</A>
                    <A href="/jobs" attr:class=link>"Jobs"</A>
                    <Show when=move || state.is_staff()>
                        <A href="/projects" attr:class=link>"Projects"</A>
                        <A href="/rules" attr:class=link>"Rules"</A>
                        <A href="/people" attr:class=link>"People"</A>
                    </Show>
                    <A href="/servers" attr:class=link>"Servers"</A>
                    <Show when=move || state.is_staff()><A href="/admin" attr:class=link>"Administration"</A></Show>
                    <Show when=move || state.may(Right::ReadAudit)><A href="/audit" attr:class=link>"Audit"</A></Show>
                </nav>
                <div class="ml-auto flex items-center gap-1">
                    <GroupSwitch/>
                    <A href="/account" attr:class=link>{name}</A>
                    <button class="btn btn-ghost btn-sm" on:click=log_out>"Log out"</button>
                </div>
            </div>
        </header>
    }
}
