//! A bar with figures.

use adit_domain::Timestamp;
use adit_domain::task::Progress;
use leptos::prelude::*;

use crate::format::{bytes, duration, step};

/// A moment in the reader's own time zone and habit.
pub fn moment(at: Timestamp) -> String {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit exactly")]
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at.0 as f64));
    date.to_locale_string("en-GB", &wasm_bindgen::JsValue::UNDEFINED).into()
}

/// Instances done of total, speed, step, time left.
#[component]
pub fn Bar(#[prop(into)] progress: Signal<Progress>, #[prop(into)] running: Signal<bool>) -> impl IntoView {
    let figures = move || {
        let now = progress.get();
        let mut parts = vec![format!("{} of {} images", now.delivered, now.expected)];
        if running.get() {
            parts.push(step(now.step).to_owned());
            parts.push(format!("{}/s", bytes(now.bytes_per_second)));
            parts.extend(now.eta_s.map(|left| format!("{} left", duration(left))));
        }
        if now.failed > 0 {
            parts.push(format!("{} failed", now.failed));
        }
        if now.held_back > 0 {
            parts.push(format!("{} held back", now.held_back));
        }
        if now.verified > 0 {
            parts.push(format!("{} verified", now.verified));
        }
        parts.join(" · ")
    };
    view! {
        <div class="flex flex-col gap-1">
            <progress class="progress progress-primary w-full" aria-label="Images at the destination" prop:value=move || progress.get().delivered.to_string() prop:max=move || progress.get().expected.max(1).to_string()></progress>
            <span class="text-xs text-base-content/75">{figures}</span>
        </div>
    }
}
