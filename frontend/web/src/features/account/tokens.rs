//! API tokens: the own ones here, those of others on the page of people.

use adit_api::tokens::{NewToken, TokenView};
use adit_domain::Right;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::token_form::TokenForm;
use crate::context::shared;
use crate::features::jobs::moment;
use crate::ui::{Badge, Cards, Confirm, Panel, Secret, Spinner};

#[component]
pub fn TokensPanel() -> impl IntoView {
    let state = shared();
    let tokens = RwSignal::new(None::<Vec<TokenView>>);
    let next = RwSignal::new(None::<String>);
    let (creating, made) = (RwSignal::new(false), RwSignal::new(None::<NewToken>));
    let fetch = move |after: Option<String>| {
        spawn_local(async move {
            match adit_api_client::tokens(after.as_deref()).await {
                Ok(page) => {
                    let mut all = tokens.try_get_untracked().flatten().filter(|_| after.is_some()).unwrap_or_default();
                    all.extend(page.tokens);
                    tokens.try_set(Some(all));
                    next.try_set(page.next);
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    let load = move || fetch(None);
    load();
    let done = move |new: Option<NewToken>| {
        creating.set(false);
        if new.is_some() {
            made.set(new);
            load();
        }
    };
    let may_create = move || {
        state.session.get().flatten().is_some_and(|session| session.standing.rights.contains(&Right::CreateTokens))
    };
    view! {
        <Panel title="Tokens for scripts and programs">
            <div class="mb-3 flex flex-wrap items-center gap-2">
                <p class="mr-auto text-sm">"A token lets a program use ADIT in your name, without your password."</p>
                <Show when=may_create fallback=|| view! { <p class="text-sm">"Your group may not create tokens."</p> }>
                    <button class="btn btn-primary btn-sm" on:click=move |_| { made.set(None); creating.set(true); }>"Create token"</button>
                </Show>
            </div>
            <Show when=move || creating.get()><TokenForm done=done/></Show>
            {move || made.get().map(|new| view! { <Made new=new close=move || made.set(None)/> })}
            {move || match tokens.with(|all| all.as_ref().map(Vec::is_empty)) {
                None => view! { <Spinner label="Loading tokens"/> }.into_any(),
                Some(true) => view! { <p class="text-sm text-base-content/75">"You have no tokens."</p> }.into_any(),
                Some(false) => view! { <TokenList tokens=Signal::derive(move || tokens.get().unwrap_or_default()) load=load/> }.into_any(),
            }}
            <Show when=move || next.get().is_some()>
                <button class="btn btn-sm mt-3" on:click=move |_| fetch(next.get_untracked())>"Show more"</button>
            </Show>
        </Panel>
    }
}

/// A fresh token, shown once.
#[component]
fn Made(new: NewToken, close: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let example = format!(
        "curl -H \"Authorization: Token {}\" {}/api/nodes",
        new.token,
        window().location().origin().unwrap_or_default()
    );
    view! {
        <div role="status" class="mb-3 flex flex-col gap-3 rounded-box border border-success p-4">
            <p class="text-sm"><b>"Copy your token now."</b>" It is shown only this once; ADIT itself does not know it any more."</p>
            <Secret label="Token" text=new.token/>
            <details><summary class="cursor-pointer text-sm">"How to use it"</summary><pre class="mt-2 overflow-x-auto text-xs" tabindex="0">{example}</pre></details>
            <button class="btn btn-sm self-start" on:click=move |_| close()>"I have copied it"</button>
        </div>
    }
}

/// Tokens with a button that ends each of them.
#[component]
pub fn TokenList(
    #[prop(into)] tokens: Signal<Vec<TokenView>>,
    load: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let card = move |token| view! { <Card token=token load=load/> };
    view! { <Cards items=tokens key=|token: &TokenView| token.prefix.clone() card=card/> }
}

fn facts(token: &TokenView) -> String {
    let scopes: Vec<&str> = token.limits.scopes.iter().map(|scope| scope.name()).collect();
    let mut facts = vec![format!("for {}", scopes.join(" and "))];
    if !token.group_name.is_empty() {
        facts.push(format!("acts for {}", token.group_name));
    }
    if let Some(nodes) = &token.limits.nodes {
        facts.push(crate::format::counted(nodes.len(), "server only", "servers only"));
    }
    if token.limits.pseudonymised_only {
        facts.push("pseudonymised data only".to_owned());
    }
    facts.push(match token.expires {
        None => "never ends".to_owned(),
        Some(at) if token.is_over => format!("ended {}", moment(at)),
        Some(at) => format!("ends {}", moment(at)),
    });
    facts.push(token.last_used.map_or_else(|| "not used yet".to_owned(), |at| format!("last used {}", moment(at))));
    facts.join(" · ")
}

#[component]
fn Card(token: Signal<TokenView>, load: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let prefix = StoredValue::new(token.with_untracked(|token| token.prefix.clone()));
    let revoke = move || {
        spawn_local(async move {
            match adit_api_client::revoke_token(&prefix.get_value()).await {
                Ok(()) => {
                    state.say("The token cannot be used any more.");
                    load();
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    let badge = move || {
        if token.with(|token| token.is_over) {
            ("Ended", "badge-neutral badge-outline")
        } else {
            ("Valid", "badge-success")
        }
    };
    view! {
        <li class="rounded-box border border-base-300 p-3">
            <div class="flex flex-wrap items-center gap-2">
                <code class="text-sm">{prefix.get_value()}"…"</code>
                <Badge state=Signal::derive(badge)/>
                <span class="mr-auto text-sm font-medium">{move || token.with(|token| token.description.clone())}</span>
                <Confirm label="Revoke" question="End this token? Programs that use it are refused at once." danger=true on_yes=revoke/>
            </div>
            <p class="mt-1 text-sm text-base-content/75">{move || token.with(facts)}</p>
        </li>
    }
}
