//! Small components.

mod badge;
mod cards;
mod confirm;
mod field;
mod qr;
mod secret;
mod toasts;

pub use badge::Badge;
pub use cards::Cards;
pub use confirm::Confirm;
pub use field::{Check, Number, Radio, Select, Text, TextArea};
pub use qr::Qr;
pub use secret::Secret;
pub use toasts::Toasts;

use leptos::prelude::*;

/// A turning wheel with a name for those who do not see it.
#[component]
pub fn Spinner(#[prop(into)] label: String) -> impl IntoView {
    view! { <span class="loading loading-spinner" role="status" aria-label=label></span> }
}

/// A box with a heading.
#[component]
pub fn Panel(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <section class="rounded-box border border-base-300 bg-base-100 p-4">
            <h2 class="mb-3 text-base font-semibold">{title}</h2>
            {children()}
        </section>
    }
}

/// A sentence that something is wrong.
#[component]
pub fn Problem(#[prop(into)] text: Signal<String>) -> impl IntoView {
    view! {
        <Show when=move || !text.get().is_empty()>
            <div role="alert" class="alert alert-error alert-soft my-2 text-base-content">{move || text.get()}</div>
        </Show>
    }
}
