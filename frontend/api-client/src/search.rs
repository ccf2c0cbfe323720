//! A search whose lines arrive while the servers answer.

use adit_api::paths;
use adit_api::search::{SearchLine, StudyQuery};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader};

use crate::request::{fetch, text_of};
use crate::{Answer, local};

/// A running search; dropping or cancelling it ends it at the servers too.
#[derive(Clone)]
pub struct Search(AbortController);

impl Search {
    /// A search that can be cancelled.
    #[must_use]
    pub fn new() -> Option<Self> {
        AbortController::new().ok().map(Self)
    }

    /// Ends the search.
    pub fn cancel(&self) {
        self.0.abort();
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.signal().aborted()
    }
}

/// Runs a search to its end; `on_line` sees each line as it comes.
pub async fn search(handle: &Search, query: &StudyQuery, mut on_line: impl FnMut(SearchLine)) -> Answer<()> {
    let response = fetch("POST", paths::SEARCH, Some(text_of(query)?), Some(&handle.0.signal())).await?;
    let broken = |_: JsValue| local("The search broke off. Try again.");
    let body = response.body().ok_or_else(|| local("The search brought no answer."))?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut waiting: Vec<u8> = Vec::new();
    loop {
        let part = JsFuture::from(reader.read()).await.map_err(broken)?;
        if Reflect::get(&part, &"done".into()).map_err(broken)?.is_truthy() {
            return Ok(());
        }
        let bytes: Uint8Array = Reflect::get(&part, &"value".into()).map_err(broken)?.unchecked_into();
        waiting.extend(bytes.to_vec());
        while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            if let Ok(line) = serde_json::from_slice(&line) {
                on_line(line);
            }
        }
    }
}
