//! A list whose cards live on while their items change.

use std::hash::Hash;

use leptos::prelude::*;

/// One card for each item. A card is made once for each key and follows its item from then on, so that an open question or a form within it
/// outlives the next answer of the server.
#[component]
pub fn Cards<T, K, V>(
    #[prop(into)] items: Signal<Vec<T>>,
    key: fn(&T) -> K,
    card: impl Fn(Signal<T>) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let keys = Memo::new(move |_| items.with(|all| all.iter().map(key).collect::<Vec<_>>()));
    let one = move |wanted: K| {
        // The last state is kept for the moment between the end of an item and that of its card.
        let item = Memo::new(move |before: Option<&Option<T>>| {
            let found = items.with(|all| all.iter().find(|item| key(item) == wanted).cloned());
            found.or_else(|| before.cloned().flatten())
        });
        item.get_untracked()?;
        Some(card(Signal::derive(move || item.get().expect("it was there when the card was made"))))
    };
    view! { <ul class="flex flex-col gap-3"><For each=move || keys.get() key=K::clone children=one/></ul> }
}
