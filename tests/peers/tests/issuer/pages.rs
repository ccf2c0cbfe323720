//! The same log-in as a browser makes it, over ADIT's own routes: away, back with the cookie, and into the groups of the mapping.

use std::net::SocketAddr;

use adit_api::account::AccountView;
use adit_api::groups::GroupInput;
use adit_api::paths;
use adit_deid::ProjectKey;
use adit_domain::group::{GroupConfig, GroupSettings};
use adit_engine::{Engine, Ports, Post, Settings};
use adit_http::{App, Face, WebPage, router};
use adit_mail::{LogTransport, PublicUrl};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};

use super::*;

/// ADIT over a real socket, known to the public by the address that the issuer knows.
async fn site(home: &Home) -> (String, Engine) {
    let backend = home.backend.clone();
    let ports = Ports { items: backend.items, queue: backend.queue, staging: backend.staging, buckets: None };
    let settings = Settings {
        ae_title: "ADIT".into(),
        project_key: ProjectKey::from_bytes([7; 32]),
        default_profile: "adit-compatible".into(),
        process: "test".into(),
        folder_roots: Vec::new(),
        scratch: std::env::temp_dir().join("adit-test-scratch"),
    };
    let engine = Engine::new(ports, settings);
    let public_url = PublicUrl::parse(BACK.trim_end_matches(paths::OPENID_ARRIVAL)).unwrap();
    engine.use_post(Post { transport: Arc::new(LogTransport), from: "ADIT <adit@hospital.org>".into(), public_url });
    for name in ["Radiology", "Cardiology"] {
        let settings = GroupSettings::default();
        let config = GroupConfig { name: name.into(), description: String::new(), rights: [].into(), settings };
        engine.add_group(GroupInput { config, version: None }).await.unwrap();
    }
    let page = Arc::new(WebPage::new(None));
    let app = App {
        engine: engine.clone(),
        access: home.access.clone(),
        face: Face::WHOLE,
        https: false,
        scp_port: None,
        page,
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        axum::serve(listener, router(app).into_make_service_with_connect_info::<SocketAddr>()).await
    });
    (url, engine)
}

async fn visit(url: &str, cookie: &str) -> Response {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    client.get(url).header(COOKIE, cookie).send().await.unwrap()
}

fn cookies(response: &Response) -> Vec<String> {
    response.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

fn pair(cookie: &str) -> &str {
    cookie.split(';').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_goes_to_the_issuer_and_comes_back_into_its_groups() {
    let issuer =
        Issuer::start(json!({ "carla": { "preferred_username": "carla", "groups": ["rad", "unknown"] } })).await;
    let home = Home::open(&issuer, |_| {}).await;
    let (url, engine) = site(&home).await;
    let entrance: Value = visit(&format!("{url}{}", paths::ENTRANCE), "").await.json().await.unwrap();
    assert_eq!(entrance["issuer"], "Hospital");

    let away = visit(&format!("{url}{}", paths::OPENID_DEPARTURE), "").await;
    assert_eq!(away.status(), StatusCode::SEE_OTHER);
    let own = cookies(&away).remove(0);
    assert!(own.contains("HttpOnly") && own.contains("SameSite=Lax") && own.contains("Path=/api/openid"), "{own}");
    let to = away.headers()[LOCATION].to_str().unwrap().to_owned();
    let back = Browser::default().log_in(&to, "carla").await;
    let arrival = format!("{url}{}?code={}&state={}", paths::OPENID_ARRIVAL, back["code"], back["state"]);

    let stranger = visit(&arrival, "").await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED, "another browser");
    assert!(stranger.text().await.unwrap().contains("Back to the log-in"), "people see a page");
    let home_again = visit(&arrival, pair(&own)).await;
    assert_eq!((home_again.status(), home_again.headers()[LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, "/"));
    let set = cookies(&home_again);
    assert!(set[0].contains("Max-Age=0") && set[1].contains("SameSite=Strict"), "{set:?}");

    let account = visit(&format!("{url}{}", paths::ACCOUNT), pair(&set[1])).await;
    let account: AccountView = account.json().await.unwrap();
    let names: Vec<&str> = account.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!((account.person.username.as_str(), names), ("carla", vec!["Radiology"]));

    issuer.set(json!({ "carla": { "preferred_username": "carla", "groups": ["car"] } })).await;
    let arrived = home.log_in("carla").await.unwrap();
    let (wanted, mapped) = (arrived.groups.unwrap(), arrived.mapped_groups);
    engine.follow_mapping(&arrived.person.user_id, &wanted, &mapped).await.unwrap();
    let groups = engine.groups_of(&arrived.person.user_id).await.unwrap();
    assert_eq!(groups.len(), 1, "who left a group there leaves it here");
    assert_eq!(engine.group(&groups[0]).await.unwrap().config.name, "Cardiology");
    issuer.stop().await;
}
