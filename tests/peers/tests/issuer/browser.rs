//! As much of a browser as a log-in needs: cookies, redirects, forms.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::BACK;

/// Steps at the issuer at most.
const STEPS: usize = 20;

#[derive(Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Goes to `url`, logs in there and agrees; returns what the issuer sends back in the address.
    pub async fn log_in(&mut self, url: &str, login: &str) -> BTreeMap<String, String> {
        let origin = url.split('/').take(3).collect::<Vec<_>>().join("/");
        let mut response = self.send(url, None).await;
        for _ in 0..STEPS {
            if let Some(next) = response.headers().get(LOCATION) {
                let next = next.to_str().unwrap();
                if let Some(back) = next.strip_prefix(BACK) {
                    return query(back.trim_start_matches('?'));
                }
                let next = if next.starts_with('/') { format!("{origin}{next}") } else { next.to_owned() };
                response = self.send(&next, None).await;
            } else {
                assert!(response.status().is_success(), "{}", response.text().await.unwrap());
                let page = response.text().await.unwrap();
                let action = between(&page, "action=\"", "\"").expect("a form");
                let prompt = between(&page, "name=\"prompt\" value=\"", "\"").expect("what it asks for");
                response = self.send(action, Some(format!("prompt={prompt}&login={login}&password=any"))).await;
            }
        }
        panic!("no way back after {STEPS} steps");
    }

    async fn send(&mut self, url: &str, form: Option<String>) -> Response {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = match form {
            Some(form) => client.post(url).header("Content-Type", "application/x-www-form-urlencoded").body(form),
            None => client.get(url),
        };
        let response = request.header(COOKIE, cookies).send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        response
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// Parts of an address that need no decoding: states and codes.
fn query(text: &str) -> BTreeMap<String, String> {
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.into(), value.into())).collect()
}
