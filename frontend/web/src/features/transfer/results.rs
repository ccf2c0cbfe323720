//! Studies as they arrive.

use adit_api::search::StudyRow;
use leptos::prelude::*;

use super::page::Found;
use super::selection::{Selection, key};
use super::series::SeriesList;
use crate::format::counted;

#[component]
pub fn Results(found: Found, selection: Selection) -> impl IntoView {
    let summary = move || {
        let count = counted(found.rows.with(Vec::len), "study", "studies");
        if found.searching.get() { format!("{count} so far") } else { format!("{count} found") }
    };
    let remarks = move || {
        found.outcomes.get().into_iter().filter(|outcome| outcome.limited || !outcome.error.is_empty()).map(|outcome| {
            let text = if outcome.limited {
                format!("{} holds more than the {} studies shown. Narrow the search to see the others.", outcome.source_name, outcome.found)
            } else {
                outcome.error
            };
            view! { <div role="alert" class="alert alert-warning alert-soft mb-2 text-sm text-base-content">{text}</div> }
        }).collect_view()
    };
    view! {
        <Show when=move || found.searched.get()>
            <section aria-label="Results">
                <p class="mb-2 text-sm font-medium" aria-live="polite">{summary}</p>
                {remarks}
                <Show when=move || !found.rows.with(Vec::is_empty)>
                    <div class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
                        <table class="table table-sm">
                            <thead><tr>
                                <th><span class="sr-only">"Choose"</span></th><th>"Patient ID"</th><th>"Name"</th><th>"Birth date"</th><th>"Study date"</th><th>"Modalities"</th><th>"Description"</th><th class="text-right">"Images"</th><th>"Server"</th><th><span class="sr-only">"Series"</span></th>
                            </tr></thead>
                            <tbody><For each=move || found.rows.get() key=key let:row><Row row=row selection=selection/></For></tbody>
                        </table>
                    </div>
                </Show>
            </section>
        </Show>
    }
}

#[component]
fn Row(row: StudyRow, selection: Selection) -> impl IntoView {
    let study = StoredValue::new(row.clone());
    let open = RwSignal::new(false);
    let label = format!(
        "Choose {} of {}",
        if row.study_description.is_empty() { "study" } else { &row.study_description },
        row.patient_id
    );
    let count = row.instance_count.map_or_else(|| "?".to_owned(), |count| count.to_string());
    let date = if row.study_date.is_empty() {
        "none".to_owned()
    } else {
        format!("{} {}", row.study_date, row.study_time.get(..5).unwrap_or_default())
    };
    let offline = matches!(row.availability.as_str(), "OFFLINE" | "NEARLINE" | "UNAVAILABLE")
        .then(|| row.availability.to_lowercase());
    view! {
        <tr class="hover:bg-base-200">
            <td><input class="checkbox checkbox-sm" type="checkbox" aria-label=label prop:checked=move || study.with_value(|row| selection.contains(row))
                on:change=move |event| study.with_value(|row| selection.set_study(row, event_target_checked(&event)))/></td>
            <td class="whitespace-nowrap">{row.patient_id}</td>
            <td>{row.patient_name}{row.text_guessed.then(|| view! { <span class="badge badge-xs badge-outline ml-1" title="The server does not say how the text is encoded; this is a best guess.">"guess"</span> })}</td>
            <td class="whitespace-nowrap">{row.patient_birth_date}</td>
            <td class="whitespace-nowrap">{date}</td>
            <td>{row.modalities.join(", ")}</td>
            <td>{row.study_description}{offline.map(|text| view! { <span class="badge badge-xs badge-warning ml-1">{text}</span> })}</td>
            <td class="text-right">{count}</td>
            <td class="whitespace-nowrap">{row.source_name}</td>
            <td><button class="btn btn-ghost btn-xs" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>{move || if open.get() { "Hide series" } else { "Series" }}</button></td>
        </tr>
        <Show when=move || open.get()>
            <tr><td></td><td colspan="9"><SeriesList row=study.get_value() selection=selection/></td></tr>
        </Show>
    }
}
