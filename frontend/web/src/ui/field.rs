//! Form fields with a label each, bound to a signal.

use leptos::prelude::*;

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
    view! {
        <label class="flex flex-col gap-1 text-sm">
            <span class="font-medium">{label}</span>
            <input class="input input-sm w-full" type=kind placeholder=placeholder autocomplete=autocomplete disabled=move || disabled.get()
                prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event))/>
            {(!hint.is_empty()).then(|| view! { <span class="text-xs text-base-content/75">{hint}</span> })}
        </label>
    }
}

/// Several lines.
#[component]
pub fn TextArea(#[prop(into)] label: String, value: RwSignal<String>, #[prop(optional, into)] hint: String, #[prop(optional, into)] placeholder: String) -> impl IntoView {
    view! {
        <label class="flex flex-col gap-1 text-sm">
            <span class="font-medium">{label}</span>
            <textarea class="textarea textarea-sm h-24 w-full font-mono text-xs" placeholder=placeholder spellcheck="false"
                prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event))></textarea>
            {(!hint.is_empty()).then(|| view! { <span class="text-xs text-base-content/75">{hint}</span> })}
        </label>
    }
}

/// A whole number.
#[component]
pub fn Number(#[prop(into)] label: String, value: RwSignal<u32>, #[prop(optional, into)] hint: String) -> impl IntoView {
    view! {
        <label class="flex flex-col gap-1 text-sm">
            <span class="font-medium">{label}</span>
            <input class="input input-sm w-full" type="number" min="0" prop:value=move || value.get().to_string()
                on:input=move |event| value.set(event_target_value(&event).parse().unwrap_or(0))/>
            {(!hint.is_empty()).then(|| view! { <span class="text-xs text-base-content/75">{hint}</span> })}
        </label>
    }
}

/// A box to tick.
#[component]
pub fn Check(#[prop(into)] label: String, value: RwSignal<bool>, #[prop(optional, into)] hint: String, #[prop(optional, into)] disabled: Signal<bool>) -> impl IntoView {
    view! {
        <label class="flex cursor-pointer items-start gap-2 text-sm">
            <input class="checkbox checkbox-sm mt-0.5" type="checkbox" disabled=move || disabled.get() prop:checked=move || value.get() on:change=move |event| value.set(event_target_checked(&event))/>
            <span>{label}{(!hint.is_empty()).then(|| view! { <span class="block text-xs text-base-content/75">{hint}</span> })}</span>
        </label>
    }
}
