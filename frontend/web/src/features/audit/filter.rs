//! What is searched for.

use adit_api::audit::{AuditQuery, ExportQuery, KINDS};
use adit_api::nodes::NodeView;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::verify::Verify;
use crate::ui::{Select, Text};

/// All filters as signals.
#[derive(Clone, Copy)]
pub struct Fields {
    from: RwSignal<String>,
    to: RwSignal<String>,
    person: RwSignal<String>,
    kind: RwSignal<String>,
    outcome: RwSignal<String>,
    node: RwSignal<String>,
    job: RwSignal<String>,
    study: RwSignal<String>,
}

impl Fields {
    pub fn new() -> Self {
        let [from, to, person, kind, outcome, node, job, study] = std::array::from_fn(|_| RwSignal::new(String::new()));
        Self { from, to, person, kind, outcome, node, job, study }
    }

    /// The query as entered, or what cannot be understood.
    pub fn query(self) -> Result<AuditQuery, String> {
        let text =
            |field: RwSignal<String>| Some(field.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
        let job = text(self.job)
            .map(|id| id.parse().map_err(|_| "This is no id of a job. Copy it from the job's address.".to_owned()));
        Ok(AuditQuery {
            from: moment_of(&self.from.get_untracked()),
            to: moment_of(&self.to.get_untracked()),
            kind: text(self.kind),
            outcome: text(self.outcome).and_then(|code| code.parse().ok()),
            person: text(self.person),
            node: text(self.node).and_then(|id| id.parse().ok()),
            job: job.transpose()?,
            study: text(self.study),
            limit: None,
            after: None,
        })
    }

    /// The time alone, as it is now.
    fn span(self) -> ExportQuery {
        ExportQuery { from: moment_of(&self.from.get()), to: moment_of(&self.to.get()) }
    }
}

/// A local date and time of a field in milliseconds since 1970.
fn moment_of(text: &str) -> Option<i64> {
    let moment = js_sys::Date::new(&text.into()).get_time();
    #[expect(clippy::cast_possible_truncation, reason = "a date in milliseconds is far below the limit")]
    (!text.is_empty() && moment.is_finite()).then_some(moment as i64)
}

#[component]
pub fn FilterForm(fields: Fields, search: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let nodes = RwSignal::new(Vec::<NodeView>::new());
    spawn_local(async move {
        // Without the servers there is one filter less.
        if let Ok(all) = adit_api_client::nodes().await {
            nodes.try_set(all);
        }
    });
    let servers = Signal::derive(move || {
        let mut options = vec![(String::new(), "All".to_owned())];
        options.extend(nodes.get().into_iter().map(|node| (node.id.to_string(), node.config.name)));
        options
    });
    let named = |(kind, title): &(&str, &str)| ((*kind).to_owned(), (*title).to_owned());
    let kinds = Signal::stored(std::iter::once(&("", "All")).chain(&KINDS).map(named).collect::<Vec<_>>());
    let outcomes = Signal::stored(
        [("", "All"), ("0", "Success"), ("4", "Minor failure"), ("8", "Refused or failed"), ("12", "Major failure")]
            .map(|(code, title)| (code.to_owned(), title.to_owned()))
            .to_vec(),
    );
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        search();
    };
    let export = move || adit_api_client::audit_export_address(&fields.span());
    view! {
        <form class="mb-4 rounded-box border border-base-300 bg-base-100 p-4" aria-label="Filter" on:submit=submit>
            <div class="grid grid-cols-1 items-start gap-3 sm:grid-cols-2 lg:grid-cols-4">
                <Text label="From" value=fields.from kind="datetime-local"/>
                <Text label="To" value=fields.to kind="datetime-local"/>
                <Text label="Done by (user name)" value=fields.person/>
                <Select label="Kind" value=fields.kind options=kinds/>
                <Select label="Outcome" value=fields.outcome options=outcomes/>
                <Select label="Server or folder" value=fields.node options=servers/>
                <Text label="Job id" value=fields.job/>
                <Text label="Study Instance UID" value=fields.study/>
            </div>
            <div class="mt-3 flex flex-wrap items-center gap-2">
                <button class="btn btn-primary btn-sm" type="submit">"Search"</button>
                <a class="btn btn-sm" rel="external" download href=export>"Export as file"</a>
                <Verify/>
            </div>
            <p class="mt-2 text-xs text-base-content/75">"The export holds everything of the time from – to as FHIR AuditEvents, a line each, with patient IDs."</p>
        </form>
    }
}
