//! What people read. `ADIT_WRITE_LETTERS=DIR` writes every letter as HTML and text, to be looked at.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test, with helpers and a place to write to")]

use adit_domain::job::{JobStatus, TaskCounts};
use adit_domain::{JobId, Timestamp};
use adit_mail::{JobEnded, JobWaits, Letter, PublicUrl, Recipient, Written};

fn job() -> JobId {
    JobId::new(Timestamp(1_700_000_000_000), 42)
}

fn ended(status: JobStatus, counts: TaskCounts) -> Letter {
    Letter::JobEnded(JobEnded {
        job: job(),
        status,
        counts,
        source: "PACS Radiology".into(),
        destination: "Research folder".into(),
    })
}

/// Every letter, with `text` wherever a person could have written something.
fn letters(text: &str) -> Vec<Letter> {
    let counts = TaskCounts { success: 12, ..TaskCounts::default() };
    let text = || text.to_owned();
    vec![
        Letter::ConfirmAddress { path: "/confirm/tok3n".into(), valid_hours: 48 },
        Letter::AccountBegun { username: text(), path: "/link#tok3n".into(), valid_days: 14, invited: false },
        Letter::AccountBegun { username: text(), path: "/link#tok3n".into(), valid_days: 14, invited: true },
        Letter::AddressKnown { username: text(), path: "/".into() },
        Letter::AddressUnknown {},
        Letter::PasswordChanged { path: "/".into() },
        Letter::AccountWaits { username: text(), name: text(), address: text(), path: "/admin/people".into() },
        Letter::AccountApproved { path: "/login".into() },
        Letter::AccountRejected { reason: text() },
        Letter::PasswordReset { path: "/reset/tok3n".into(), valid_minutes: 60 },
        Letter::AddressChanged { address: text() },
        Letter::SecondFactorRemoved { by_administrator: true, path: "/account".into() },
        ended(JobStatus::Success, counts),
        ended(JobStatus::Warning, TaskCounts { warning: 2, ..counts }),
        ended(JobStatus::Failure, TaskCounts { warning: 2, failure: 1, ..counts }),
        ended(JobStatus::Canceled, TaskCounts { canceled: 3, ..counts }),
        Letter::JobEnded(JobEnded {
            job: job(),
            status: JobStatus::Success,
            counts,
            source: text(),
            destination: text(),
        }),
        Letter::JobWaits(JobWaits {
            job: job(),
            owner: text(),
            group: text(),
            studies: 1,
            source: text(),
            destination: text(),
            pseudonymised: false,
        }),
        Letter::JobApproved { job: job(), by: text() },
        Letter::JobRejected { job: job(), by: text(), reason: text() },
        Letter::QuotaExceeded {
            what: text(),
            used: 1_000_000_000_000,
            allowed: 1_000_000_000_000,
            path: "/admin".into(),
        },
        Letter::FolderFills { what: text(), used: 9_100_000_000, warn: 9_000_000_000, path: "/admin".into() },
        Letter::Broadcast { subject: text(), markdown: text() },
    ]
}

fn write(letter: &Letter, name: &str) -> Written {
    let to = Recipient { name: name.into(), address: "jane@example.org".into() };
    letter.write(&to, &PublicUrl::parse("https://adit.example.org").unwrap()).unwrap()
}

#[test]
fn nothing_that_people_write_becomes_html_or_another_line() {
    let evil = "<img src=x onerror=alert(1)>\" ' & {{ 7*7 }}\r\nBcc: all@example.org\n\u{202e}";
    for letter in letters(evil) {
        let written = write(&letter, "<b>Jane</b>");
        for bad in ["<img", "onerror=alert(1)>\"", "<b>"] {
            assert!(!written.html.contains(bad), "{bad} in {}: {}", letter.kind(), written.html);
        }
        assert!(!written.subject.contains(char::is_control), "{}", written.subject);
        if letter.kind() != "broadcast" {
            assert!(!written.text.contains("\nBcc:") && !written.text.contains('\u{202e}'), "{}", written.text);
        }
        assert!(!format!("{letter:?}").contains("tok3n"), "tokens stay out of logs");
    }
}

