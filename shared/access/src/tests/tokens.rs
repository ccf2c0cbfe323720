//! API tokens.

use std::collections::BTreeSet;

use adit_domain::right::Scope;
use adit_domain::{GroupId, Timestamp};

use super::Home;
use crate::{AccessError, TokenWish};

fn wish(expires: Option<Timestamp>) -> TokenWish {
    TokenWish {
        description: " from the cluster ".into(),
        expires,
        scopes: BTreeSet::from([Scope::Search, Scope::Jobs]),
        nodes: None,
        pseudonymised_only: true,
        group: GroupId::new(Timestamp(1), 2),
    }
}

#[tokio::test]
async fn a_token_opens_until_it_ends_or_its_owner_does() {
    let home = Home::open().await;
    let ada = home.person("ada", "ada@x.org").await;
    let soon = Some(home.now().plus_ms(3_600_000));
    let made = home.access.create_token(&ada.user_id, wish(soon), home.now()).await.unwrap();
    assert_eq!((made.token.len(), &made.token[..8]), (40, made.info.prefix.as_str()));
    assert_eq!(made.info.wish.description, "from the cluster");
    assert!(!home.everything().contains(&made.token), "only its hash is stored");
    let (user, info) = home.access.token(&made.token, home.now()).await.unwrap().unwrap();
    assert_eq!((user.username.as_str(), info.wish.pseudonymised_only, info.wish.scopes.len()), ("ada", true, 2));

    let mut wrong = made.token.clone();
    wrong.replace_range(39.., if made.token.ends_with('0') { "1" } else { "0" });
    let (unknown, upper) = ("f".repeat(40), made.token.to_uppercase());
    for token in [wrong.as_str(), &unknown, "", "ü", &made.token[..39], &upper, &format!("{}0", made.token)] {
        assert!(home.access.token(token, home.now()).await.unwrap().is_none(), "{token}");
    }
    home.access.deactivate(&ada.user_id).await.unwrap();
    assert!(home.access.token(&made.token, home.now()).await.unwrap().is_none());
    home.access.reactivate(&ada.user_id).await.unwrap();
    assert!(home.access.token(&made.token, home.now()).await.unwrap().is_some());
    home.wait(3600);
    assert!(home.access.token(&made.token, home.now()).await.unwrap().is_none(), "ended to the second");
    let (listed, _) = home.access.tokens(&ada.user_id, 10, None).await.unwrap();
    assert!(listed[0].is_over(home.now()), "it is shown as ended");
    home.wait(91 * 24 * 3600);
    assert!(home.access.tokens(&ada.user_id, 10, None).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn the_last_use_is_noted_every_five_minutes() {
    let home = Home::open().await;
    let admin = home.id("admin").await;
    let made = home.access.create_token(&admin, wish(None), home.now()).await.unwrap();
    let start = home.now();
    let mut noted = Vec::new();
    for wait in [0, 299, 1, 300] {
        home.wait(wait);
        home.access.token(&made.token, home.now()).await.unwrap().unwrap();
        let (listed, _) = home.access.tokens(&admin, 10, None).await.unwrap();
        noted.push(listed[0].last_used.unwrap().since_ms(start) / 1000);
    }
    assert_eq!(noted, [0, 0, 300, 600]);
}

#[tokio::test]
async fn owner_and_staff_revoke_and_others_see_nothing() {
    let home = Home::open().await;
    let (ada, bob) = (home.person("ada", "ada@x.org").await, home.person("bob", "bob@x.org").await);
    let staff = home.session("admin").await.person;
    for by in [&ada, &staff] {
        let made = home.access.create_token(&ada.user_id, wish(None), home.now()).await.unwrap();
        for (who, prefix) in [(&bob, made.info.prefix.as_str()), (&bob, "00000000"), (by, "ü"), (by, "")] {
            assert!(matches!(home.access.revoke_token(who, prefix).await, Err(AccessError::Absent)));
        }
        assert_eq!(home.access.revoke_token(by, &made.info.prefix).await.unwrap(), made.info);
        assert!(home.access.token(&made.token, home.now()).await.unwrap().is_none());
        assert!(matches!(home.access.revoke_token(by, &made.info.prefix).await, Err(AccessError::Absent)));
    }
    assert!(home.access.tokens(&bob.user_id, 10, None).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn two_tokens_never_share_their_public_part() {
    let home = Home::open().await;
    let admin = home.id("admin").await;
    let (first, second) = (format!("01234567{}", "a".repeat(32)), format!("01234567{}", "b".repeat(32)));
    home.access.try_create(&first, &admin, &wish(None), home.now()).await.unwrap();
    let refused = home.access.try_create(&second, &admin, &wish(None), home.now()).await;
    assert!(refused.is_err_and(|error| error.conflict().is_some()), "create_token then draws another one");
    assert!(home.access.token(&first, home.now()).await.unwrap().is_some());
    assert!(home.access.token(&second, home.now()).await.unwrap().is_none());
}

#[tokio::test]
async fn wishes_that_make_no_sense_are_refused() {
    let home = Home::open().await;
    let admin = home.id("admin").await;
    for wrong in [
        TokenWish { description: "x".repeat(121), ..wish(None) },
        TokenWish { description: "a\nb".into(), ..wish(None) },
        TokenWish { scopes: BTreeSet::new(), ..wish(None) },
        TokenWish { nodes: Some(BTreeSet::new()), ..wish(None) },
        wish(Some(home.now())),
    ] {
        let refused = home.access.create_token(&admin, wrong, home.now()).await;
        assert!(matches!(refused, Err(AccessError::Invalid(_))));
    }
}
