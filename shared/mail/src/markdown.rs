//! Markdown of an administrator as HTML that can do no harm.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// Markdown as HTML: HTML in it is shown as text, images are replaced by their description, links lead to http, https and mailto only.
#[must_use]
pub fn to_html(markdown: &str) -> String {
    let mut shown = String::new();
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    html::push_html(&mut shown, events.filter_map(harmless));
    shown
}

fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if is_link(&dest_url) { dest_url } else { CowStr::Borrowed("#") };
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        other => Some(other),
    }
}

fn is_link(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    ["http://", "https://", "mailto:"].iter().any(|scheme| url.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_runs_or_is_fetched() {
        let html = to_html(
            "# Hi\n\n<script>alert(1)</script>\n\na <b onclick=x>b</b> ![pixel](https://evil.example/p.png) [go](javascript:alert(1)) [ok](https://adit.example.org) **now**",
        );
        for bad in ["<script", "<b ", "<img", "javascript:", "p.png"] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
        for good in
            ["<h1>Hi</h1>", "&lt;script&gt;", "pixel", "href=\"https://adit.example.org\"", "<strong>now</strong>"]
        {
            assert!(html.contains(good), "{good} in {html}");
        }
    }
}
