//! What stands around every page: for which group one acts, and what everybody is told.

use adit_api::groups::OwnGroup;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;

/// How often one's rights and the announcement are asked for, in milliseconds.
const REFRESH_MS: u32 = 5000;

/// The active group; a choice where there are several.
#[component]
pub fn GroupSwitch() -> impl IntoView {
    let state = shared();
    let standing =
        Memo::new(move |_| state.session.get().flatten().map(|session| session.standing).unwrap_or_default());
    let active = move || standing.with(|standing| standing.group.as_ref().map(|group| group.id.to_string()));
    let choose = move |event| {
        let wanted = event_target_value(&event);
        let Some(group) =
            standing.with_untracked(|all| all.groups.iter().find(|group| group.id.as_str() == wanted).cloned())
        else {
            return;
        };
        spawn_local(async move {
            match adit_api_client::choose_group(&group.id).await {
                // Servers, rights and projects may all be others now.
                Ok(_) => {
                    let _ = window().location().reload();
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    let option = move |group: OwnGroup| {
        let (id, name) = (group.id.to_string(), group.name);
        let key = id.clone();
        view! { <option value=id selected=move || active().as_ref() == Some(&key)>{name}</option> }
    };
    let several = move || standing.with(|standing| standing.groups.len() > 1);
    let name = move || {
        standing
            .with(|standing| standing.group.as_ref().map_or_else(|| "No group".to_owned(), |group| group.name.clone()))
    };
    view! {
        <Show when=several fallback=move || view! { <span class="px-2 text-sm" title="Group that you act for">{name}</span> }>
            <select class="select select-sm w-44" aria-label="Group that you act for" on:change=choose>
                {move || standing.get().groups.into_iter().map(option).collect_view()}
            </select>
        </Show>
    }
}

/// Announcement, maintenance and suspension; asked for anew while the page is open.
#[component]
pub fn NoticeBar() -> impl IntoView {
    let state = shared();
    let alive = StoredValue::new(true);
    on_cleanup(move || alive.set_value(false));
    spawn_local(async move {
        while alive.try_get_value() == Some(true) {
            state.refresh().await;
            gloo_timers::future::TimeoutFuture::new(REFRESH_MS).await;
        }
    });
    let closed = move |what: &'static str, reason: Option<String>| {
        reason.map(|reason| view! {
            <p role="status" class="rounded-box border border-warning bg-warning/15 px-4 py-2"><span class="font-semibold">{what}</span>" "{reason}</p>
        })
    };
    let announcement = move || {
        let html = state.notice.with(|notice| notice.announcement_html.clone());
        (!html.is_empty()).then(|| view! {
            // Made harmless by the server: no HTML of the author, no scripts, no images.
            <div class="announcement rounded-box border border-info/50 bg-info/10 px-4 py-2" role="note" aria-label="Announcement" inner_html=html></div>
        })
    };
    let any = move || state.notice.with(|notice| *notice != adit_api::installation::Notice::default());
    view! {
        <Show when=any>
            <section class="mx-auto flex max-w-7xl flex-col gap-2 px-4 pt-4 text-sm" aria-label="Notices">
                {announcement}
                {move || closed("Maintenance: nothing can be changed at the moment.", state.notice.with(|notice| notice.maintenance.clone()))}
                {move || closed("Transfers are suspended: new ones wait.", state.notice.with(|notice| notice.suspension.clone()))}
            </section>
        </Show>
    }
}
