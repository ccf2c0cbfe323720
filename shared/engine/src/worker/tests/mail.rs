//! Letters: once each, again after a failure, given up at last, and one for each ending of a job.

use std::collections::VecDeque;
use std::sync::Mutex;

use adit_domain::retry::{MAIL_STRANDED_MS, MAIL_TRIED_MS};
use adit_mail::{Letter, MailError, OutgoingMail, PublicUrl, Recipient, Transport};
use adit_store::queue::Pointed;
use adit_store::repositories::Versioned;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::worker::Worked;
use crate::{AddressBook, Addressee, Post};

/// A transport that answers as it is told, then well, and keeps what it was given.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<MailError>>,
    sent: Mutex<Vec<OutgoingMail>>,
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        // Long enough for another to come in between.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        match self.answers.lock().unwrap().pop_front() {
            Some(error) => Err(error),
            None => {
                self.sent.lock().unwrap().push(mail.clone());
                Ok(())
            }
        }
    }
}

impl Scripted {
    fn fails(&self, times: usize, retriable: bool) {
        let errors = (0..times).map(|_| MailError::new(retriable, "451 not now"));
        self.answers.lock().unwrap().extend(errors);
    }

    fn sent(&self) -> Vec<OutgoingMail> {
        self.sent.lock().unwrap().clone()
    }
}

