//! The series of a study, to be chosen one by one.

use adit_api::search::{SeriesQuery, SeriesRow, StudyRow};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::selection::Selection;
use crate::ui::{Problem, Spinner};

#[component]
pub fn SeriesList(row: StudyRow, selection: Selection) -> impl IntoView {
    let series = RwSignal::new(None::<Vec<SeriesRow>>);
    let problem = RwSignal::new(String::new());
    let study = StoredValue::new(row.clone());
    spawn_local(async move {
        let Ok(source) = row.source.parse() else { return };
        let query = SeriesQuery { source, patient_id: row.patient_id, study_instance_uid: row.study_instance_uid };
        match adit_api_client::series(&query).await {
            Ok(rows) => series.set(Some(rows)),
            Err(error) => problem.set(error.detail),
        }
    });
    let line = move |row: SeriesRow, all: StoredValue<Vec<String>>| {
        let uid = StoredValue::new(row.series_instance_uid);
        let number = row.series_number.map(|number| number.to_string()).unwrap_or_default();
        let count = row.instance_count.map_or_else(String::new, |count| count.to_string());
        let label = format!("Choose series {number} {}", row.series_description);
        view! {
            <tr>
                <td><input class="checkbox checkbox-xs" type="checkbox" aria-label=label prop:checked=move || selection.has_series(&study.get_value(), &uid.get_value())
                    on:change=move |event| selection.set_series(&study.get_value(), &uid.get_value(), event_target_checked(&event), &all.get_value())/></td>
                <td>{number}</td><td>{row.modality}</td><td>{row.series_description}</td><td class="text-right">{count}</td>
                <td>{row.is_document.then_some("stays behind when pseudonymised")}</td>
            </tr>
        }
    };
    view! {
        <Problem text=problem/>
        {move || match series.get() {
            None if problem.get().is_empty() => view! { <Spinner label="Loading series"/> }.into_any(),
            None => ().into_any(),
            Some(rows) => {
                let all = StoredValue::new(rows.iter().map(|row| row.series_instance_uid.clone()).collect::<Vec<_>>());
                view! {
                    <table class="table table-xs max-w-3xl">
                        <thead><tr><th><span class="sr-only">"Choose"</span></th><th>"No."</th><th>"Modality"</th><th>"Description"</th><th class="text-right">"Images"</th><th><span class="sr-only">"Remark"</span></th></tr></thead>
                        <tbody>{rows.into_iter().map(|row| line(row, all)).collect_view()}</tbody>
                    </table>
                }.into_any()
            }
        }}
    }
}
