//! What a rule would do, shown before it does it.

use adit_api::rules::{DryRun, DryRunMatch};
use leptos::prelude::*;

use crate::features::jobs::moment;
use crate::format::counted;

/// `searched`: the studies were found by a search, so that there is no time of arrival.
#[component]
pub fn DryRunResult(result: DryRun, searched: bool) -> impl IntoView {
    let shown = result.matches.len() as u64;
    let more = result.matched.saturating_sub(shown);
    let summary = summary(&result, searched);
    let row = move |one: DryRunMatch| {
        let (matching, all) = one.series;
        view! {
            <tr>
                {(!searched).then(|| view! { <td class="sm:whitespace-nowrap">{moment(one.at)}</td> })}
                <td>{one.label}</td>
                <td>{one.images}</td>
                <td class="whitespace-nowrap">{format!("{matching} of {all}")}</td>
                <td>{if one.fired { "yes" } else { "no" }}</td>
            </tr>
        }
    };
    view! {
        <section class="mt-4 rounded-field border border-base-300 p-3" aria-label="Result of the trial">
            <p class="text-sm" role="status">{summary}</p>
            {(shown > 0).then(|| view! {
                <div class="mt-2 max-h-96 overflow-auto" tabindex="0" role="region" aria-label="Studies that match">
                    <table class="table table-sm">
                        <thead><tr>
                            {(!searched).then(|| view! { <th>"Arrived"</th> })}
                            <th>"Study"</th><th>"Images"</th><th>"Series that match"</th><th>"Transferred already"</th>
                        </tr></thead>
                        <tbody>{result.matches.into_iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
            })}
            {(more > 0).then(|| view! { <p class="mt-2 text-sm">{format!("And {more} more.")}</p> })}
        </section>
    }
}

/// The result in a sentence or two.
fn summary(result: &DryRun, searched: bool) -> String {
    let count = |number: u64| counted(usize::try_from(number).unwrap_or(usize::MAX), "study", "studies");
    match (result.looked_at, result.matched, searched) {
        (0, _, true) => "The search finds no studies at present. Nothing was transferred.".to_owned(),
        (0, _, false) => {
            "Nothing has arrived lately that the rule could be tried on. Save it, then send a test study.".to_owned()
        }
        (looked_at, 0, _) => format!("{} looked at, none of them matches. Nothing was transferred.", count(looked_at)),
        (looked_at, 1, _) => format!("{} looked at, 1 of them matches. Nothing was transferred now.", count(looked_at)),
        (looked_at, matched, _) => {
            format!("{} looked at, {matched} of them match. Nothing was transferred now.", count(looked_at))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_told_in_a_sentence() {
        let result = |looked_at, matched| DryRun { looked_at, matched, matches: Vec::new() };
        assert!(summary(&result(0, 0), false).contains("send a test study"));
        assert!(summary(&result(0, 0), true).contains("finds no studies"));
        assert!(summary(&result(1, 0), true).starts_with("1 study looked at, none"));
        assert!(summary(&result(12, 3), false).starts_with("12 studies looked at, 3 of them match."));
        assert!(summary(&result(12, 1), false).starts_with("12 studies looked at, 1 of them matches."));
    }
}
