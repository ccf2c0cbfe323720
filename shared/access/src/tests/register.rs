//! Registration, confirmation, approval.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adit_domain::person::PersonState;
use adit_store::items::{Item, ItemStore, Key, Page, Query, StoreError, Write};
use async_trait::async_trait;

use super::{Home, PASSWORD, entered, token_of};
use crate::{AccessError, NoticeKind, Purpose};

#[tokio::test]
async fn one_registers_confirms_is_approved_and_logs_in() {
    let home = Home::open().await;
    home.access.set_email(&home.id("admin").await, "boss@x.org").await.unwrap();
    assert!(matches!(
        home.access.register(&entered("ada", "ada@x.org"), "here", home.now()).await,
        Err(AccessError::RegistrationClosed)
    ));
    home.open_registration(true, &["X.org"]).await;
    let letter = home.access.register(&entered("ada", "Ada@x.org"), "here", home.now()).await.unwrap();
    assert_eq!((letter.kind.clone(), letter.to.as_str()), (NoticeKind::Confirm, "Ada@x.org"));
    assert!(home.access.log_in("ada", PASSWORD, "here", home.now()).await.is_err(), "unconfirmed");

    let token = token_of(&letter);
    let view = home.access.look_at_link(&token, home.now()).await.unwrap();
    assert_eq!((view.purpose, view.used, view.username.as_str()), (Purpose::Confirm, false, "ada"));
    assert!(matches!(home.access.confirm(&token, "short", home.now()).await, Err(AccessError::WeakPassword(_))));
    let confirmed = home.access.confirm(&token, PASSWORD, home.now()).await.unwrap();
    let id = home.id("ada").await;
    assert_eq!((confirmed.state, confirmed.already), (PersonState::Waiting, false));
    assert_eq!(confirmed.notices[0].kind, NoticeKind::ApprovalNeeded { user: id.clone() });
    assert_eq!(confirmed.notices[0].to, "boss@x.org");
    let again = home.access.confirm(&token, "another long password", home.now()).await.unwrap();
    assert!(again.already && again.notices.is_empty());
    assert!(home.access.log_in("ada", PASSWORD, "here", home.now()).await.is_err(), "waits");

    let outcome = home.access.approve(&id).await.unwrap();
    assert_eq!((outcome.changed, outcome.notice.unwrap().kind), (true, NoticeKind::Approved));
    let outcome = home.access.approve(&id).await.unwrap();
    assert_eq!((outcome.changed, outcome.notice), (false, None));
    home.session("ADA").await;
    home.session("ada@X.ORG").await;
    assert!(matches!(home.access.reject(&id).await, Err(AccessError::WrongState("active"))));
    home.wait(15 * 24 * 3600);
    home.session("ada").await;
    assert!(
        home.access.register(&entered("ada", "b@x.org"), "here", home.now()).await.is_err(),
        "the claim has no end"
    );
}

#[tokio::test]
async fn domains_names_and_addresses_are_checked() {
    let home = Home::open().await;
    home.open_registration(false, &["x.org"]).await;
    for (name, email) in
        [("ada", "ada@y.org"), ("ada", "ada"), ("a@x.org", "ada@x.org"), ("", "ada@x.org"), ("ada", "ada@sub.x.org")]
    {
        let refused = home.access.register(&entered(name, email), "here", home.now()).await;
        assert!(matches!(refused, Err(AccessError::Invalid(_))), "{name} {email}");
    }
    let taken = home.access.register(&entered("ADMIN", "ada@x.org"), "here", home.now()).await;
    assert!(matches!(taken, Err(AccessError::NameTaken)));
    let domains = crate::RegistrationSettings { domains: vec!["not a domain".into()], ..Default::default() };
    assert!(home.access.set_registration_settings(domains).await.is_err());
}

#[tokio::test]
async fn nobody_learns_whether_an_address_has_an_account() {
    let home = Home::open().await;
    home.open_registration(false, &[]).await;
    home.person("ada", "ada@x.org").await;
    let letter = home.access.register(&entered("eve", "ADA@x.org"), "a", home.now()).await.unwrap();
    assert_eq!(
        (letter.kind, letter.username.as_str(), letter.link_token),
        (NoticeKind::AlreadyRegistered, "ada", None)
    );
    // The name is kept as if it had been registered: with another address it is taken, with the same it is not.
    let other = home.access.register(&entered("Eve", "eve@x.org"), "b", home.now()).await;
    assert!(matches!(other, Err(AccessError::NameTaken)));
    home.access.register(&entered("eve", "ada@x.org"), "c", home.now()).await.unwrap();
    // And so it is for an address that had none.
    home.access.register(&entered("bob", "bob@x.org"), "d", home.now()).await.unwrap();
    let other = home.access.register(&entered("bob", "eve@x.org"), "e", home.now()).await;
    assert!(matches!(other, Err(AccessError::NameTaken)));
    home.access.register(&entered("bob", "bob@x.org"), "f", home.now()).await.unwrap();
    home.wait(15 * 24 * 3600);
    home.access.register(&entered("eve", "eve@x.org"), "g", home.now()).await.unwrap();
    home.access.register(&entered("bob", "bob2@x.org"), "h", home.now()).await.unwrap();

    for (email, kind) in [
        ("ada@x.org", NoticeKind::ResetPassword),
        ("nobody@x.org", NoticeKind::NoAccount),
        ("eve@x.org", NoticeKind::Confirm),
    ] {
        let letter = home.access.request_reset(email, email, home.now()).await.unwrap();
        assert_eq!((letter.kind, letter.to.as_str()), (kind, email));
    }
    for (email, kind) in [
        ("ada@x.org", NoticeKind::AlreadyRegistered),
        ("nobody@x.org", NoticeKind::NoAccount),
        ("eve@x.org", NoticeKind::Confirm),
    ] {
        let letter = home.access.resend_confirmation(email, email, home.now()).await.unwrap();
        assert_eq!((letter.kind, letter.to.as_str()), (kind, email));
    }
}

