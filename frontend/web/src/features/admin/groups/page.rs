//! One group.

use adit_api::groups::GroupView;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::form::GroupForm;
use super::grants::Grants;
use super::members::Members;
use crate::context::shared;
use crate::features::admin::Administration;
use crate::ui::{Confirm, Spinner};

#[component]
pub fn GroupPage() -> impl IntoView {
    let state = shared();
    let params = use_params_map();
    let group = RwSignal::new(None::<GroupView>);
    Effect::new(move |_| {
        let Ok(id) = params.read().get("id").unwrap_or_default().parse() else { return };
        group.set(None);
        spawn_local(async move {
            match adit_api_client::group(&id).await {
                Ok(found) => {
                    group.try_set(Some(found));
                }
                Err(error) => state.refuse(&error),
            }
        });
    });
    let title = Signal::derive(move || group.get().map_or_else(|| "Group".to_owned(), |group| group.config.name));
    // The parts are made once for each group; a saved change does not make them anew.
    let id = Memo::new(move |_| group.with(|group| group.as_ref().map(|group| group.id.clone())));
    view! {
        <Administration title=title>
            {move || match id.get() {
                None => view! { <Spinner label="Loading the group"/> }.into_any(),
                Some(id) => view! {
                    <div class="grid items-start gap-4 lg:grid-cols-2">
                        <GroupForm group=group/>
                        <Members id=id.clone()/>
                        <div class="lg:col-span-2"><Grants id=id.clone()/></div>
                    </div>
                    <div class="mt-4 flex items-center gap-2">
                        <A href="/admin/groups" attr:class="btn btn-sm">"Back to all groups"</A>
                        <Delete id=id/>
                    </div>
                }.into_any(),
            }}
        </Administration>
    }
}

#[component]
fn Delete(id: adit_domain::GroupId) -> impl IntoView {
    let state = shared();
    let id = StoredValue::new(id);
    let navigate = StoredValue::new_local(use_navigate());
    let delete = move || {
        spawn_local(async move {
            match adit_api_client::delete_group(&id.get_value()).await {
                Ok(()) => {
                    state.say("The group was deleted.");
                    navigate.with_value(|go| go("/admin/groups", Default::default()));
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    view! { <Confirm label="Delete group" question="Delete this group with its memberships and grants? Its transfers that have not begun will fail." danger=true on_yes=delete/> }
}
