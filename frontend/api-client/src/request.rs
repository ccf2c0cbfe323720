//! One request and its answer.

use adit_api::error::ErrorBody;
use adit_api::paths::CSRF_HEADER;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Blob, Headers, RequestInit, Response};

use crate::{Answer, CSRF_TOKEN, local};

/// A text as part of an address.
pub(crate) fn part(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// A GET of JSON.
pub(crate) async fn get<T: DeserializeOwned>(path: &str) -> Answer<T> {
    json(&fetch("GET", path, None, None).await?).await
}

/// A request with a JSON body, answered with JSON.
pub(crate) async fn send<T: DeserializeOwned>(method: &str, path: &str, body: &impl Serialize) -> Answer<T> {
    json(&fetch(method, path, Some(text_of(body)?), None).await?).await
}

/// A file as the body, answered with JSON.
pub(crate) async fn send_file<T: DeserializeOwned>(path: &str, media_type: &str, file: &Blob) -> Answer<T> {
    json(&fetch_with("POST", path, Some((file.as_ref(), media_type)), None).await?).await
}

/// A request with a JSON body, answered with nothing.
pub(crate) async fn send_for_nothing(method: &str, path: &str, body: &impl Serialize) -> Answer<()> {
    fetch(method, path, Some(text_of(body)?), None).await.map(|_| ())
}

/// A request without a body, answered with nothing.
pub(crate) async fn send_empty(method: &str, path: &str) -> Answer<()> {
    fetch(method, path, None, None).await.map(|_| ())
}

pub(crate) fn text_of(body: &impl Serialize) -> Answer<String> {
    serde_json::to_string(body).map_err(|_| local("This cannot be sent."))
}

/// Sends a request with a JSON body; a refusal of the server is an error.
pub(crate) async fn fetch(
    method: &str,
    path: &str,
    body: Option<String>,
    signal: Option<&AbortSignal>,
) -> Answer<Response> {
    let body = body.map(|text| JsValue::from_str(&text));
    fetch_with(method, path, body.as_ref().map(|text| (text, "application/json")), signal).await
}

async fn fetch_with(
    method: &str,
    path: &str,
    body: Option<(&JsValue, &str)>,
    signal: Option<&AbortSignal>,
) -> Answer<Response> {
    let lost = |_: JsValue| local("The server cannot be reached. Check your connection and try again.");
    let headers = Headers::new().map_err(lost)?;
    if method != "GET" {
        CSRF_TOKEN.with_borrow(|token| headers.set(CSRF_HEADER, token)).map_err(lost)?;
    }
    let init = RequestInit::new();
    init.set_method(method);
    init.set_signal(signal);
    if let Some((body, media_type)) = body {
        headers.set("content-type", media_type).map_err(lost)?;
        init.set_body(body);
    }
    init.set_headers(&headers);
    let window = web_sys::window().ok_or_else(|| local("There is no browser window."))?;
    let response: Response =
        JsFuture::from(window.fetch_with_str_and_init(path, &init)).await.map_err(lost)?.unchecked_into();
    if response.ok() {
        return Ok(response);
    }
    Err(json::<ErrorBody>(&response)
        .await
        .unwrap_or_else(|_| local("The server gave no understandable answer. Try again in a moment.")))
}

async fn json<T: DeserializeOwned>(response: &Response) -> Answer<T> {
    let broken = || local("The server's answer broke off. Try again.");
    let text = JsFuture::from(response.text().map_err(|_| broken())?).await.map_err(|_| broken())?;
    let text = text.as_string().unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| local("The server and this page do not fit together. Reload the page."))
}
