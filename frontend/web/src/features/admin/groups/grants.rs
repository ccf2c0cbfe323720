//! Which servers and folders a group may use, and how: a matrix whose boxes count at once.

use std::collections::HashMap;

use adit_api::groups::GrantInput;
use adit_api::nodes::NodeView;
use adit_domain::{GroupId, NodeId};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::Panel;

#[component]
pub fn Grants(id: GroupId) -> impl IntoView {
    let state = shared();
    let id = StoredValue::new(id);
    let nodes = RwSignal::new(Vec::<NodeView>::new());
    let grants = RwSignal::new(HashMap::<NodeId, GrantInput>::new());
    spawn_local(async move {
        let (all, granted) = (adit_api_client::nodes().await, adit_api_client::grants_of_group(&id.get_value()).await);
        match (all, granted) {
            (Ok(all), Ok(granted)) => {
                let of = |grant: adit_api::groups::GrantView| {
                    (grant.node, GrantInput { source: grant.source, destination: grant.destination })
                };
                grants.set(granted.into_iter().map(of).collect());
                nodes.set(all);
            }
            (Err(error), _) | (_, Err(error)) => state.refuse(&error),
        }
    });
    let set = move |node: NodeId, wanted: GrantInput| {
        let before = grants.with_untracked(|all| all.get(&node).copied().unwrap_or_default());
        grants.update(|all| {
            all.insert(node.clone(), wanted);
        });
        spawn_local(async move {
            if let Err(error) = adit_api_client::set_grant(&id.get_value(), &node, wanted).await {
                state.refuse(&error);
                grants.update(|all| {
                    all.insert(node, before);
                });
            }
        });
    };
    let row = move |node: NodeView| {
        let key = StoredValue::new(node.id.clone());
        let now = move || grants.with(|all| key.with_value(|key| all.get(key).copied().unwrap_or_default()));
        let name = node.config.name.clone();
        let can_be_source = node.can_be_source || node.config.can_be_watched();
        view! {
            <tr>
                <th scope="row" class="font-normal">{node.config.name.clone()}</th>
                <td><input class="checkbox checkbox-sm" type="checkbox" aria-label=format!("{name} as source") disabled=!can_be_source prop:checked=move || now().source
                    on:change=move |event| set(key.get_value(), GrantInput { source: event_target_checked(&event), ..now() })/></td>
                <td><input class="checkbox checkbox-sm" type="checkbox" aria-label=format!("{name} as destination") disabled=!node.can_be_destination prop:checked=move || now().destination
                    on:change=move |event| set(key.get_value(), GrantInput { destination: event_target_checked(&event), ..now() })/></td>
            </tr>
        }
    };
    view! {
        <Panel title="Servers, folders and buckets of the group">
            <div class="overflow-x-auto">
                <table class="table table-sm max-w-3xl">
                    <thead><tr><th scope="col">"Name"</th><th scope="col">"Source: search and fetch from"</th><th scope="col">"Destination: send to"</th></tr></thead>
                    <tbody>{move || nodes.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
            <p class="mt-2 text-xs text-base-content/75">"A tick counts at once. A grey box is something that the server cannot do by its settings."</p>
        </Panel>
    }
}
