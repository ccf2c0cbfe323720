//! What the backend has beside the ports: secrets, mail, deliveries of functions, counters of what is paid for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adit_backend_aws::{AwsError, ReceivedMessage, delivery};
use adit_domain::node::Bucket;
use adit_domain::{MailId, Timestamp};
use adit_mail::{OutgoingMail, Recipient, Transport};
use adit_store::queue::{Band, Lane, Message};
use adit_store::shelf::ShelfError;
use adit_test_cloud::Local;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use axum::extract::{Request, State};
use axum::{Json, Router, body};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_read_and_absent_ones_are_named() {
    let local = Local::make().await;
    let name = format!("{}secret", local.settings.queue_prefix);
    local.secrets.create_secret().name(&name).secret_string("{\"a\":1}").send().await.unwrap();
    let secrets = local.aws().await.secrets;
    let secret = secrets.get(&name).await.unwrap();
    assert_eq!((secret.expose(), format!("{secret:?}").as_str()), ("{\"a\":1}", "Secret(..)"));
    let absent = secrets.get("no-such-secret").await.unwrap_err();
    assert!(matches!(&absent, AwsError::Absent(what) if what.contains("no-such-secret")), "{absent}");
    local.secrets.delete_secret().secret_id(&name).force_delete_without_recovery(true).send().await.unwrap();
    local.remove().await;
}

/// LocalStack has no SES v2, so a server of our own writes down what SES would get. That SES takes it is not proven here.
#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_gets_a_mail_of_their_own() {
    let local = Local::make().await;
    let (address, seen) = mail_server().await;
    let mail = local.aws_through(&address).await.mail;
    let letter = |to: &str| OutgoingMail {
        id: MailId::new(Timestamp(1), 1),
        kind: "test",
        from: "adit@example.org".into(),
        to: Recipient { name: String::new(), address: to.into() },
        subject: "Transfer finished ü".into(),
        text: "text".into(),
        html: "<p>text</p>".into(),
    };
    mail.send(&letter("a@example.org")).await.unwrap();
    let refused = mail.send(&letter("refused@example.org")).await.unwrap_err();
    assert!(!refused.retriable && !refused.to_string().contains('@'), "{refused}");
    mail.send(&letter("b@example.org")).await.unwrap();
    let seen = seen.lock().unwrap().clone();
    let to: Vec<_> = seen.iter().map(|sent| sent["Destination"]["ToAddresses"].clone()).collect();
    assert_eq!(to, [json!(["a@example.org"]), json!(["refused@example.org"]), json!(["b@example.org"])]);
    assert_eq!(seen[0]["FromEmailAddress"], "adit@example.org");
    let simple = &seen[0]["Content"]["Simple"];
    assert_eq!(
        (&simple["Subject"]["Data"], &simple["Body"]["Text"]["Data"], &simple["Body"]["Html"]["Data"]),
        (&json!("Transfer finished ü"), &json!("text"), &json!("<p>text</p>"))
    );
    local.remove().await;
}

type Seen = Arc<Mutex<Vec<Value>>>;

async fn mail_server() -> (String, Seen) {
    async fn take(State(seen): State<Seen>, request: Request) -> (axum::http::StatusCode, Json<Value>) {
        let sent: Value = serde_json::from_slice(&body::to_bytes(request.into_body(), 1 << 20).await.unwrap()).unwrap();
        let refused = sent.to_string().contains("refused@");
        seen.lock().unwrap().push(sent);
        if refused {
            let error =
                json!({ "__type": "MessageRejected", "message": "Message contains a virus for refused@example.org." });
            return (axum::http::StatusCode::BAD_REQUEST, Json(error));
        }
        (axum::http::StatusCode::OK, Json(json!({ "MessageId": "1" })))
    }
    let (seen, listener) = (Seen::default(), tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v2/email/outbound-emails", axum::routing::post(take)).with_state(seen.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, seen)
}

/// As a function gets it: the receipt of the record serves for every answer of the port.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_of_a_function_can_be_answered() {
    let local = Local::make().await;
    let queue = local.aws().await.queue;
    let sent = Message {
        body: "b".into(),
        lane: Lane::Worker,
        band: Band::Urgent,
        group: "two words".into(),
        trace: "Root=1".into(),
    };
    queue.send(sent.clone(), Duration::ZERO).await.unwrap();
    let name = format!("{}worker-urgent", local.settings.queue_prefix);
    let url = local.sqs.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap();
    let all = MessageSystemAttributeName::All;
    let request = local.sqs.receive_message().queue_url(url).message_system_attribute_names(all);
    let record = request.message_attribute_names("All").send().await.unwrap().messages.unwrap().remove(0);
    let attributes: HashMap<_, _> = record.attributes.unwrap();
    let record = ReceivedMessage {
        body: record.body.unwrap(),
        receipt_handle: record.receipt_handle.unwrap(),
        group: attributes[&MessageSystemAttributeName::MessageGroupId].clone(),
        trace: record.message_attributes.unwrap()["trace"].string_value.clone().unwrap(),
        receive_count: 1,
    };
    let given = delivery(Lane::Worker, Band::Urgent, record);
    assert_eq!(given.message, sent);
    queue.extend(&given.receipt, Duration::from_secs(30)).await.unwrap();
    queue.release(&given.receipt, Duration::ZERO).await.unwrap();
    let again = queue.receive(Lane::Worker, 1, Duration::from_secs(30)).await.unwrap().remove(0);
    assert_eq!((again.message, again.receive_count), (sent, 1), "waiting is not counted as failing");
    queue.dead_letter(&again.receipt, "it cannot be read").await.unwrap();
    let dead = format!("{}worker-urgent-dead", local.settings.queue_prefix);
    let url = local.sqs.get_queue_url().queue_name(dead).send().await.unwrap().queue_url.unwrap();
    let asked = local.sqs.receive_message().queue_url(url).message_attribute_names("All").send().await.unwrap();
    let letter = &asked.messages()[0];
    let said = |name: &str| letter.message_attributes().unwrap()[name].string_value().unwrap().to_owned();
    assert_eq!(
        (letter.body(), said("reason"), said("trace")),
        (Some("b"), "it cannot be read".into(), "Root=1".into())
    );
    local.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_cannot_be_used_says_why() {
    let local = Local::make().await;
    let bucket = Bucket { bucket: "no-such-bucket-at-all".into(), prefix: String::new(), region: String::new() };
    let refused = local.aws().await.buckets.shelf(&bucket).check().await.unwrap_err();
    assert!(matches!(&refused, ShelfError::Refused(said) if said.contains("does not exist")), "{refused}");
    local.remove().await;
}
