//! Messages in the corner.

use leptos::prelude::*;

use crate::context::shared;

#[component]
pub fn Toasts() -> impl IntoView {
    let state = shared();
    view! {
        <div class="toast toast-top toast-end z-50" aria-live="polite">
            <For each=move || state.toasts.get() key=|toast| toast.id let:toast>
                <div role="status" class=if toast.is_error { "alert alert-error max-w-md whitespace-normal" } else { "alert alert-info max-w-md whitespace-normal" }>
                    <span>{toast.text.clone()}</span>
                    <button class="btn btn-ghost btn-xs text-current" aria-label="Close message" on:click=move |_| state.toasts.update(|all| all.retain(|one| one.id != toast.id))>"✕"</button>
                </div>
            </For>
        </div>
    }
}
