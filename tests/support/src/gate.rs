//! The HTTP side of a rig, and programs that come with a token.

use std::collections::BTreeSet;
use std::sync::Arc;

use adit_access::{Access, TokenWish};
use adit_domain::group::{GroupConfig, GroupSettings};
use adit_domain::right::Scope;
use adit_domain::{GroupId, Right};
use adit_engine::now;
use adit_http::doors::{self, Doors};
use adit_http::{App, Face, WebPage, introduce, router};
use adit_store::vault::Vault;
use reqwest::{Client, RequestBuilder};
use tokio_util::sync::CancellationToken;

use crate::ANY;
use crate::rig::{KEY, Rig};

/// A running HTTP interface over a rig.
pub struct Gate {
    pub url: String,
    access: Access,
    /// The group that may everything.
    group: GroupId,
}

impl Gate {
    /// Opens it.
    pub async fn over(rig: &Rig) -> Self {
        let access = Access::new(Arc::clone(&rig.backend.items)).with_vault(Vault::new(&KEY));
        introduce(&rig.engine, &access);
        let app = App {
            engine: rig.engine.clone(),
            access: access.clone(),
            face: Face::WHOLE,
            https: false,
            scp_port: None,
            page: Arc::new(WebPage::new(None)),
        };
        let listener = tokio::net::TcpListener::bind(ANY).await.expect("a port can be had");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(doors::serve(listener, router(app), Doors::default(), CancellationToken::new()));
        let group = rig.actor.group.as_ref().expect("the tester belongs to a group").id.clone();
        Self { url, access, group }
    }

    /// A program with a token of somebody in the first group, for these scopes.
    pub async fn program(&self, rig: &Rig, name: &str, scopes: &[Scope], pseudonymised_only: bool) -> Program {
        self.program_of(rig, &self.group, name, scopes, pseudonymised_only).await
    }

    /// The same for somebody in another group, made for it with these rights and no servers.
    pub async fn stranger(&self, rig: &Rig, name: &str, rights: &[Right]) -> Program {
        let config = GroupConfig {
            name: format!("Group of {name}"),
            description: String::new(),
            rights: rights.iter().copied().collect(),
            settings: GroupSettings::default(),
        };
        let input = adit_api::groups::GroupInput { config, version: None };
        let group = rig.engine.add_group(input).await.expect("a group").id;
        self.program_of(rig, &group, name, &Scope::ALL, false).await
    }

    async fn program_of(
        &self,
        rig: &Rig,
        group: &GroupId,
        name: &str,
        scopes: &[Scope],
        pseudonymised_only: bool,
    ) -> Program {
        let user = self.access.add_user(name, "a long password", false, now()).await.expect("a user");
        rig.engine.add_member(group, &user).await.expect("a member");
        let wish = TokenWish {
            description: String::new(),
            expires: Some(now().plus_ms(3_600_000)),
            scopes: scopes.iter().copied().collect::<BTreeSet<_>>(),
            nodes: None,
            pseudonymised_only,
            group: group.clone(),
        };
        let token = self.access.create_token(&user, wish, now()).await.expect("a token").token;
        Program { url: self.url.clone(), token, client: Client::builder().no_proxy().build().expect("a client") }
    }
}

/// A program that shows its token.
#[derive(Clone)]
pub struct Program {
    pub url: String,
    pub token: String,
    client: Client,
}

impl Program {
    /// A POST to a path.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url)).header("authorization", format!("Token {}", self.token))
    }

    /// A GET of a path.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url)).header("authorization", format!("Token {}", self.token))
    }
}
