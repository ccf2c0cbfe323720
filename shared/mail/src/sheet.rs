//! A sheet: what every letter consists of. Two templates make text and HTML of it.

use askama::Template;

use crate::{Letter, PublicUrl, Recipient, to_html, words};

/// A letter as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// Subject, one line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML; nothing in it is fetched from elsewhere.
    pub html: String,
}

/// What stands on a sheet, from top to bottom.
#[derive(Default)]
pub(crate) struct Sheet {
    pub subject: String,
    pub paragraphs: Vec<String>,
    /// Markdown in place of paragraphs.
    pub markdown: String,
    /// Label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Label and absolute link.
    pub button: Option<(&'static str, String)>,
    /// Below the button.
    pub notes: Vec<String>,
    /// Why the recipient gets this.
    pub why: &'static str,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    sheet: &'a Sheet,
    name: Option<&'a str>,
    body: String,
    site: String,
}

#[derive(Template)]
#[template(path = "letter.txt", escape = "none")]
struct Text<'a> {
    sheet: &'a Sheet,
    name: Option<&'a str>,
    site: String,
}

impl Letter {
    /// The letter in words, for one recipient.
    ///
    /// # Errors
    /// A template broke; that is a bug, and trying again does not help.
    pub fn write(&self, to: &Recipient, public_url: &PublicUrl) -> Result<Written, askama::Error> {
        let sheet = tidy(words::sheet(self, public_url));
        let (name, site) = (to.greeted(), public_url.to_string());
        let text = Text { sheet: &sheet, name, site: site.clone() }.render()? + "\n";
        let html = Html { sheet: &sheet, name, body: to_html(&sheet.markdown), site }.render()?;
        Ok(Written { subject: sheet.subject, text, html })
    }
}

/// What came from people stays on its line: in the text nobody can add lines of their own, in the subject no header.
fn tidy(mut sheet: Sheet) -> Sheet {
    sheet.subject = one_line(&sheet.subject);
    for text in
        sheet.paragraphs.iter_mut().chain(&mut sheet.notes).chain(sheet.facts.iter_mut().map(|fact| &mut fact.1))
    {
        *text = one_line(text);
    }
    sheet
}

fn one_line(text: &str) -> String {
    let breaks = |c: char| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.split(breaks).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}
