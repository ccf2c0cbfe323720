//! Form fields with a label each, bound to a signal.

use std::sync::atomic::{AtomicUsize, Ordering};

use leptos::prelude::*;

/// An id for a hint, so that it describes its field without being part of its name.
fn hint_id() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("hint-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The hint below a field.
#[component]
fn Hint(id: String, text: String) -> impl IntoView {
    (!text.is_empty()).then(|| view! { <p id=id class="text-xs text-base-content/75">{text}</p> })
}

/// One line of text.
#[component]
pub fn Text(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] kind: String,
    #[prop(optional, into)] placeholder: String,
    #[prop(optional, into)] autocomplete: String,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    let kind = if kind.is_empty() { "text".to_owned() } else { kind };
    let autocomplete = if autocomplete.is_empty() { "off".to_owned() } else { autocomplete };
    let id = hint_id();
    let described = (!hint.is_empty()).then(|| id.clone());
    view! {
        <div class="flex flex-col gap-1">
        <label class="flex flex-col gap-1 text-sm">
            <span class="font-medium">{label}</span>
            <input class="input input-sm w-full" aria-describedby=described type=kind placeholder=placeholder autocomplete=autocomplete disabled=move || disabled.get()
                prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event))/>
            </label>
        <Hint id=id text=hint/>
        </div>
    }
}

/// Several lines.
#[component]
pub fn TextArea(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] placeholder: String,
) -> impl IntoView {
    let id = hint_id();
    let described = (!hint.is_empty()).then(|| id.clone());
    view! {
        <div class="flex flex-col gap-1">
        <label class="flex flex-col gap-1 text-sm">
            <span class="font-medium">{label}</span>
            <textarea class="textarea textarea-sm h-24 w-full font-mono text-xs" aria-describedby=described placeholder=placeholder spellcheck="false"
                prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event))></textarea>
            </label>
        <Hint id=id text=hint/>
        </div>
    }
}

/// One of several values, each with its text.
#[component]
pub fn Select(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    #[prop(optional, into)] hint: Signal<String>,
) -> impl IntoView {
    let id = hint_id();
    let described = id.clone();
    view! {
        <div class="flex flex-col gap-1">
        <label class="flex flex-col gap-1 text-sm">
            <span class="font-medium">{label}</span>
            <select class="select select-sm w-full" aria-describedby=described on:change=move |event| value.set(event_target_value(&event))>
                {move || options.get().into_iter().map(|(key, text)| {
                    let chosen = value.get_untracked() == key;
                    view! { <option value=key selected=chosen>{text}</option> }
                }).collect_view()}
            </select>
        </label>
        <p id=id class="text-xs text-base-content/75">{move || hint.get()}</p>
        </div>
    }
}

/// One of a group of choices; `value` holds the key of the chosen one.
#[component]
pub fn Radio(
    #[prop(into)] label: String,
    group: &'static str,
    key: &'static str,
    value: RwSignal<&'static str>,
) -> impl IntoView {
    view! {
        <label class="flex cursor-pointer items-center gap-2 text-sm">
            <input class="radio radio-sm" type="radio" name=group prop:checked=move || value.get() == key on:change=move |_| value.set(key)/>
            {label}
        </label>
    }
}

/// A whole number.
#[component]
pub fn Number(
    #[prop(into)] label: String,
    value: RwSignal<u32>,
    #[prop(optional, into)] hint: String,
) -> impl IntoView {
    let id = hint_id();
    let described = (!hint.is_empty()).then(|| id.clone());
    view! {
        <div class="flex flex-col gap-1">
        <label class="flex flex-col gap-1 text-sm">
            <span class="font-medium">{label}</span>
            <input class="input input-sm w-full" aria-describedby=described type="number" min="0" prop:value=move || value.get().to_string()
                on:input=move |event| value.set(event_target_value(&event).parse().unwrap_or(0))/>
            </label>
        <Hint id=id text=hint/>
        </div>
    }
}

/// A box to tick.
#[component]
pub fn Check(
    #[prop(into)] label: String,
    value: RwSignal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    view! {
        <label class="flex cursor-pointer items-start gap-2 text-sm">
            <input class="checkbox checkbox-sm mt-0.5" type="checkbox" disabled=move || disabled.get() prop:checked=move || value.get() on:change=move |event| value.set(event_target_checked(&event))/>
            <span>{label}</span>
        </label>
    }
}
