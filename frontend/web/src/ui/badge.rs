//! A state in one word and colour.

use leptos::prelude::*;

#[component]
pub fn Badge(#[prop(into)] state: Signal<(&'static str, &'static str)>) -> impl IntoView {
    view! { <span class=move || format!("badge badge-sm whitespace-nowrap {}", state.get().1)>{move || state.get().0}</span> }
}
