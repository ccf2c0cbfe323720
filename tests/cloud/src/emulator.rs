//! The emulator's services as a test needs them. Every refusal fails the test.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Event, NotificationConfiguration, QueueConfiguration};
use aws_sdk_sqs::types::QueueAttributeName;

/// Clients of one emulator.
pub struct Emulator {
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    secrets: aws_sdk_secretsmanager::Client,
}

impl Emulator {
    /// Clients for the emulator that `environment` names.
    pub fn new(environment: &BTreeMap<String, String>) -> Result<Self> {
        let text = |name: &str| environment.get(name).with_context(|| format!("{name} is not set"));
        let credentials = aws_sdk_s3::config::Credentials::new(
            text("AWS_ACCESS_KEY_ID")?,
            text("AWS_SECRET_ACCESS_KEY")?,
            None,
            None,
            "emulator",
        );
        let (endpoint, region) = (text("AWS_ENDPOINT_URL")?, text("AWS_REGION")?.clone());
        let http = aws_smithy_http_client::Builder::new().build_http();
        macro_rules! config {
            ($sdk:ident) => {
                $sdk::Config::builder()
                    .behavior_version($sdk::config::BehaviorVersion::latest())
                    .endpoint_url(endpoint)
                    .region($sdk::config::Region::new(region.clone()))
                    .credentials_provider(credentials.clone())
                    .http_client(http.clone())
            };
        }
        Ok(Self {
            s3: aws_sdk_s3::Client::from_conf(config!(aws_sdk_s3).force_path_style(true).build()),
            sqs: aws_sdk_sqs::Client::from_conf(config!(aws_sdk_sqs).build()),
            secrets: aws_sdk_secretsmanager::Client::from_conf(config!(aws_sdk_secretsmanager).build()),
        })
    }

    /// A secret's text.
    pub async fn secret(&self, id: &str) -> Result<String> {
        let answer = self.secrets.get_secret_value().secret_id(id).send().await?;
        Ok(answer.secret_string.unwrap_or_default())
    }

    /// Makes a bucket; it may exist.
    pub async fn make_bucket(&self, bucket: &str) {
        self.s3.create_bucket().bucket(bucket).send().await.expect("the bucket is made");
    }

    /// Makes a bucket tell a queue of every new object, as a user of a watched bucket does.
    pub async fn watch(&self, bucket: &str, queue_arn: &str) {
        let queue = QueueConfiguration::builder()
            .queue_arn(queue_arn)
            .events(Event::from("s3:ObjectCreated:*"))
            .build()
            .expect("a queue and its events");
        let notifications = NotificationConfiguration::builder().queue_configurations(queue).build();
        let request = self.s3.put_bucket_notification_configuration().bucket(bucket);
        request.notification_configuration(notifications).send().await.expect("the bucket is watched");
    }

    /// Puts a file into a bucket.
    pub async fn put(&self, bucket: &str, key: &str, file: &Path) {
        let body = ByteStream::from(std::fs::read(file).expect("the file can be read"));
        self.s3.put_object().bucket(bucket).key(key).body(body).send().await.expect("the object is stored");
    }

    /// Keys that begin with `prefix`.
    pub async fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let mut pages = self.s3.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let objects = page.expect("the bucket is listed").contents.unwrap_or_default();
            keys.extend(objects.into_iter().filter_map(|object| object.key));
        }
        keys
    }

    /// Content of all objects whose keys begin with `prefix`.
    pub async fn objects(&self, bucket: &str, prefix: &str) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        for key in self.keys(bucket, prefix).await {
            let object = self.s3.get_object().bucket(bucket).key(&key).send().await.expect("the object is there");
            all.push(object.body.collect().await.expect("the object is whole").to_vec());
        }
        all
    }

    async fn queue(&self, name: &str) -> String {
        let answer = self.sqs.get_queue_url().queue_name(name).send().await.expect("the queue is there");
        answer.queue_url.expect("the queue has an address")
    }

    /// Sends a message.
    pub async fn send(&self, queue: &str, body: &str) {
        let url = self.queue(queue).await;
        self.sqs.send_message().queue_url(url).message_body(body).send().await.expect("the message is sent");
    }

    /// Messages that wait in a queue.
    pub async fn depth(&self, queue: &str) -> usize {
        let url = self.queue(queue).await;
        let wanted = QueueAttributeName::ApproximateNumberOfMessages;
        let answer = self.sqs.get_queue_attributes().queue_url(url).attribute_names(wanted.clone()).send().await;
        let attributes = answer.expect("the queue answers").attributes.unwrap_or_default();
        attributes.get(&wanted).and_then(|count| count.parse().ok()).expect("a number")
    }
}
