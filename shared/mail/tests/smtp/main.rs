//! Mails over SMTP to a real server (aiosmtpd, see `server.py`): `make peers` runs them by name.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test, with helpers and a program to start")]

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use adit_domain::{MailId, Timestamp};
use adit_mail::{Choice, Letter, Options, OutgoingMail, PublicUrl, Recipient, Transport};

const CA_PASSWORD: &str = "päss:word";

struct Server {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let python = std::env::var("ADIT_MAIL_PYTHON")
            .expect("ADIT_MAIL_PYTHON names a Python with aiosmtpd; `make peers` sets it");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp/server.py");
        let mut process = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the mail server starts");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next().expect("aiosmtpd is installed").unwrap().parse().expect("a port");
        Self { process, lines, port }
    }

    /// The next message that it has taken on.
    fn taken(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.lines.next().expect("a message").unwrap()).unwrap()
    }
}

struct Certificates {
    dir: tempfile::TempDir,
    ca_pem: String,
}

impl Certificates {
    fn make() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
        let issuer = rcgen::Issuer::new(ca, ca_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let server =
            rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        std::fs::write(dir.path().join("cert.pem"), server.pem()).unwrap();
        std::fs::write(dir.path().join("key.pem"), key.serialize_pem()).unwrap();
        Self { dir, ca_pem }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn serve(&self, more: &[&str]) -> Server {
        let (certificate, key) = (self.path("cert.pem"), self.path("key.pem"));
        let mut arguments = vec!["--certificate", certificate.to_str().unwrap(), "--key", key.to_str().unwrap()];
        arguments.extend(more);
        Server::start(&arguments)
    }
}

fn open(url: &str, password: Option<&str>, ca_pem: Option<&str>) -> Arc<dyn Transport> {
    let options = Options { password: password.map(str::to_owned), ca_pem: ca_pem.map(str::to_owned) };
    Choice::parse(url).unwrap().open(&options).unwrap()
}

fn mail(number: u128, address: &str) -> OutgoingMail {
    let to = Recipient { name: "Jürgen Groß".into(), address: address.into() };
    let letter = Letter::PasswordReset { path: "/reset/tok3n".into(), valid_minutes: 60 };
    let written = letter.write(&to, &PublicUrl::parse("https://adit.example.org").unwrap()).unwrap();
    OutgoingMail {
        id: MailId::new(Timestamp(1), number),
        kind: letter.kind(),
        from: "ADIT <adit@example.org>".into(),
        to,
        subject: "Prüfung: a very long subject that does not fit into one line of a mail, so that it is folded".into(),
        text: written.text,
        html: written.html,
    }
}

#[tokio::test]
async fn a_mail_arrives_by_starttls_with_a_log_in_and_a_certificate_of_ones_own() {
    let certificates = Certificates::make();
    let mut server = certificates.serve(&["--user", "adit@example.org", "--password", CA_PASSWORD]);
    let url = format!("smtp://adit@example.org@localhost:{}", server.port);
    let transport = open(&url, Some(CA_PASSWORD), Some(&certificates.ca_pem));
    for (number, address) in [(1, "jane@example.org"), (2, "john@example.org")] {
        transport.send(&mail(number, address)).await.unwrap();
        let taken = server.taken();
        let data = taken["data"].as_str().unwrap();
        assert_eq!(
            (&taken["to"], &taken["tls"], &taken["user"]),
            (&serde_json::json!([address]), &true.into(), &"adit@example.org".into())
        );
        // Nobody else is named, and the name of the mail is the same each time it is sent.
        let others = ["jane@", "john@"].into_iter().filter(|other| !address.starts_with(other));
        assert!(others.into_iter().all(|other| !data.contains(other)), "{data}");
        let id = MailId::new(Timestamp(1), number).to_string().to_lowercase();
        for part in [
            format!("Message-ID: <{id}@example.org>").as_str(),
            "Auto-Submitted: auto-generated",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "=?utf-8?",
        ] {
            assert!(data.contains(part), "{part} in {data}");
        }
        assert!(data.lines().all(|line| line.len() <= 998), "lines are as short as RFC 5322 asks");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_trusted_gets_nothing() {
    let certificates = Certificates::make();
    let server = certificates.serve(&[]);
    let url = format!("smtp://localhost:{}", server.port);
    let unknown = open(&url, None, None).send(&mail(1, "jane@example.org")).await.unwrap_err();
    assert!(unknown.retriable, "an operator can mend it: {unknown}");
    let plain = Server::start(&[]);
    let url = format!("smtp://localhost:{}", plain.port);
    let unencrypted = open(&url, None, None).send(&mail(1, "jane@example.org")).await.unwrap_err();
    assert!(unencrypted.retriable, "no STARTTLS, no mail: {unencrypted}");
}

#[tokio::test]
async fn a_connection_may_be_encrypted_from_the_beginning_or_not_at_all() {
    let certificates = Certificates::make();
    let mut wrapped = certificates.serve(&["--wrapped"]);
    let url = format!("smtps://localhost:{}", wrapped.port);
    open(&url, None, Some(&certificates.ca_pem)).send(&mail(1, "jane@example.org")).await.unwrap();
    assert_eq!(wrapped.taken()["tls"], true);
    let mut plain = Server::start(&[]);
    let url = format!("smtp://localhost:{}?tls=none", plain.port);
    open(&url, None, None).send(&mail(1, "jane@example.org")).await.unwrap();
    assert_eq!(plain.taken()["tls"], false);
}

#[tokio::test]
async fn errors_are_told_apart() {
    let certificates = Certificates::make();
    let server = certificates.serve(&["--user", "adit", "--password", CA_PASSWORD]);
    let url = format!("smtp://adit@localhost:{}", server.port);
    let wrong =
        open(&url, Some("hunter2"), Some(&certificates.ca_pem)).send(&mail(1, "jane@example.org")).await.unwrap_err();
    assert!(wrong.retriable && !wrong.to_string().contains("hunter2"), "{wrong}");

    let mut busy = Server::start(&["--answers", "451", "552"]);
    let transport = open(&format!("smtp://localhost:{}?tls=none", busy.port), None, None);
    let first = transport.send(&mail(1, "jane@example.org")).await.unwrap_err();
    assert!(first.retriable && first.to_string().contains("not now"), "{first}");
    let second = transport.send(&mail(1, "jane@example.org")).await.unwrap_err();
    assert!(!second.retriable, "{second}");
    let unknown = transport.send(&mail(1, "unknown@example.org")).await.unwrap_err();
    assert!(!unknown.retriable && !unknown.to_string().contains('@'), "{unknown}");
    assert!(!transport.send(&mail(1, "no address")).await.unwrap_err().retriable);
    transport.send(&mail(1, "jane@example.org")).await.unwrap();
    assert_eq!(busy.taken()["to"], serde_json::json!(["jane@example.org"]));
}

#[tokio::test]
async fn a_server_that_was_away_is_found_again() {
    let first = Server::start(&[]);
    let port = first.port;
    let transport = open(&format!("smtp://localhost:{port}?tls=none"), None, None);
    transport.send(&mail(1, "jane@example.org")).await.unwrap();
    drop(first);
    assert!(transport.send(&mail(2, "jane@example.org")).await.unwrap_err().retriable);
    let mut again = Server::start(&["--port", &port.to_string()]);
    transport.send(&mail(3, "jane@example.org")).await.unwrap();
    assert!(again.taken()["data"].as_str().unwrap().contains(&MailId::new(Timestamp(1), 3).to_string().to_lowercase()));
}

#[tokio::test]
async fn without_a_server_mails_are_files_for_the_operator_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("mails");
    let transport = open(&format!("file:{}", place.display()), None, None);
    transport.send(&mail(1, "jane@example.org")).await.unwrap();
    transport.send(&mail(1, "jane@example.org")).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "the same mail is the same file: {files:?}");
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(text.contains("https://adit.example.org/reset/tok3n"), "{text}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place), mode(&files[0])), (0o700, 0o600));
}
