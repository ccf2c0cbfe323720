//! Which groups may use a server, for administrators.

use adit_api::groups::GrantView;
use adit_domain::NodeId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;

use crate::context::shared;

/// The groups of a server, asked for when somebody wants to see them.
#[component]
pub fn GroupsOfNode(id: NodeId) -> impl IntoView {
    let state = shared();
    let id = StoredValue::new(id);
    let grants = RwSignal::new(None::<Vec<GrantView>>);
    let open = move |_| {
        spawn_local(async move {
            match adit_api_client::grants_on_node(&id.get_value()).await {
                Ok(found) => {
                    grants.try_set(Some(found));
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    let row = |grant: GrantView| {
        let uses = [(grant.source, "source"), (grant.destination, "destination")];
        let uses: Vec<&str> = uses.into_iter().filter_map(|(is_granted, word)| is_granted.then_some(word)).collect();
        view! { <li><A href=format!("/admin/groups/{}", grant.group) attr:class="link">{grant.group_name}</A>": "{uses.join(" and ")}</li> }
    };
    let list = move || {
        grants.get().map(|all| {
            if all.is_empty() {
                view! { <p>"No group may use it."</p> }.into_any()
            } else {
                view! { <ul class="list-inside list-disc">{all.into_iter().map(row).collect_view()}</ul> }.into_any()
            }
        })
    };
    view! {
        <details class="mt-2 text-sm" on:toggle=open><summary class="cursor-pointer">"Groups that may use it"</summary><div class="mt-1 pl-4">{list}</div></details>
    }
}