struct Book(Option<&'static str>);

#[async_trait]
impl AddressBook for Book {
    async fn address(&self, _: &UserId) -> Result<Option<Recipient>, StoreError> {
        Ok(self.0.map(|address| Recipient { name: "Jane Doe".into(), address: address.into() }))
    }
    async fn administrators(&self) -> Result<Vec<UserId>, StoreError> {
        Ok(vec![])
    }
}

fn with_post(site: &Site, process: &str) -> (Engine, Arc<Scripted>) {
    let (engine, transport) = (site.engine(process), Arc::new(Scripted::default()));
    engine.use_post(Post {
        transport: Arc::clone(&transport) as _,
        from: "adit@example.org".into(),
        public_url: PublicUrl::parse("https://adit.example.org").unwrap(),
    });
    engine.use_address_book(Arc::new(Book(Some("jane@example.org"))));
    (engine, transport)
}

fn reset() -> Letter {
    Letter::PasswordReset { path: "/reset/tok3n".into(), valid_minutes: 60 }
}

fn to(address: &str) -> Addressee {
    Recipient { name: String::new(), address: address.into() }.into()
}

async fn deliveries(engine: &Engine) -> Vec<Delivery> {
    engine.0.ports.queue.receive(Lane::Worker, 10, HOLD).await.unwrap()
}

async fn work(engine: &Engine, delivery: &Delivery) -> Worked {
    engine.work_on(delivery, &CancellationToken::new()).await
}

async fn waiting(engine: &Engine, delivery: &Delivery) -> Option<Versioned<adit_store::repositories::WaitingMail>> {
    let Ok(Pointed::Mail(pointer)) = Pointed::decode(&delivery.message.body) else { panic!("a pointer to a mail") };
    engine.0.mails.get(&pointer.mail_id).await.unwrap()
}

/// Lets the mail be due, and perhaps be older than it is.
async fn let_it_be_due(engine: &Engine, delivery: &Delivery, older_ms: i64) {
    let Versioned { value: mut mail, version } = waiting(engine, delivery).await.expect("it waits");
    mail.due = now();
    mail.created = mail.created.plus_ms(-older_ms);
    engine.0.mails.update(&mail, version).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_gets_one_mail_and_nothing_is_left() {
    let site = Site::open();
    let (engine, transport) = with_post(&site, "first");
    engine.post_to_all(vec![to("a@example.org"), to("b@example.org")], &reset()).await.unwrap();
    let deliveries = deliveries(&engine).await;
    assert_eq!(deliveries.len(), 2);
    for delivery in &deliveries {
        assert!(!delivery.message.body.contains("tok3n") && !delivery.message.body.contains('@'));
        let stored = serde_json::to_string(&waiting(&engine, delivery).await.unwrap().value).unwrap();
        assert!(!stored.contains("tok3n") && !stored.contains("example.org"), "{stored}");
        assert_eq!(work(&engine, delivery).await, Worked::Done);
        assert_eq!(work(&engine, delivery).await, Worked::Done, "a second delivery finds nothing");
        assert!(waiting(&engine, delivery).await.is_none());
    }
    let sent = transport.sent();
    let mut addresses: Vec<&str> = sent.iter().map(|mail| mail.to.address.as_str()).collect();
    addresses.sort_unstable();
    assert_eq!(addresses, ["a@example.org", "b@example.org"]);
    assert!(sent[0].text.contains("https://adit.example.org/reset/tok3n"), "{}", sent[0].text);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_send_a_mail_once() {
    let site = Site::open();
    let (engine, transport) = with_post(&site, "first");
    engine.post(to("a@example.org"), &reset()).await.unwrap();
    let delivery = deliveries(&engine).await.remove(0);
    let all = futures_util::future::join_all((0..8).map(|_| work(&engine, &delivery))).await;
    assert_eq!(all.iter().filter(|worked| **worked == Worked::Done).count(), 1, "{all:?}");
    assert_eq!(transport.sent().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_fails_waits_longer_each_time_and_is_given_up_after_a_day() {
    let site = Site::open();
    let (engine, transport) = with_post(&site, "first");
    engine.post(to("a@example.org"), &reset()).await.unwrap();
    let delivery = deliveries(&engine).await.remove(0);
    transport.fails(4, true);
    for minutes in [1, 2, 4] {
        let Worked::Later(wait) = work(&engine, &delivery).await else { panic!("it comes again") };
        assert!((minutes * 60..=minutes * 75).contains(&wait.as_secs()), "{wait:?}");
        assert!(matches!(work(&engine, &delivery).await, Worked::Later(_)), "too early");
        let_it_be_due(&engine, &delivery, 0).await;
    }
    let_it_be_due(&engine, &delivery, MAIL_TRIED_MS).await;
    assert_eq!(work(&engine, &delivery).await, Worked::Done);
    assert!(waiting(&engine, &delivery).await.is_none() && transport.sent().is_empty());

    engine.post(to("a@example.org"), &reset()).await.unwrap();
    let delivery = deliveries(&engine).await.remove(0);
    transport.fails(1, false);
    assert_eq!(work(&engine, &delivery).await, Worked::Done, "what is refused for good is not tried again");
    assert!(waiting(&engine, &delivery).await.is_none() && transport.sent().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_message_is_lost_is_found_by_the_sweeper() {
    let site = Site::open();
    let (engine, transport) = with_post(&site, "first");
    engine.post(to("a@example.org"), &reset()).await.unwrap();
    let lost = deliveries(&engine).await.remove(0);
    engine.0.ports.queue.ack(&lost.receipt).await.unwrap();
    engine.sweep().await.unwrap();
    assert!(deliveries(&engine).await.is_empty(), "it may still be on its way");
    let Versioned { value: mut mail, version } = waiting(&engine, &lost).await.unwrap();
    mail.due = now().plus_ms(-MAIL_STRANDED_MS - 1000);
    engine.0.mails.update(&mail, version).await.unwrap();
    engine.sweep().await.unwrap();
    engine.sweep().await.unwrap();
    let again = deliveries(&engine).await;
    assert_eq!(again.len(), 1, "once, however often it is swept");
    assert_eq!(work(&engine, &again[0]).await, Worked::Done);
    assert_eq!(transport.sent().len(), 1);
}

/// A job whose every text about the patient is poisoned.
async fn poisoned(engine: &Engine, wants_mail: bool) -> (Job, Task) {
    let mut job = job(77);
    job.options.send_finished_mail = wants_mail;
    let mut task = task(&job, 1);
    for text in
        [&mut task.patient_id, &mut task.label, &mut task.pseudonym, &mut task.message, &mut task.study_instance_uid]
    {
        *text = "POISON".into();
    }
    engine.0.jobs.insert(&job, std::slice::from_ref(&task)).await.unwrap();
    (job, task)
}

async fn end(engine: &Engine, task: &Task, status: TaskStatus) {
    let change = engine.change_task(&task.job_id, &task.id, |task| {
        task.status = status;
        "POISON".clone_into(&mut task.message);
        true
    });
    change.await.unwrap();
    // Whoever settles, and however often: an ending is told once.
    let settled = futures_util::future::join_all((0..4).map(|_| engine.settle_job(&task.job_id))).await;
    assert!(settled.iter().all(Result::is_ok));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_ending_of_a_job_is_told_once_and_without_patient_data() {
    let site = Site::open();
    let (engine, transport) = with_post(&site, "first");
    let (job, task) = poisoned(&engine, true).await;
    for (number, status) in [(1, TaskStatus::Failure), (2, TaskStatus::Success)] {
        end(&engine, &task, status).await;
        for delivery in deliveries(&engine).await {
            assert_eq!(work(&engine, &delivery).await, Worked::Done);
            engine.0.ports.queue.ack(&delivery.receipt).await.unwrap();
        }
        assert_eq!(transport.sent().len(), number);
        end(&engine, &task, TaskStatus::Pending).await;
    }
    let sent = transport.sent();
    assert_eq!(
        (sent[0].subject.as_str(), sent[1].subject.as_str()),
        ("Your transfer has failed", "Your transfer has finished")
    );
    for mail in &sent {
        assert_eq!(mail.to.address, "jane@example.org");
        let link = format!("https://adit.example.org/jobs/{}", job.id);
        assert!(mail.text.contains(&link) && mail.html.contains(&link), "{}", mail.text);
        assert!(!format!("{}{}{}", mail.subject, mail.text, mail.html).contains("POISON"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_mail_who_does_not_want_or_cannot_have_one() {
    let site = Site::open();
    let (engine, _) = with_post(&site, "first");
    let (_, task) = poisoned(&engine, false).await;
    end(&engine, &task, TaskStatus::Success).await;
    assert!(deliveries(&engine).await.is_empty(), "it was not asked for");

    // A process without post logs; a person without address is left out. Neither leaves anything behind.
    for book in [None, Some("jane@example.org")] {
        let site = Site::open();
        let engine = site.engine("bare");
        engine.use_address_book(Arc::new(Book(book)));
        let (_, task) = poisoned(&engine, true).await;
        end(&engine, &task, TaskStatus::Success).await;
        let delivery = deliveries(&engine).await.remove(0);
        assert_eq!(work(&engine, &delivery).await, Worked::Done);
        assert!(waiting(&engine, &delivery).await.is_none());
    }
}
