//! Ten thousand tasks and eight consumers on DynamoDB and SQS. Takes minutes on an emulator: `make cloud-large`.

use adit_engine::Ports;
use adit_engine::worker::proofs::large_job;
use adit_store::queue::Lane;
use adit_test_cloud::Local;

const TASKS: u32 = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_tasks_and_eight_consumers_are_counted_exactly() {
    let local = Local::make().await;
    let aws = local.aws().await;
    let ports = Ports { items: aws.items, queue: aws.queue, staging: aws.staging, buckets: None };
    let counted = large_job(ports.clone(), TASKS).await.expect("the backend holds");
    println!("{TASKS} tasks on DynamoDB and SQS: {counted:?}");
    counted.check(TASKS);
    let depth = ports.queue.depth(Lane::Bridge).await.expect("a depth");
    assert_eq!(depth, Default::default(), "nothing is left in the queue");
    local.remove().await;
}
