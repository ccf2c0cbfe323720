//! A text that is shown once, with a button that copies it.

use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::context::shared;

/// Copies to the clipboard; where the browser does not allow that, the text is marked instead.
#[component]
pub fn Secret(#[prop(into)] label: String, #[prop(into)] text: String) -> impl IntoView {
    let state = shared();
    let field: NodeRef<Input> = NodeRef::new();
    let stored = StoredValue::new(text.clone());
    let copy = move |_| {
        if let Some(field) = field.get_untracked() {
            field.select();
        }
        // Without https there is no clipboard, whatever the types say.
        if !window().is_secure_context() {
            state.say("Press Ctrl+C to copy what is marked.");
            return;
        }
        let writing = window().navigator().clipboard().write_text(&stored.get_value());
        spawn_local(async move {
            match JsFuture::from(writing).await {
                Ok(_) => state.say("Copied."),
                Err(_) => state.say("Press Ctrl+C to copy what is marked."),
            }
        });
    };
    view! {
        <div class="flex items-end gap-2">
            <label class="flex grow flex-col gap-1 text-sm">
                <span class="font-medium">{label}</span>
                <input node_ref=field class="input input-sm w-full font-mono" type="text" readonly prop:value=text/>
            </label>
            <button class="btn btn-sm" type="button" on:click=copy>"Copy"</button>
        </div>
    }
}
