//! The backend on AWS keeps the same promises as the embedded one, on a local cloud.

use std::sync::Arc;

use adit_domain::node::Bucket;
use adit_test_cloud::Local;
use adit_test_contract::{Gaps, Promise, Time, audit, items, queue, repositories, shelf, staging};

/// What DynamoDB cannot promise.
const ITEMS: Gaps = Gaps(&[
    (Promise::IndexesAreCurrent, "DynamoDB updates secondary indexes after the write is acknowledged"),
    (Promise::EqualPlacesInOrder, "DynamoDB does not say in which order items of equal sort keys come from an index"),
    (Promise::PurgeCounts, "DynamoDB's TTL removes expired items by itself"),
]);

/// What SQS cannot promise.
const QUEUE: Gaps = Gaps(&[
    (
        Promise::StaleReceiptsAreRefused,
        "SQS may answer a stale receipt handle with success; the task's attempt number fences",
    ),
    (
        Promise::FewestOnLoanFirst,
        "SQS fair queues take turns when a group has many messages in flight, and LocalStack does not",
    ),
    (Promise::OrderWithinGroup, "standard queues have no order"),
]);

#[tokio::test(flavor = "multi_thread")]
async fn item_store() {
    let local = Local::make().await;
    items::run(local.aws().await.items, Time::Real, ITEMS).await;
    local.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repositories_on_top() {
    let local = Local::make().await;
    repositories::run(local.aws().await.items).await;
    local.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_trail() {
    let local = Local::make().await;
    audit::run(local.aws().await.items).await;
    local.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_queue() {
    let local = Local::make().await;
    queue::run(local.aws().await.queue, Time::Real, QUEUE).await;
    local.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staging_bucket() {
    let local = Local::make().await;
    let staging = local.aws().await.staging;
    staging::run(Arc::clone(&staging)).await;
    staging::grants(Arc::clone(&staging)).await;
    assert_eq!(local.unfinished_uploads(&local.settings.staging_bucket).await, 0);
    local.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bucket_as_a_shelf() {
    let local = Local::make().await;
    let bucket = format!("{}outside", local.settings.queue_prefix);
    local.make_bucket(&bucket).await;
    let buckets = local.aws().await.buckets;
    let of = |prefix: &str| Bucket { bucket: bucket.clone(), prefix: prefix.into(), region: "us-east-1".into() };
    shelf::run(buckets.shelf(&of("some where/"))).await;
    shelf::run(buckets.shelf(&of(""))).await;
    assert_eq!(local.unfinished_uploads(&bucket).await, 0);
    local.remove_bucket(&bucket).await;
    local.remove().await;
}
