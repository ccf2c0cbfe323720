//! Jobs of the group that wait for the reader's decision.

use adit_api::jobs::JobView;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;

use super::approval::Decide;
use super::progress::moment;
use crate::context::shared;
use crate::format::{counted, identity};
use crate::ui::Cards;

/// How often they are asked for, in milliseconds.
const REFRESH_MS: u32 = 5000;

#[component]
pub fn Waiting() -> impl IntoView {
    let state = shared();
    let (jobs, more) = (RwSignal::new(Vec::<JobView>::new()), RwSignal::new(false));
    let alive = StoredValue::new(true);
    on_cleanup(move || alive.set_value(false));
    let load = move || async move {
        match adit_api_client::waiting_jobs(None).await {
            Ok(page) => {
                // One's own are decided by somebody else.
                let mine = page
                    .jobs
                    .into_iter()
                    .filter(|job| !job.actions.is_empty() && job.actions.iter().any(|action| action.is_decision()));
                jobs.try_set(mine.collect());
                more.try_set(page.next.is_some());
            }
            Err(error) => state.refuse(&error),
        }
    };
    spawn_local(async move {
        while alive.try_get_value() == Some(true) {
            load().await;
            gloo_timers::future::TimeoutFuture::new(REFRESH_MS).await;
        }
    });
    let card = move |job| view! { <Card job=job done=move || spawn_local(load())/> };
    view! {
        <Show when=move || jobs.with(|all| !all.is_empty())>
            <section class="mb-4 rounded-box border border-accent/60 bg-base-100 p-4" aria-label="Jobs that wait for your approval">
                <h2 class="mb-3 text-base font-semibold">"Waiting for your approval"</h2>
                <Cards items=jobs key=|job: &JobView| job.id.to_string() card=card/>
                <Show when=move || more.get()><p class="mt-2 text-sm">"There are more; they appear when these are decided."</p></Show>
            </section>
        </Show>
    }
}

#[component]
fn Card(job: Signal<JobView>, done: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let JobView { id, owner, source_name, destination_name, options, tasks, created, images, urgent, .. } =
        job.get_untracked();
    let studies = counted(tasks.total() as usize, "study", "studies");
    let images =
        images.map_or_else(|| "number of images not known yet".to_owned(), |images| format!("about {images} images"));
    let facts = [
        ("Asked for by", format!("{owner}, {}", moment(created))),
        ("From → to", format!("{source_name} → {destination_name}")),
        ("What", format!("{studies}, {images}{}", if urgent { ", urgent" } else { "" })),
        ("Pseudonym", identity(&options)),
    ];
    let fact = |(label, value): (&'static str, String)| view! { <div><dt class="text-xs text-base-content/75">{label}</dt><dd>{value}</dd></div> };
    view! {
        <li class="rounded-field border border-base-300 p-3">
            <dl class="grid grid-cols-2 gap-3 text-sm md:grid-cols-4">{facts.into_iter().map(fact).collect_view()}</dl>
            <p class="mt-2 text-sm"><A href=format!("/jobs/{id}") attr:class="link">"Look at its studies"</A></p>
            <Decide id=id.to_string() done=done/>
        </li>
    }
}
