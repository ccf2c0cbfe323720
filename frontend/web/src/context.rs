//! What all pages share: who is logged in, preferences, messages.

use std::time::Duration;

use adit_api::error::{ErrorBody, ErrorCode};
use adit_api::installation::Notice;
use adit_api::session::Session;
use adit_domain::Right;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

/// How long a message stays.
const MESSAGE: Duration = Duration::from_secs(6);

/// A message in the corner.
#[derive(Clone, PartialEq)]
pub struct Toast {
    pub id: u32,
    pub text: String,
    pub is_error: bool,
}

/// Shared state.
#[derive(Clone, Copy)]
pub struct Shared {
    /// `None` while it is not known yet, then who is logged in, if anybody.
    pub session: RwSignal<Option<Option<Session>>>,
    pub toasts: RwSignal<Vec<Toast>>,
    pub preferences: RwSignal<Value>,
    /// What everybody is told.
    pub notice: RwSignal<Notice>,
    next: RwSignal<u32>,
}

impl Shared {
    pub fn new() -> Self {
        Self {
            session: RwSignal::new(None),
            toasts: RwSignal::new(Vec::new()),
            preferences: RwSignal::new(Value::Null),
            notice: RwSignal::new(Notice::default()),
            next: RwSignal::new(0),
        }
    }

    /// Says something for a few seconds.
    pub fn say(self, text: impl Into<String>) {
        self.toast(text.into(), false);
    }

    /// Shows a refusal; a lost session leads to the log-in.
    pub fn refuse(self, error: &ErrorBody) {
        if error.code == ErrorCode::LoginRequired {
            self.session.set(Some(None));
        }
        self.toast(error.detail.clone(), true);
    }

    fn toast(self, text: String, is_error: bool) {
        let id = self.next.get_untracked();
        self.next.set(id + 1);
        self.toasts.update(|toasts| toasts.push(Toast { id, text, is_error }));
        set_timeout(move || self.toasts.update(|toasts| toasts.retain(|toast| toast.id != id)), MESSAGE);
    }

    pub fn is_staff(self) -> bool {
        self.session.get().flatten().is_some_and(|session| session.staff)
    }

    /// Whether the person holds a right in the active group.
    pub fn may(self, right: Right) -> bool {
        self.session.with(|known| {
            known.as_ref().and_then(Option::as_ref).is_some_and(|session| session.standing.rights.contains(&right))
        })
    }

    /// Whether the active group sends with pseudonyms only.
    pub fn pseudonymised_only(self) -> bool {
        let is_restricted = |session: &Session| session.standing.restrictions.pseudonymised_only;
        let restricted = self.session.with(|known| known.as_ref().and_then(Option::as_ref).is_some_and(is_restricted));
        restricted || !self.may(Right::TransferUnpseudonymised)
    }

    /// Asks anew who one is and what everybody is told. What has not changed is not set, so that nothing is drawn again.
    pub async fn refresh(self) {
        if let Ok(session) = adit_api_client::session().await {
            if self.session.with_untracked(|known| known.as_ref().and_then(Option::as_ref) != Some(&session)) {
                self.session.set(Some(Some(session)));
            }
        }
        if let Ok(notice) = adit_api_client::notice().await {
            if self.notice.with_untracked(|known| *known != notice) {
                self.notice.set(notice);
            }
        }
    }

    /// A text of the preferences.
    pub fn preference(self, key: &str) -> Option<String> {
        self.preferences.with_untracked(|value| value[key].as_str().map(str::to_owned))
    }

    /// Whether something is preferred.
    pub fn prefers(self, key: &str) -> bool {
        self.preferences.with_untracked(|value| value[key] == Value::Bool(true))
    }

    /// Changes and stores a preference.
    pub fn prefer(self, key: &str, value: impl Into<Value>) {
        self.prefer_all([(key, value.into())]);
    }

    /// Changes and stores several preferences at once.
    pub fn prefer_all<const N: usize>(self, changes: [(&str, Value); N]) {
        let mut all = self.preferences.get_untracked();
        if !all.is_object() {
            all = serde_json::json!({});
        }
        for (key, value) in changes {
            all[key] = value;
        }
        self.preferences.set(all.clone());
        spawn_local(async move {
            // A preference that is not kept is no reason to disturb anybody.
            let _ = adit_api_client::set_preferences(&all).await;
        });
    }
}

/// The shared state.
pub fn shared() -> Shared {
    expect_context()
}
