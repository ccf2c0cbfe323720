//! The web app: search, choose, transfer, watch. It knows `adit-api-client` for everything that crosses HTTP.
#![allow(missing_docs, reason = "components are documented by their props and names; nothing here is a library")]

mod app;
mod context;
mod features;
mod format;
mod frame;
mod ui;

use wasm_bindgen::prelude::wasm_bindgen;

/// Starts the app in the page's body.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
