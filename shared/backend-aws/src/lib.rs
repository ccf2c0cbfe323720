//! The three ports on DynamoDB, SQS and S3, with buckets, secrets and mail.
//!
//! Knows no job and no DICOM. AWS types do not leave this room. Which shapes it expects (table, queues, bucket) is written in
//! docs/decisions/0006-cloud.md; what each backend promises is written at the ports in `adit_store`.

mod buckets;
mod client;
mod error;
mod items;
mod mail;
mod metering;
mod queue;
mod secrets;
mod settings;
mod staging;
mod upload;

use std::sync::Arc;

use adit_store::clock::Clock;
use adit_store::items::ItemStore;
use adit_store::queue::WorkQueue;
use adit_store::shelf::Buckets;
use adit_store::staging::Staging;

pub use error::AwsError;
pub use mail::Mail;
pub use queue::{ReceivedMessage, delivery};
pub use secrets::{Secret, Secrets};
pub use settings::AwsSettings;

/// Everything that one installation on AWS has.
#[derive(Clone)]
pub struct Aws {
    /// Items, on the DynamoDB table.
    pub items: Arc<dyn ItemStore>,
    /// Work queue, on SQS.
    pub queue: Arc<dyn WorkQueue>,
    /// Staging, in the S3 bucket.
    pub staging: Arc<dyn Staging>,
    /// Other S3 buckets, as sources and destinations.
    pub buckets: Arc<dyn Buckets>,
    /// Secrets Manager.
    pub secrets: Secrets,
    /// SES.
    pub mail: Mail,
}

impl Aws {
    /// Composes the backend. Nothing is asked of AWS here: credentials are resolved at the first request, queues are looked up when
    /// they are used first. Only where neither the environment nor a profile names the region, the machine is asked for it.
    pub async fn open(settings: &AwsSettings, clock: Arc<dyn Clock>) -> Result<Self, AwsError> {
        let clients = client::Clients::open(settings.endpoint_url.as_deref()).await?;
        Ok(Self {
            items: Arc::new(items::DynamoItems::new(clients.dynamodb(), settings.table.clone(), Arc::clone(&clock))),
            queue: Arc::new(queue::SqsQueue::new(clients.sqs(), settings.queue_prefix.clone(), clock)),
            staging: Arc::new(staging::S3Staging::new(clients.s3(None), settings.staging_bucket.clone())),
            secrets: Secrets::new(clients.secrets()),
            mail: Mail::new(clients.ses()),
            buckets: Arc::new(buckets::S3Buckets::new(clients)),
        })
    }
}
