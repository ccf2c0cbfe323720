//! Saving the chosen study on this computer.

use adit_api::downloads::{Download, DownloadInput};
use adit_domain::transfer::TransferOptions;
use leptos::html::A;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::selection::Selection;
use crate::context::shared;
use crate::format::counted;

/// How often it is asked how far the download is, in milliseconds.
const ASK_MS: u32 = 1000;

/// A button that saves the chosen study with these options, and says how far it is.
#[component]
pub fn DownloadButton(
    selection: Selection,
    #[prop(into)] options: Callback<(), TransferOptions>,
    problem: RwSignal<String>,
) -> impl IntoView {
    let state = shared();
    let (link, busy, told) = (NodeRef::<A>::new(), RwSignal::new(false), RwSignal::new(String::new()));
    let alive = StoredValue::new(true);
    on_cleanup(move || alive.set_value(false));
    let one = move || selection.0.with(|all| all.len() == 1);
    let start = move |_| {
        let Some(input) = wish(selection, options.run(())) else { return };
        problem.set(String::new());
        told.set("Asking the server".to_owned());
        busy.set(true);
        spawn_local(async move {
            match adit_api_client::prepare_download(&input).await {
                Ok(download) => {
                    if let Some(link) = link.try_get_untracked().flatten() {
                        link.set_href(&adit_api_client::download_address(&download));
                        link.click();
                    }
                    follow(&download, told, problem, alive).await;
                }
                Err(error) => {
                    told.try_set(String::new());
                    state.refuse(&error);
                    problem.try_set(error.detail);
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <span class="text-sm tabular-nums" aria-live="polite">{move || told.get()}</span>
        <a node_ref=link class="hidden" download tabindex="-1" aria-hidden="true"></a>
        <button class="btn btn-outline btn-sm shrink-0" type="button" disabled=move || busy.get() || !one()
            title=move || if one() { "" } else { "Choose one study to save it on this computer" } on:click=start>"Download"</button>
    }
}

fn wish(selection: Selection, options: TransferOptions) -> Option<DownloadInput> {
    let study = selection.studies().into_iter().next()?;
    Some(DownloadInput {
        source: study.source,
        study_instance_uid: study.study_instance_uid,
        series_instance_uids: study.series_instance_uids,
        // NIfTI is for the folder that is chosen beside it.
        options: TransferOptions { convert_to_nifti: false, ..options },
    })
}

/// Says how far a download is until nothing more comes from the server.
async fn follow(download: &Download, told: RwSignal<String>, problem: RwSignal<String>, alive: StoredValue<bool>) {
    let all = counted(usize::try_from(download.images).unwrap_or(usize::MAX), "image", "images");
    let stay = match download.held_back {
        0 => String::new(),
        1 => "; 1 stays behind".to_owned(),
        count => format!("; {count} stay behind"),
    };
    told.try_set(format!("Fetching {all}{stay}"));
    while alive.try_get_value() == Some(true) {
        gloo_timers::future::TimeoutFuture::new(ASK_MS).await;
        let Ok(now) = adit_api_client::download_progress(download).await else { return };
        if now.failed {
            told.try_set(String::new());
            problem.try_set("The download broke off: the file is not whole. Delete it and try again.".to_owned());
            return;
        }
        if now.ended {
            told.try_set(format!("{all} fetched{stay}"));
            return;
        }
        told.try_set(format!("{} of {all} fetched{stay}", now.fetched));
    }
}
