//! What de-identification did to the images of a task.

use adit_api::projects::ReportSummary;
use adit_domain::deidentification::ReasonCount;
use leptos::prelude::*;

use crate::format::counted;

fn images(count: u64) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), "image", "images")
}

#[component]
pub fn ReportTable(summary: ReportSummary) -> impl IntoView {
    let ReportSummary { report, totals } = summary;
    let totals: Vec<String> = totals.iter().map(|total| format!("{} {}", total.count, total.reason)).collect();
    let pixels = [
        (report.blacked_out, "with blacked-out regions"),
        (report.scrubbed, "with blanked texts between or behind the pixels"),
    ];
    let pixels: Vec<String> = pixels
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", images(*count)))
        .collect();
    let search = if report.stopped.is_empty() {
        format!("{} searched for the patient's identifiers afterwards: none was found.", images(report.searched))
    } else {
        format!("{} searched for the patient's identifiers afterwards; some were stopped.", images(report.searched))
    };
    let reasons = |reasons: Vec<ReasonCount>, verb: &'static str| {
        let line = move |one: ReasonCount| view! { <li>{format!("{} {verb}: {}", images(one.count), one.reason)}</li> };
        reasons.into_iter().map(line).collect_view()
    };
    let lines = report.changes.into_iter().map(|change| {
        let name = if change.keyword.is_empty() { "Private or unknown".to_owned() } else { change.keyword };
        view! { <tr><td>{name}<span class="ml-2 font-mono text-xs text-base-content/75">{change.path}</span></td><td>{change.what}</td><td>{change.why}</td><td class="text-right">{change.count}</td></tr> }
    }).collect_view();
    let more = report.changes_left_out;
    view! {
        <section class="mb-4" aria-label="De-identification">
            <h3 class="mb-1 text-sm font-semibold">"De-identification"</h3>
            <p class="text-sm">{format!("{} by {}. Attributes: {}.", images(report.images), report.profile, totals.join(", "))}</p>
            {(!report.pseudonyms.is_empty()).then(|| view! { <p class="text-sm">{format!("Pseudonym: {}", report.pseudonyms.join(", "))}</p> })}
            {(!pixels.is_empty()).then(|| view! { <p class="text-sm">{pixels.join("; ")}"."</p> })}
            <p class="text-sm">{search}</p>
            <ul class="mb-2 list-inside list-disc text-sm">{reasons(report.stopped, "stopped")}{reasons(report.held_back, "left behind")}</ul>
            <div class="max-h-80 overflow-auto" tabindex="0" role="region" aria-label="Changed attributes">
                <table class="table table-xs">
                    <thead><tr><th>"Attribute"</th><th>"What"</th><th>"Why"</th><th class="text-right">"Times"</th></tr></thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
            {(more > 0).then(|| view! { <p class="text-sm">{format!("and {more} more lines in the report of the job")}</p> })}
        </section>
    }
}