#[tokio::test]
async fn registering_again_replaces_and_the_former_link_is_dead() {
    let home = Home::open().await;
    home.open_registration(false, &[]).await;
    let first = home.access.register(&entered("eve", "ada@x.org"), "here", home.now()).await.unwrap();
    let second = home.access.register(&entered("ada", "ada@x.org"), "here", home.now()).await.unwrap();
    assert!(matches!(
        home.access.confirm(&token_of(&first), PASSWORD, home.now()).await,
        Err(AccessError::LinkInvalid)
    ));
    assert!(home.access.user_by_login("eve").await.unwrap().is_none(), "its name is free");
    let confirmed = home.access.confirm(&token_of(&second), PASSWORD, home.now()).await.unwrap();
    assert_eq!(confirmed.state, PersonState::Active);
    home.session("ada").await;
}

#[tokio::test]
async fn an_unconfirmed_account_vanishes_and_a_further_letter_prolongs_it() {
    let home = Home::open().await;
    home.open_registration(false, &[]).await;
    let first = home.access.register(&entered("ada", "ada@x.org"), "here", home.now()).await.unwrap();
    home.wait(13 * 24 * 3600);
    let second = home.access.resend_confirmation("ada@x.org", "here", home.now()).await.unwrap();
    home.wait(2 * 24 * 3600);
    assert!(matches!(home.access.look_at_link(&token_of(&first), home.now()).await, Err(AccessError::LinkInvalid)));
    home.backend.items.purge_expired().await.unwrap();
    assert!(home.access.register(&entered("ada", "other@x.org"), "b", home.now()).await.is_err(), "still there");
    home.access.confirm(&token_of(&second), PASSWORD, home.now()).await.unwrap();

    home.access.register(&entered("bob", "bob@x.org"), "c", home.now()).await.unwrap();
    home.wait(14 * 24 * 3600 + 1);
    assert!(home.access.user_by_login("bob").await.unwrap().is_none());
    home.access.register(&entered("bob", "bob2@x.org"), "d", home.now()).await.unwrap();
}

#[tokio::test]
async fn who_is_rejected_is_gone() {
    let home = Home::open().await;
    home.open_registration(true, &[]).await;
    let letter = home.access.register(&entered("ada", "ada@x.org"), "here", home.now()).await.unwrap();
    home.access.confirm(&token_of(&letter), PASSWORD, home.now()).await.unwrap();
    let id = home.id("ada").await;
    assert_eq!(home.access.reject(&id).await.unwrap().notice.unwrap().kind, NoticeKind::Rejected);
    assert!(!home.access.reject(&id).await.unwrap().changed);
    assert!(matches!(home.access.approve(&id).await, Err(AccessError::Absent)));
    home.access.register(&entered("ada", "ada@x.org"), "here", home.now()).await.unwrap();
}

#[tokio::test]
async fn letters_to_one_address_are_slowed_down_whether_it_has_an_account_or_not() {
    let home = Home::open().await;
    home.person("ada", "ada@x.org").await;
    for email in ["ada@x.org", "nobody@x.org"] {
        for number in 0..5 {
            home.access.request_reset(email, &format!("{email} {number}"), home.now()).await.unwrap();
        }
        let braked = home.access.request_reset(&email.to_uppercase(), "elsewhere", home.now()).await;
        assert!(matches!(braked, Err(AccessError::Braked(_))), "{email}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_followed_twice_at_once_counts_once() {
    let home = Home::open().await;
    home.open_registration(true, &[]).await;
    home.access.set_email(&home.id("admin").await, "boss@x.org").await.unwrap();
    let letter = home.access.register(&entered("ada", "ada@x.org"), "here", home.now()).await.unwrap();
    let token = token_of(&letter);
    let mut all = tokio::task::JoinSet::new();
    for number in 0..4 {
        let (access, token, now) = (home.access.clone(), token.clone(), home.now());
        all.spawn(async move { access.confirm(&token, &format!("a long password {number}"), now).await.unwrap() });
    }
    let outcomes = all.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.already).count(), 1);
    assert_eq!(outcomes.iter().map(|outcome| outcome.notices.len()).sum::<usize>(), 1);
}

/// Counts what is written.
struct Counting(Arc<dyn ItemStore>, AtomicUsize);

#[async_trait]
impl ItemStore for Counting {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.0.get(key).await
    }
    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        self.0.query(query).await
    }
    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.1.fetch_add(writes.len(), Ordering::Relaxed);
        self.0.transact(writes).await
    }
    async fn purge_expired(&self) -> Result<usize, StoreError> {
        self.0.purge_expired().await
    }
}

#[tokio::test]
async fn an_address_with_an_account_costs_as_many_writes_as_one_without() {
    let home = Home::open().await;
    home.open_registration(false, &[]).await;
    home.person("ada", "ada@x.org").await;
    let store = Arc::new(Counting(home.backend.items.clone(), AtomicUsize::new(0)));
    let access = crate::Access::new(store.clone());
    let mut written = Vec::new();
    for (name, email) in [("new", "new@x.org"), ("other", "ada@x.org")] {
        store.1.store(0, Ordering::Relaxed);
        access.register(&entered(name, email), "here", home.now()).await.unwrap();
        written.push(store.1.load(Ordering::Relaxed));
    }
    assert_eq!(written[0], written[1]);
}
