//! Deactivation, administrators, profile, lists.

use adit_domain::Timestamp;
use adit_domain::person::{PersonState, Profile};
use adit_store::items::{Condition, Item, Key};

use super::{Home, PASSWORD, entered, token_of};
use crate::{AccessError, NoticeKind, PeopleQuery};

const NEW: &str = "another long password";

#[tokio::test]
async fn deactivation_ends_sessions_at_once_and_for_good() {
    let home = Home::open().await;
    let ada = home.person("ada", "ada@x.org").await;
    let open = home.session("ada").await;
    assert!(home.access.deactivate(&ada.user_id).await.unwrap().changed);
    assert!(!home.access.deactivate(&ada.user_id).await.unwrap().changed);
    assert!(!home.alive(&open).await);
    assert!(matches!(
        home.access.log_in("ada", PASSWORD, "here", home.now()).await,
        Err(AccessError::WrongCredentials)
    ));
    assert!(home.access.reactivate(&ada.user_id).await.unwrap().changed);
    assert!(!home.alive(&open).await, "the former session stays ended");
    home.session("ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays_whatever_happens_at_once() {
    let home = Home::open().await;
    let (admin, ada) = (home.id("admin").await, home.person("ada", "ada@x.org").await.user_id);
    assert!(matches!(home.access.set_staff(&admin, false).await, Err(AccessError::LastAdministrator)));
    assert!(matches!(home.access.deactivate(&admin).await, Err(AccessError::LastAdministrator)));
    for _ in 0..10 {
        home.access.set_staff(&ada, true).await.unwrap();
        home.access.set_staff(&admin, true).await.unwrap();
        let (one, other) = (home.access.clone(), home.access.clone());
        let (id, other_id) = (admin.clone(), ada.clone());
        let one = tokio::spawn(async move { one.set_staff(&id, false).await });
        let other = tokio::spawn(async move { other.deactivate(&other_id).await });
        let outcomes = [one.await.unwrap().is_ok(), other.await.unwrap().is_ok()];
        assert_eq!(outcomes.iter().filter(|done| **done).count(), 1, "{outcomes:?}");
        assert_eq!(home.access.administrators().await.unwrap().len(), 1);
        home.access.reactivate(&ada).await.unwrap();
    }
}

/// Stored before there were states, addresses and the row of administrators.
#[tokio::test]
async fn installations_of_former_versions_go_on() {
    let home = Home::empty();
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let hash = home.access.hashing.hash(PASSWORD.into()).await.unwrap();
    let bare = |key: Key, body| Item {
        key,
        body,
        counters: Default::default(),
        index1: None,
        index2: None,
        version: 0,
        expires_at: None,
    };
    let key = |pk: &str, sk: &str| Key { pk: pk.into(), sk: sk.into() };
    let body = serde_json::json!({ "id": id, "username": "admin", "password_hash": hash, "staff": true, "active": true, "created": 5 });
    let user =
        Item { index1: Some(("USERS".into(), "admin".into())), ..bare(key(&format!("USER#{id}"), "USER"), body) };
    home.backend.items.put(user, Condition::Absent).await.unwrap();
    let claim = bare(key("USER_NAME", "admin"), serde_json::json!({ "user": id }));
    home.backend.items.put(claim, Condition::Absent).await.unwrap();

    assert!(home.access.ensure_first_administrator(home.now()).await.unwrap().is_none());
    assert!(home.access.local_session(home.now()).await.unwrap().is_some());
    home.session("admin").await;
    let admin = home.id("admin").await;
    assert!(matches!(home.access.deactivate(&admin).await, Err(AccessError::LastAdministrator)));
    let ada = home.person("ada", "ada@x.org").await;
    home.access.set_staff(&ada.user_id, true).await.unwrap();
    assert_eq!(home.access.administrators().await.unwrap().len(), 2);
    home.access.deactivate(&admin).await.unwrap();
}

#[tokio::test]
async fn an_address_changes_when_its_link_is_followed() {
    let home = Home::open().await;
    let ada = home.person("ada", "ada@x.org").await;
    home.person("bob", "bob@x.org").await;
    let wrong = home.access.request_email_change(&ada, "wrong", "new@x.org", home.now()).await;
    assert!(matches!(wrong, Err(AccessError::WrongCredentials)));
    let letter = home.access.request_email_change(&ada, PASSWORD, "BOB@x.org", home.now()).await.unwrap();
    assert_eq!((letter.kind, letter.username.as_str()), (NoticeKind::AlreadyRegistered, "bob"));
    let letter = home.access.request_email_change(&ada, PASSWORD, "new@x.org", home.now()).await.unwrap();
    assert_eq!((letter.kind.clone(), letter.to.as_str()), (NoticeKind::ConfirmEmail, "new@x.org"));
    assert_eq!(home.access.person(&ada.user_id).await.unwrap().email.as_deref(), Some("ada@x.org"));
    let open = home.session("ada").await;
    let reset = home.access.request_reset("ADA@x.org", "here", home.now()).await.unwrap();
    assert_eq!(reset.to, "ada@x.org", "to the address as it is stored");
    let reset = token_of(&reset);
    let told = home.access.confirm_email(&token_of(&letter), home.now()).await.unwrap().unwrap();
    assert_eq!((told.kind, told.to.as_str()), (NoticeKind::EmailChanged, "ada@x.org"));
    assert!(matches!(home.access.confirm_email(&token_of(&letter), home.now()).await, Err(AccessError::LinkUsed)));
    home.session("new@x.org").await;
    assert!(home.access.log_in("ada@x.org", PASSWORD, "x", home.now()).await.is_err());
    assert!(home.alive(&open).await, "a new address logs nobody out");
    assert!(matches!(home.access.reset_password(&reset, NEW, home.now()).await, Err(AccessError::LinkInvalid)));
    // A second wish replaces the first one.
    let first = home.access.request_email_change(&ada, PASSWORD, "first@x.org", home.now()).await.unwrap();
    home.access.request_email_change(&ada, PASSWORD, "second@x.org", home.now()).await.unwrap();
    assert!(matches!(home.access.confirm_email(&token_of(&first), home.now()).await, Err(AccessError::LinkInvalid)));
    // The former address is free, and one that was taken in the meantime is refused.
    let letter = home.access.request_email_change(&ada, PASSWORD, "late@x.org", home.now()).await.unwrap();
    home.person("eve", "late@x.org").await;
    assert!(matches!(home.access.confirm_email(&token_of(&letter), home.now()).await, Err(AccessError::EmailTaken)));
    home.person("second", "ada@x.org").await;
    // Other case of the own address.
    let letter = home.access.request_email_change(&ada, PASSWORD, "NEW@x.org", home.now()).await.unwrap();
    home.access.confirm_email(&token_of(&letter), home.now()).await.unwrap();
    assert_eq!(home.access.person(&ada.user_id).await.unwrap().email.as_deref(), Some("NEW@x.org"));
    home.session("new@x.org").await;
    // A link that was asked for by somebody else in the session ends with the sessions.
    let letter = home.access.request_email_change(&ada, PASSWORD, "thief@x.org", home.now()).await.unwrap();
    home.access.log_out_everywhere(&ada.user_id, None).await.unwrap();
    assert!(matches!(home.access.confirm_email(&token_of(&letter), home.now()).await, Err(AccessError::LinkInvalid)));
}

#[tokio::test]
async fn administrators_invite_and_are_told_what_is_taken() {
    let home = Home::open().await;
    let letter = home.access.invite(&entered("ada", "ada@x.org"), home.now()).await.unwrap();
    assert_eq!(letter.kind, NoticeKind::Invited);
    let confirmed = home.access.confirm(&token_of(&letter), PASSWORD, home.now()).await.unwrap();
    assert_eq!(confirmed.state, PersonState::Active, "approved by the invitation");
    assert!(matches!(home.access.invite(&entered("bob", "ADA@x.org"), home.now()).await, Err(AccessError::EmailTaken)));
    assert!(matches!(home.access.invite(&entered("Ada", "b@x.org"), home.now()).await, Err(AccessError::NameTaken)));
}

#[tokio::test]
async fn people_are_listed_searched_and_change_their_profile() {
    let home = Home::open().await;
    for number in 0..30 {
        home.wait(1);
        home.access
            .invite(&entered(&format!("p{number:02}"), &format!("mail{number:02}@x.org")), home.now())
            .await
            .unwrap();
    }
    let first = home.access.people(PeopleQuery::All, 20, None).await.unwrap();
    let second = home.access.people(PeopleQuery::All, 20, first.next).await.unwrap();
    let names: Vec<_> = first.people.iter().chain(&second.people).map(|person| person.username.clone()).collect();
    assert_eq!(names.len(), 31);
    assert!(names.is_sorted());
    let newest = home.access.people(PeopleQuery::State(PersonState::Unconfirmed), 5, None).await.unwrap().people;
    assert_eq!(newest[0].username, "p29");
    assert_eq!(home.access.people(PeopleQuery::State(PersonState::Active), 5, None).await.unwrap().people.len(), 1);
    let found = async |text: &str| {
        let found = home.access.search_people(text, 50).await.unwrap();
        found.into_iter().map(|person| person.username).collect::<Vec<_>>()
    };
    assert_eq!(found("P0").await.len(), 10);
    assert_eq!(found("MAIL12").await, ["p12"]);
    assert_eq!(found("mail12@x.org").await, ["p12"]);
    assert!(found("zz").await.is_empty() && found(" ").await.is_empty());

    let id = home.id("admin").await;
    let profile = Profile { first_name: "Ada ".into(), phone: "1".into(), ..Profile::default() };
    home.access.change_profile(&id, &profile).await.unwrap();
    let record = home.access.person(&id).await.unwrap();
    assert_eq!((record.profile.first_name.as_str(), record.created), ("Ada", Timestamp(1_700_000_000_000)));
    let long = Profile { phone: "1".repeat(500), ..Profile::default() };
    assert!(matches!(home.access.change_profile(&id, &long).await, Err(AccessError::Invalid(_))));
}
