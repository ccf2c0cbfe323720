//! The trigger "at set times": when, where and what is searched for.

use adit_api::nodes::NodeView;
use adit_domain::rule::{SavedSearch, Trigger};
use leptos::prelude::*;

use super::places::places;
use super::rhythm::{DAYS, HOURLY, OTHER, RHYTHMS, Rhythm, WEEKLY};
use crate::ui::{Number, Select, Text};

/// Key of study dates that are given in days.
const IN_DAYS: &str = "days";
/// Key, words, first and last day before the search.
const DATES: [(&str, &str, u32, u32); 3] =
    [("0", "The same day", 0, 0), ("1", "The day before", 1, 1), ("7", "The seven days before", 7, 1)];

/// The fields as signals.
#[derive(Clone, Copy)]
pub struct ScheduleFields {
    how: RwSignal<String>,
    time: RwSignal<String>,
    day: RwSignal<String>,
    cron: RwSignal<String>,
    time_zone: RwSignal<String>,
    source: RwSignal<String>,
    patient_id: RwSignal<String>,
    modality: RwSignal<String>,
    description: RwSignal<String>,
    dates: RwSignal<String>,
    from: RwSignal<u32>,
    until: RwSignal<u32>,
}

impl ScheduleFields {
    /// What was entered before; else every night for the day before.
    pub fn of(trigger: Option<&Trigger>) -> Self {
        let (cron, zone, source, search) = match trigger {
            Some(Trigger::Schedule { cron, time_zone, source, search }) => {
                (cron.as_str(), time_zone.clone(), source.to_string(), search.clone())
            }
            _ => {
                let search = SavedSearch { days_back: 1, until_days_back: 1, ..SavedSearch::default() };
                ("0 2 * * *", time_zone_here(), String::new(), search)
            }
        };
        let Rhythm { how, time, day, cron } = Rhythm::of(cron);
        let known =
            DATES.iter().find(|(_, _, from, until)| (*from, *until) == (search.days_back, search.until_days_back));
        Self {
            how: RwSignal::new(how),
            time: RwSignal::new(time),
            day: RwSignal::new(day),
            cron: RwSignal::new(cron),
            time_zone: RwSignal::new(zone),
            source: RwSignal::new(source),
            patient_id: RwSignal::new(search.patient_id),
            modality: RwSignal::new(search.modality),
            description: RwSignal::new(search.study_description),
            dates: RwSignal::new(known.map_or(IN_DAYS, |(key, ..)| key).to_owned()),
            from: RwSignal::new(search.days_back),
            until: RwSignal::new(search.until_days_back),
        }
    }

    /// The trigger, or what is missing.
    pub fn value(self) -> Result<Trigger, String> {
        let rhythm = Rhythm {
            how: self.how.get_untracked(),
            time: self.time.get_untracked(),
            day: self.day.get_untracked(),
            cron: self.cron.get_untracked(),
        };
        let dates = self.dates.get_untracked();
        let (days_back, until_days_back) = DATES.iter().find(|(key, ..)| *key == dates).map_or_else(
            || (self.from.get_untracked(), self.until.get_untracked()),
            |(_, _, from, until)| (*from, *until),
        );
        Ok(Trigger::Schedule {
            cron: rhythm.cron()?,
            time_zone: self.time_zone.get_untracked().trim().to_owned(),
            source: self
                .source
                .get_untracked()
                .parse()
                .map_err(|_| "Choose the server that is searched.".to_owned())?,
            search: SavedSearch {
                patient_id: self.patient_id.get_untracked().trim().to_owned(),
                modality: self.modality.get_untracked().trim().to_uppercase(),
                study_description: self.description.get_untracked().trim().to_owned(),
                days_back,
                until_days_back,
            },
        })
    }
}

/// The reader's own time zone; the browser knows it.
fn time_zone_here() -> String {
    let options = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new()).resolved_options();
    js_sys::Reflect::get(&options, &"timeZone".into()).ok().and_then(|zone| zone.as_string()).unwrap_or_default()
}

fn owned<const N: usize>(choices: [(&str, &str); N]) -> Vec<(String, String)> {
    choices.into_iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
}

#[component]
pub fn ScheduleForm(fields: ScheduleFields, nodes: StoredValue<Vec<NodeView>>) -> impl IntoView {
    let f = fields;
    let is = move |key: &'static str| f.how.with(|how| how == key);
    let sources = Signal::derive(move || {
        nodes.with_value(|nodes| places(nodes, |node| node.can_be_source, &f.source.get_untracked()))
    });
    let mut dates: Vec<(String, String)> =
        DATES.iter().map(|(key, text, ..)| ((*key).to_owned(), (*text).to_owned())).collect();
    dates.push((IN_DAYS.to_owned(), "Other".to_owned()));
    view! {
        <div class="grid gap-3 md:grid-cols-4">
            <Select label="How often" value=f.how options=owned(RHYTHMS)/>
            <Show when=move || is(WEEKLY)><Select label="Weekday" value=f.day options=owned(DAYS)/></Show>
            <Show when=move || !is(HOURLY) && !is(OTHER)><Text label="Time of day" value=f.time kind="time"/></Show>
            <Show when=move || is(OTHER)>
                <Text label="Cron expression" value=f.cron placeholder="30 2 * * 1-5" hint="Minute, hour, day of month, month, weekday"/>
            </Show>
            <Text label="Time zone" value=f.time_zone placeholder="Europe/Berlin" hint="Of the time and of the study dates"/>
        </div>
        <h3 class="mt-4 mb-2 text-sm font-semibold">"What is searched for?"</h3>
        <div class="grid gap-3 md:grid-cols-4">
            <Select label="Server" value=f.source options=sources/>
            <Select label="Study date" value=f.dates options=dates/>
            <Show when=move || f.dates.with(|dates| dates == IN_DAYS)>
                <Number label="From, days before" value=f.from hint="1 is yesterday"/>
                <Number label="Until, days before" value=f.until hint="0 is the same day"/>
            </Show>
            <Text label="Modality" value=f.modality placeholder="CT"/>
            <Text label="Study description" value=f.description placeholder="*thorax*" hint="* and ? stand for any characters"/>
            <Text label="Patient ID" value=f.patient_id hint="Empty: all patients"/>
        </div>
    }
}
