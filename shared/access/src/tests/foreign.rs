//! Settings of the log-in at a foreign issuer. The log-in itself is tested with a real issuer (tests/issuer).

use super::Home;
use crate::AccessError;
use crate::openid::{OpenIdForm, OpenIdSettings};

fn form(issuer: &str, secret: Option<&str>) -> OpenIdForm {
    OpenIdForm {
        settings: OpenIdSettings {
            enabled: true,
            issuer: issuer.into(),
            client_id: "adit".into(),
            ..OpenIdSettings::default()
        },
        client_secret: secret.map(str::to_owned),
    }
}

#[tokio::test]
async fn the_secret_is_sealed_kept_and_removed() {
    let home = Home::open().await;
    assert!(matches!(home.access.depart("https://adit/back", "here", home.now()).await, Err(AccessError::NoIssuer)));
    home.access.set_openid_settings(form("https://issuer.org", Some("very hush"))).await.unwrap();
    assert!(!home.everything().contains("very hush"));
    home.access.set_openid_settings(form("https://issuer.org", None)).await.unwrap();
    let view = home.access.openid_settings().await.unwrap();
    assert!(view.has_secret && !serde_json::to_string(&view).unwrap().contains("seal"));
    home.access.set_openid_settings(form("https://issuer.org", Some(""))).await.unwrap();
    assert!(!home.access.openid_settings().await.unwrap().has_secret);
    home.access.set_openid_settings(form("https://issuer.org", Some("very hush"))).await.unwrap();
    home.access.set_openid_settings(form("https://other.org", None)).await.unwrap();
    assert!(!home.access.openid_settings().await.unwrap().has_secret, "another issuer does not get it");
}

#[tokio::test]
async fn only_protected_issuers_are_taken() {
    let home = Home::open().await;
    for issuer in ["", "issuer.org", "http://issuer.org", "ftp://issuer.org", "http://localhost.evil.org"] {
        assert!(
            matches!(home.access.set_openid_settings(form(issuer, None)).await, Err(AccessError::Invalid(_))),
            "{issuer}"
        );
    }
    home.access.set_openid_settings(form("http://127.0.0.1:1", None)).await.unwrap();
    assert!(
        matches!(home.access.depart("https://adit/back", "here", home.now()).await, Err(AccessError::Issuer(_))),
        "nobody answers"
    );
    for _ in 1..30 {
        let _ = home.access.depart("https://adit/back", "here", home.now()).await;
    }
    let braked = home.access.depart("https://adit/back", "here", home.now()).await;
    assert!(matches!(braked, Err(AccessError::Braked(_))));
    assert!(!format!("{:?}", form("https://issuer.org", Some("very hush"))).contains("hush"));
    assert!(matches!(home.access.arrive("x", "x", "x", home.now()).await, Err(AccessError::LogInOver)));
}