#[test]
fn every_letter_says_who_what_and_where() {
    for letter in letters("Neuroradiology") {
        let written = write(&letter, "Jane Doe");
        for form in [&written.text, &written.html] {
            assert!(form.contains("Hello Jane Doe,"), "{form}");
            assert!(form.contains("You get this mail because") || letter.kind() == "broadcast", "{form}");
            assert!(form.contains("https://adit.example.org"), "{form}");
        }
        assert!(written.html.contains(&written.subject) && !written.subject.is_empty());
        // Nothing is loaded from elsewhere: a mail that is read tells nobody.
        for tag in ["<img", "<script", "<link", "url(", "@import"] {
            assert!(!written.html.contains(tag), "{tag}");
        }
        assert!(!written.text.contains("\n\n\n"), "{:?}", written.text);
    }
}

#[test]
fn a_failed_job_is_told_in_numbers_and_a_link() {
    let counts = TaskCounts { success: 12, failure: 1, ..TaskCounts::default() };
    let written = write(&ended(JobStatus::Failure, counts), "");
    assert_eq!(
        written.text,
        format!(
            "Hello,\n\nThe job's page says for each study what went wrong. There you can also try again; what has arrived is not sent twice.\n\n\
             From: PACS Radiology\nTo: Research folder\nStudies: 13\nComplete: 12\nFailed: 1\n\n\
             Open the job:\nhttps://adit.example.org/jobs/{}\n\n-- \nYou get this mail because you asked for it when you made the job.\nADIT, https://adit.example.org\n",
            job()
        )
    );
    assert_eq!(written.subject, "Your transfer has failed");
}

#[test]
fn letters_can_be_looked_at() {
    let markdown = "## Maintenance on Friday\n\nADIT is **not available** on Friday from 18:00 to 20:00.\n\n- running transfers are finished first\n- waiting ones go on afterwards\n\n| Server | Until |\n|---|---|\n| PACS | 19:00 |\n\nQuestions? [Write to us](mailto:adit@example.org).";
    let mut all = letters("Neuroradiology");
    all.push(Letter::Broadcast { subject: "Maintenance on Friday".into(), markdown: markdown.into() });
    let written: Vec<Written> = all.iter().map(|letter| write(letter, "Jane Doe")).collect();
    assert!(written.last().unwrap().html.contains("<li>running transfers"));
    if let Ok(dir) = std::env::var("ADIT_WRITE_LETTERS") {
        for (number, (letter, written)) in all.iter().zip(&written).enumerate() {
            let path = std::path::Path::new(&dir).join(format!("{number:02}-{}", letter.kind()));
            std::fs::write(path.with_extension("html"), &written.html).unwrap();
            std::fs::write(path.with_extension("txt"), &written.text).unwrap();
        }
    }
}

#[test]
fn letters_wait_in_a_fixed_form() {
    let golden = r#"{"kind":"job_ended","job":"01HF7YAT0000000000000000A","status":"success"}"#;
    assert!(serde_json::from_str::<Letter>(golden).is_err(), "an id of 25 characters is none");
    let golden = format!(
        r#"{{"kind":"job_ended","job":"{}","status":"success","counts":{{"success":12}},"source":"PACS Radiology","destination":"Research folder"}}"#,
        job()
    );
    let read: Letter = serde_json::from_str(&golden).unwrap();
    assert!(read == ended(JobStatus::Success, TaskCounts { success: 12, ..TaskCounts::default() }));
    let golden = r#"{"kind":"password_reset","path":"/reset/t","valid_minutes":60}"#;
    let reset = Letter::PasswordReset { path: "/reset/t".into(), valid_minutes: 60 };
    assert_eq!(serde_json::to_string(&reset).unwrap(), golden);
}
