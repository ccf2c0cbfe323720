//! A text as a QR code, drawn by the page itself: what is in it goes to nobody.

use leptos::prelude::*;
use qrcode::{Color, QrCode};

/// Blank modules around the code, as readers need them.
const QUIET: usize = 4;

/// Dark on white in every theme, because readers expect it. A text that is too long for a code shows nothing.
#[component]
pub fn Qr(#[prop(into)] text: String, #[prop(into)] label: String) -> impl IntoView {
    QrCode::new(text.as_bytes()).ok().map(|code| {
        let width = code.width();
        let size = width + 2 * QUIET;
        let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
        let path: String =
            dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET)).collect();
        view! {
            <svg role="img" aria-label=label class="size-48 rounded-box" viewBox=format!("0 0 {size} {size}") shape-rendering="crispEdges">
                <rect width=size height=size fill="#ffffff"/>
                <path d=path fill="#000000"/>
            </svg>
        }
    })
}
