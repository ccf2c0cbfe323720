//! A job of ten thousand tasks.

use super::*;
use crate::worker::proofs::large_job;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_tasks_and_eight_consumers_are_counted_exactly() {
    const TASKS: u32 = 10_000;
    let site = Site::open();
    let engine = site.engine("looks");
    let counted = large_job(engine.0.ports.clone(), TASKS).await.unwrap();
    println!("{TASKS} tasks: {counted:?}");
    counted.check(TASKS);
    let depth = engine.0.ports.queue.depth(Lane::Bridge).await.unwrap();
    assert_eq!(depth, Default::default(), "nothing is left in the queue");
}
