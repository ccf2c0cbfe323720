//! Light or dark. The browser remembers it for the first paint, the account for other browsers.

use leptos::prelude::*;

use crate::context::shared;
use crate::ui::Panel;

/// Where the browser keeps it; `theme.js` reads it.
const KEY: &str = "adit-theme";

fn stored() -> String {
    let storage = window().local_storage().ok().flatten();
    storage.and_then(|storage| storage.get_item(KEY).ok().flatten()).unwrap_or_else(|| "auto".to_owned())
}

/// Shows a theme (`auto`, `light` or `dark`) from now on in this browser.
pub fn apply_theme(name: &str) {
    if let Some(storage) = window().local_storage().ok().flatten() {
        let _ = storage.set_item(KEY, name);
    }
    if let Some(root) = document().document_element() {
        let _ = if name == "auto" {
            root.remove_attribute("data-theme")
        } else {
            root.set_attribute("data-theme", &format!("adit-{name}"))
        };
    }
}

#[component]
pub fn ThemePanel() -> impl IntoView {
    let state = shared();
    let theme = RwSignal::new(stored());
    let choose = move |name: &'static str| {
        theme.set(name.to_owned());
        apply_theme(name);
        state.prefer("theme", name);
    };
    let option = move |name: &'static str, label: &'static str| {
        view! {
            <label class="flex cursor-pointer items-center gap-2 text-sm">
                <input class="radio radio-sm" type="radio" name="theme" prop:checked=move || theme.get() == name on:change=move |_| choose(name)/>
                {label}
            </label>
        }
    };
    view! {
        <Panel title="Appearance">
            <div class="flex flex-wrap gap-x-6 gap-y-2" role="radiogroup" aria-label="Appearance">
                {option("auto", "As the system")}{option("light", "Light")}{option("dark", "Dark")}
            </div>
        </Panel>
    }
}
