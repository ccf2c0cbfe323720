//! Administration: how the installation does, groups, settings.

mod broadcast;
mod groups;
mod overview;
mod settings;

use leptos::prelude::*;
use leptos_router::components::A;

pub use groups::{GroupPage, GroupsPage};
pub use overview::OverviewPage;
pub use settings::SettingsPage;

use crate::context::shared;

/// The pages of administration, for administrators only.
#[component]
pub fn Administration(#[prop(into)] title: Signal<String>, children: ChildrenFn) -> impl IntoView {
    let state = shared();
    let tab = "rounded-field px-3 py-1.5 text-sm hover:bg-base-200 aria-[current=page]:bg-primary aria-[current=page]:text-primary-content";
    view! {
        <h1 class="mb-3 text-xl font-semibold">{move || title.get()}</h1>
        <Show when=move || state.is_staff() fallback=|| view! { <p>"Only administrators see this page."</p> }>
            <nav aria-label="Administration" class="mb-4 flex flex-wrap gap-1 border-b border-base-300 pb-2">
                <A href="/admin" exact=true attr:class=tab>"Overview"</A>
                <A href="/admin/groups" attr:class=tab>"Groups and rights"</A>
                <A href="/admin/settings" attr:class=tab>"Settings and mail"</A>
            </nav>
            {children()}
        </Show>
    }
}
