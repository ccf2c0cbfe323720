//! The resources of one installation under names of its own, in the shapes of docs/decisions/0006-cloud.md, made and removed by the SDK.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use adit_backend_aws::{Aws, AwsSettings};
use adit_store::clock::SystemClock;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TableStatus, TimeToLiveSpecification,
};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, Delete, ExpirationStatus, LifecycleExpiration,
    LifecycleRule, LifecycleRuleFilter, ObjectIdentifier,
};
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// The four queues; each has one more whose name ends with `-dead`.
pub const QUEUES: [&str; 4] = ["bridge-urgent", "bridge-normal", "worker-urgent", "worker-normal"];

/// Where the local cloud is.
///
/// # Panics
/// Says which variables are missing.
pub fn endpoint() -> String {
    #[expect(clippy::disallowed_methods, reason = "how a test finds the local cloud")]
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let wanted = ["ADIT_TEST_AWS_ENDPOINT", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let missing: Vec<_> = wanted.into_iter().filter(|name| variable(name).is_none()).collect();
    assert!(
        missing.is_empty(),
        "these tests need a local cloud; run them by `make test-cloud`, or set {}",
        missing.join(", ")
    );
    variable("ADIT_TEST_AWS_ENDPOINT").expect("looked at above")
}

/// A table, eight queues and a bucket of a random prefix.
pub struct Local {
    /// What the backend is told.
    pub settings: AwsSettings,
    /// Client of S3, past the backend.
    pub s3: aws_sdk_s3::Client,
    /// Client of SQS, past the backend.
    pub sqs: aws_sdk_sqs::Client,
    /// Client of DynamoDB, past the backend.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Client of Secrets Manager, past the backend.
    pub secrets: aws_sdk_secretsmanager::Client,
}

impl Local {
    /// Makes everything.
    pub async fn make() -> Self {
        let mut bytes = [0; 5];
        getrandom::fill(&mut bytes).expect("random numbers");
        let (prefix, endpoint) = (format!("t{}-", hex::encode(bytes)), endpoint());
        let config = config(&endpoint).await;
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        let local = Self {
            settings: AwsSettings {
                table: format!("{prefix}adit"),
                staging_bucket: format!("{prefix}staging"),
                queue_prefix: prefix,
                endpoint_url: Some(endpoint),
            },
            s3: aws_sdk_s3::Client::from_conf(s3),
            sqs: aws_sdk_sqs::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            secrets: aws_sdk_secretsmanager::Client::new(&config),
        };
        local.make_table().await;
        local.make_queues().await;
        local.make_bucket(&local.settings.staging_bucket).await;
        local
    }

    /// The backend on these resources.
    pub async fn aws(&self) -> Aws {
        Aws::open(&self.settings, Arc::new(SystemClock)).await.expect("a backend")
    }

    /// The backend on these resources through a proxy.
    pub async fn aws_through(&self, endpoint: &str) -> Aws {
        let settings = AwsSettings { endpoint_url: Some(endpoint.to_owned()), ..self.settings.clone() };
        Aws::open(&settings, Arc::new(SystemClock)).await.expect("a backend")
    }

    async fn make_table(&self) {
        let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
        let index = |name: &str, pk: &str, sk: &str| {
            GlobalSecondaryIndex::builder()
                .index_name(name)
                .key_schema(key(pk, KeyType::Hash))
                .key_schema(key(sk, KeyType::Range))
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()
                .unwrap()
        };
        let attributes = ["pk", "sk", "i1pk", "i1sk", "i2pk", "i2sk"].map(|name| {
            let kind = ScalarAttributeType::S;
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
        });
        let table = &self.settings.table;
        self.dynamodb
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(attributes.into()))
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range))
            .global_secondary_indexes(index("first", "i1pk", "i1sk"))
            .global_secondary_indexes(index("second", "i2pk", "i2sk"))
            .send()
            .await
            .expect("a table");
        for _ in 0..100 {
            let described = self.dynamodb.describe_table().table_name(table).send().await.expect("a description");
            if described.table().and_then(|table| table.table_status()) == Some(&TableStatus::Active) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires_at").build().unwrap();
        self.dynamodb
            .update_time_to_live()
            .table_name(table)
            .time_to_live_specification(ttl)
            .send()
            .await
            .expect("TTL");
    }

    async fn make_queues(&self) {
        for name in QUEUES {
            let name = format!("{}{name}", self.settings.queue_prefix);
            let dead = self.make_queue(&format!("{name}-dead"), HashMap::new()).await;
            let arn = QueueAttributeName::QueueArn;
            let asked = self.sqs.get_queue_attributes().queue_url(dead).attribute_names(arn.clone()).send().await;
            let arn = asked.expect("attributes").attributes.expect("attributes").remove(&arn).expect("an ARN");
            let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 5 }).to_string();
            self.make_queue(&name, HashMap::from([(QueueAttributeName::RedrivePolicy, redrive)])).await;
        }
    }

    async fn make_queue(&self, name: &str, attributes: HashMap<QueueAttributeName, String>) -> String {
        let made = self.sqs.create_queue().queue_name(name).set_attributes(Some(attributes)).send().await;
        made.expect("a queue").queue_url.expect("its address")
    }

    /// Makes a bucket with the lifecycle of the staging bucket.
    pub async fn make_bucket(&self, name: &str) {
        self.s3.create_bucket().bucket(name).send().await.expect("a bucket");
        let expire = LifecycleRule::builder()
            .id("expire")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .expiration(LifecycleExpiration::builder().days(7).build())
            .abort_incomplete_multipart_upload(
                AbortIncompleteMultipartUpload::builder().days_after_initiation(1).build(),
            )
            .build()
            .unwrap();
        let rules = BucketLifecycleConfiguration::builder().rules(expire).build().unwrap();
        let put = self.s3.put_bucket_lifecycle_configuration().bucket(name).lifecycle_configuration(rules);
        put.send().await.expect("a lifecycle");
    }

    /// Uploads of a bucket that were begun and neither completed nor taken back.
    pub async fn unfinished_uploads(&self, bucket: &str) -> usize {
        self.s3.list_multipart_uploads().bucket(bucket).send().await.expect("a list").uploads().len()
    }

    /// Removes a bucket with all that is in it.
    pub async fn remove_bucket(&self, name: &str) {
        loop {
            let listed = self.s3.list_objects_v2().bucket(name).send().await.expect("a list");
            let objects: Vec<_> = listed.contents().iter().filter_map(|object| object.key()).collect();
            if objects.is_empty() {
                break;
            }
            let objects = objects.iter().map(|key| ObjectIdentifier::builder().key(*key).build().unwrap());
            let delete = Delete::builder().set_objects(Some(objects.collect())).build().unwrap();
            self.s3.delete_objects().bucket(name).delete(delete).send().await.expect("removed objects");
        }
        self.s3.delete_bucket().bucket(name).send().await.expect("a removed bucket");
    }

    /// Removes everything.
    pub async fn remove(self) {
        self.dynamodb.delete_table().table_name(&self.settings.table).send().await.expect("a removed table");
        for name in QUEUES.iter().flat_map(|name| [(*name).to_owned(), format!("{name}-dead")]) {
            let name = format!("{}{name}", self.settings.queue_prefix);
            let url =
                self.sqs.get_queue_url().queue_name(name).send().await.expect("a queue").queue_url.unwrap_or_default();
            self.sqs.delete_queue().queue_url(url).send().await.expect("a removed queue");
        }
        self.remove_bucket(&self.settings.staging_bucket).await;
    }
}

async fn config(endpoint: &str) -> SdkConfig {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(http).endpoint_url(endpoint).load().await
}
