//! A question before something happens.

use leptos::html::Dialog;
use leptos::prelude::*;

/// A button that asks first. `on_yes` runs after the answer.
#[component]
pub fn Confirm(
    #[prop(into)] label: String,
    #[prop(into)] question: String,
    #[prop(optional)] danger: bool,
    on_yes: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let dialog: NodeRef<Dialog> = NodeRef::new();
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let open = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            let _ = dialog.show_modal();
        }
    };
    let yes = move |_| {
        close();
        on_yes();
    };
    let yes_class = if danger { "btn btn-error btn-sm" } else { "btn btn-primary btn-sm" };
    let (title, yes_label) = (label.clone(), format!("Yes, {}", label.to_lowercase()));
    view! {
        <button class="btn btn-sm" on:click=open>{label}</button>
        <dialog node_ref=dialog class="modal" aria-label=title>
            <div class="modal-box max-w-md">
                <p>{question}</p>
                <div class="modal-action">
                    <button class="btn btn-sm" on:click=move |_| close()>"No"</button>
                    <button class=yes_class on:click=yes>{yes_label}</button>
                </div>
            </div>
        </dialog>
    }
}
