//! What runs of a task count, whatever becomes of them.

use adit_api::usage::UsageQuery;

use super::*;

/// A run that had this many instances at the destination when it ended.
fn ran(ending: Ending, delivered: u64, bytes: u64) -> Outcome {
    let progress = Progress { delivered, bytes, ..Progress::default() };
    Outcome { ending, progress, ..done(TaskStatus::Success) }
}

/// Lets a run begin and end.
async fn run(engine: &Engine, job: &Job, task: &Task, outcome: Outcome) {
    expire(engine, task).await;
    let claimed = engine.claim(&stored(engine, task).await).await.unwrap().expect("it is free");
    engine.settle(job, &claimed, &outcome, true).await.unwrap();
}

/// Requests, instances and bytes of all transfers.
async fn counted(engine: &Engine) -> (u64, u64, u64) {
    let rows = engine.usage(&UsageQuery::default()).await.unwrap().rows;
    let amounts = rows.iter().map(|row| row.transferred);
    amounts.fold((0, 0, 0), |sum, one| (sum.0 + one.requests, sum.1 + one.instances, sum.2 + one.bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_counts_once_whatever_runs_see_of_it() {
    let site = Site::open();
    let engine = site.engine("first");
    let (job, task) = one(&engine).await;
    run(&engine, &job, &task, ran(Ending::Canceled, 20, 200)).await;
    assert_eq!(counted(&engine).await, (1, 20, 200));
    // The source rests: this run has not looked at its receipts.
    run(&engine, &job, &task, ran(Ending::Deferred(now()), 0, 0)).await;
    assert_eq!(counted(&engine).await, (1, 20, 200), "it has moved nothing");
    run(&engine, &job, &task, ran(Ending::Canceled, 25, 50)).await;
    assert_eq!(counted(&engine).await, (2, 25, 250), "five are new");

    // One is killed after five more: they have receipts, and nobody has counted them.
    engine.claim(&stored(&engine, &task).await).await.unwrap().expect("it waits");
    run(&engine, &job, &task, ran(Ending::Finished(TaskStatus::Warning), 32, 20)).await;
    assert_eq!(counted(&engine).await, (3, 32, 270));

    // A person retries it: its figures begin anew, its receipts stay.
    let again = |epoch: bool| {
        let change = engine.change_task(&job.id, &task.id, move |task| {
            task.wait_again(true);
            if epoch {
                (task.epoch, task.counted) = (task.epoch + 1, 0);
            }
            true
        });
        async { change.await.unwrap().unwrap() }
    };
    again(false).await;
    run(&engine, &job, &task, ran(Ending::Finished(TaskStatus::Success), 33, 10)).await;
    assert_eq!(counted(&engine).await, (4, 33, 280));
    again(true).await;
    run(&engine, &job, &task, ran(Ending::Finished(TaskStatus::Success), 33, 330)).await;
    assert_eq!(counted(&engine).await, (5, 66, 610), "a restart moves all of it again");
}
