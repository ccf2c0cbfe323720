//! Log-in, sessions, passwords.

use super::{Home, PASSWORD, session, token_of};
use crate::{AccessError, NoticeKind};

const NEW: &str = "another long password";

#[tokio::test]
async fn guessing_is_braked_by_account_and_by_address() {
    let home = Home::open().await;
    home.person("ada", "ada@x.org").await;
    for number in 0..5 {
        let name = if number % 2 == 0 { "ADA" } else { "ada@x.org" };
        let wrong = home.access.log_in(name, "wrong", &format!("place {number}"), home.now()).await;
        assert!(matches!(wrong, Err(AccessError::WrongCredentials)));
    }
    let braked = home.access.log_in("ada", PASSWORD, "elsewhere", home.now()).await;
    assert!(matches!(braked, Err(AccessError::Braked(2))), "by either name");
    for number in 0..30 {
        let wrong = home.access.log_in(&format!("nobody{number}"), "wrong", "one place", home.now()).await;
        assert!(matches!(wrong, Err(AccessError::WrongCredentials)));
    }
    assert!(matches!(
        home.access.log_in("admin", PASSWORD, "one place", home.now()).await,
        Err(AccessError::Braked(_))
    ));
    home.wait(400);
    home.session("ada").await;
}

#[tokio::test]
async fn a_session_knows_its_person_and_ends_in_time() {
    let home = Home::open().await;
    let open = home.session("admin").await;
    let info = home.access.session(&open.token, home.now()).await.unwrap().unwrap();
    assert!(info.person.staff && info.csrf_matches(&open.csrf_token) && !info.csrf_matches("x"));
    assert!(home.access.is_alive(&info.id, home.now()).await.unwrap());
    let record = home.access.person(&info.person.user_id).await.unwrap();
    assert_eq!(record.last_login, Some(home.now()));
    home.wait(11 * 3600);
    assert!(home.alive(&open).await, "moved forward");
    home.wait(11 * 3600);
    assert!(home.alive(&open).await);
    home.wait(13 * 3600);
    assert!(!home.alive(&open).await, "idle");
    let open = home.session("admin").await;
    for _ in 0..17 {
        home.wait(10 * 3600);
        home.access.session(&open.token, home.now()).await.unwrap();
    }
    assert!(!home.alive(&open).await, "a week");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_only() {
    let home = Home::open().await;
    let ada = home.person("ada", "ada@x.org").await;
    let (kept, other) = (home.session("ada").await, home.session("ada").await);
    let keep = home.access.session(&kept.token, home.now()).await.unwrap().unwrap().id;
    let wrong = home.access.change_password(&ada, "wrong", NEW, &keep, home.now()).await;
    assert!(matches!(wrong, Err(AccessError::WrongCredentials)));
    home.access.change_password(&ada, PASSWORD, NEW, &keep, home.now()).await.unwrap();
    assert!(home.alive(&kept).await && !home.alive(&other).await);
    assert!(home.access.log_in("ada", PASSWORD, "here", home.now()).await.is_err());
    session(home.access.log_in("ada", NEW, "here", home.now()).await.unwrap());
    home.access.log_out_everywhere(&ada.user_id, None).await.unwrap();
    assert!(!home.alive(&kept).await);
    let stranger = home.session("admin").await;
    let stranger_id = home.access.session(&stranger.token, home.now()).await.unwrap().unwrap().id;
    home.access.log_out_everywhere(&ada.user_id, Some(&stranger_id)).await.unwrap();
    assert_eq!(home.access.session(&stranger.token, home.now()).await.unwrap().unwrap().person.username, "admin");
}

#[tokio::test]
async fn a_link_to_a_new_password_works_once_within_an_hour() {
    let home = Home::open().await;
    home.person("ada", "ada@x.org").await;
    let open = home.session("ada").await;
    let reset = async || token_of(&home.access.request_reset("ADA@x.org", "here", home.now()).await.unwrap());
    let (first, second) = (reset().await, reset().await);
    assert!(matches!(home.access.reset_password(&first, "short", home.now()).await, Err(AccessError::WeakPassword(_))));
    assert!(
        matches!(home.access.confirm(&first, NEW, home.now()).await, Err(AccessError::LinkInvalid)),
        "not its purpose"
    );
    let letter = home.access.reset_password(&first, NEW, home.now()).await.unwrap().unwrap();
    assert_eq!(letter.kind, NoticeKind::PasswordChanged);
    assert!(!home.alive(&open).await);
    assert!(matches!(home.access.reset_password(&first, NEW, home.now()).await, Err(AccessError::LinkUsed)));
    assert!(home.access.look_at_link(&first, home.now()).await.unwrap().used);
    assert!(
        matches!(home.access.reset_password(&second, NEW, home.now()).await, Err(AccessError::LinkInvalid)),
        "the other one ends too"
    );
    session(home.access.log_in("ada", NEW, "here", home.now()).await.unwrap());
    let late = reset().await;
    home.wait(3601);
    assert!(matches!(home.access.reset_password(&late, NEW, home.now()).await, Err(AccessError::LinkInvalid)));
    assert!(matches!(home.access.reset_password("0", NEW, home.now()).await, Err(AccessError::LinkInvalid)));
    let before = reset().await;
    home.access.deactivate(&home.id("ada").await).await.unwrap();
    assert!(home.access.reset_password(&before, PASSWORD, home.now()).await.is_err());
    assert!(home.access.look_at_link(&before, home.now()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_follow_a_reset_link_at_once_one_sets_the_password() {
    let home = Home::open().await;
    home.person("ada", "ada@x.org").await;
    let token = token_of(&home.access.request_reset("ada@x.org", "here", home.now()).await.unwrap());
    let mut all = tokio::task::JoinSet::new();
    for number in 0..4 {
        let (access, token, now) = (home.access.clone(), token.clone(), home.now());
        all.spawn(
            async move { access.reset_password(&token, &format!("a long password {number}"), now).await.is_ok() },
        );
    }
    assert_eq!(all.join_all().await.into_iter().filter(|done| *done).count(), 1);
}

#[tokio::test]
async fn nothing_that_opens_anything_is_stored_as_it_is() {
    let home = Home::open().await;
    home.person("ada", "ada@x.org").await;
    let open = home.session("ada").await;
    let letter = home.access.request_reset("ada@x.org", "here", home.now()).await.unwrap();
    assert!(!format!("{letter:?}").contains(&token_of(&letter)));
    let stored = home.everything();
    for secret in [&open.token, &token_of(&letter), PASSWORD] {
        assert!(!stored.contains(secret));
    }
    assert!(stored.contains("USER_EMAIL"), "the file was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_same_moment_do_not_slip_through() {
    let home = Home::open().await;
    let mut all = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (access, now) = (home.access.clone(), home.now());
        all.spawn(async move { access.log_in("admin", "wrong", &format!("place {number}"), now).await.err().unwrap() });
    }
    let errors = all.join_all().await;
    let looked_at = errors.iter().filter(|error| matches!(error, AccessError::WrongCredentials)).count();
    assert_eq!(looked_at, 5);
}
