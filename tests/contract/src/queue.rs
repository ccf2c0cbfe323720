//! Promises of [`WorkQueue`].

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use adit_store::queue::{Band, Kind, Lane, Message, StoreError, WorkQueue};

use crate::{Gaps, Promise, Time};

type Queue = Arc<dyn WorkQueue>;
/// Long enough for what a test does while it holds a message, short enough to be waited for.
const HOLD: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);

fn message(body: &str, band: Band, group: &str) -> Message {
    Message {
        body: body.into(),
        lane: Lane::Bridge,
        band,
        group: group.into(),
        trace: "Root=1-5759e988-bd862e3fe1be46a994272793".into(),
    }
}

/// Runs every promise; each leaves the queue empty.
pub async fn run(queue: Queue, time: Time, gaps: Gaps) {
    urgent_goes_first_and_groups_take_turns(&queue, gaps).await;
    a_message_has_one_holder_and_comes_back(&queue, &time, gaps).await;
    delays_and_lanes_are_kept(&queue, &time).await;
    extending_and_releasing(&queue, &time).await;
    dead_letters_and_limits(&queue).await;
    parallel_receivers_share(&queue).await;
    waiting_ends_when_something_arrives(&queue).await;
}

/// A receipt that is worth nothing any more.
fn refused(answer: Result<(), StoreError>, gaps: Gaps) {
    if !gaps.excuse(Promise::StaleReceiptsAreRefused) || answer.is_err() {
        assert!(matches!(answer.unwrap_err().kind, Kind::Conflict { .. }));
    }
}

async fn bodies(queue: &Queue, max: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    for delivery in queue.receive(Lane::Bridge, max, HOLD).await.unwrap() {
        bodies.push(delivery.message.body.clone());
        queue.ack(&delivery.receipt).await.unwrap();
    }
    bodies
}

async fn urgent_goes_first_and_groups_take_turns(queue: &Queue, gaps: Gaps) {
    for n in 0..3 {
        queue.send(message(&format!("greedy {n}"), Band::Normal, "greedy"), Duration::ZERO).await.unwrap();
    }
    queue.send(message("modest", Band::Normal, "modest"), Duration::ZERO).await.unwrap();
    queue.send(message("urgent", Band::Urgent, "greedy"), Duration::ZERO).await.unwrap();
    let first = queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().remove(0);
    assert_eq!(first.message, message("urgent", Band::Urgent, "greedy"), "nothing of a message is lost");
    let second = queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().remove(0);
    let fair = !gaps.excuse(Promise::FewestOnLoanFirst);
    assert!(!fair || second.message.body == "modest", "the group with less on loan gets its turn");
    queue.ack(&first.receipt).await.unwrap();
    queue.ack(&second.receipt).await.unwrap();
    let mut rest = bodies(queue, 10).await;
    if gaps.excuse(Promise::OrderWithinGroup) || !fair {
        rest.push(second.message.body);
        rest.sort();
        assert_eq!(rest, ["greedy 0", "greedy 1", "greedy 2", "modest"]);
    } else {
        assert_eq!(rest, ["greedy 0", "greedy 1", "greedy 2"]);
    }
}

async fn a_message_has_one_holder_and_comes_back(queue: &Queue, time: &Time, gaps: Gaps) {
    queue.send(message("one", Band::Normal, "g"), Duration::ZERO).await.unwrap();
    let held = queue.receive(Lane::Bridge, 5, HOLD).await.unwrap().remove(0);
    assert_eq!(held.receive_count, 1);
    assert!(queue.receive(Lane::Bridge, 5, HOLD).await.unwrap().is_empty());
    assert_eq!(queue.depth(Lane::Bridge).await.unwrap().in_flight, 1);
    time.pass(HOLD + SECOND).await;
    let again = queue.receive(Lane::Bridge, 5, HOLD).await.unwrap().remove(0);
    assert_eq!(again.receive_count, 2);
    // The first holder's receipt is worth nothing any more.
    refused(queue.ack(&held.receipt).await, gaps);
    queue.ack(&again.receipt).await.unwrap();
    refused(queue.ack(&again.receipt).await, gaps);
    time.pass(HOLD + SECOND).await;
    assert!(queue.receive(Lane::Bridge, 5, HOLD).await.unwrap().is_empty(), "what is done does not come back");
}

async fn delays_and_lanes_are_kept(queue: &Queue, time: &Time) {
    queue.send(message("later", Band::Urgent, "g"), 4 * SECOND).await.unwrap();
    queue
        .send(Message { lane: Lane::Worker, ..message("other lane", Band::Normal, "g") }, Duration::ZERO)
        .await
        .unwrap();
    assert!(bodies(queue, 5).await.is_empty());
    let other = queue.receive(Lane::Worker, 5, HOLD).await.unwrap().remove(0);
    queue.ack(&other.receipt).await.unwrap();
    time.pass(5 * SECOND).await;
    assert_eq!(bodies(queue, 5).await, ["later"]);
}

async fn extending_and_releasing(queue: &Queue, time: &Time) {
    queue.send(message("long", Band::Normal, "g"), Duration::ZERO).await.unwrap();
    let held = queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().remove(0);
    time.pass(3 * SECOND).await;
    queue.extend(&held.receipt, HOLD).await.unwrap();
    time.pass(3 * SECOND).await;
    assert!(queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().is_empty());
    queue.release(&held.receipt, 3 * SECOND).await.unwrap();
    assert!(queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().is_empty());
    time.pass(4 * SECOND).await;
    let again = queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().remove(0);
    assert_eq!(again.message, held.message, "what is handed back comes as it was");
    queue.ack(&again.receipt).await.unwrap();
}

async fn dead_letters_and_limits(queue: &Queue) {
    queue.send(message("bad", Band::Normal, "g"), Duration::ZERO).await.unwrap();
    let held = queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().remove(0);
    queue.dead_letter(&held.receipt, "unreadable").await.unwrap();
    let depth = queue.depth(Lane::Bridge).await.unwrap();
    assert_eq!((depth.dead, depth.normal, depth.in_flight), (1, 0, 0));
    let long = message(&"x".repeat(1025), Band::Normal, "g");
    assert_eq!(queue.send(long, Duration::ZERO).await.unwrap_err().kind, Kind::TooLarge);
}

async fn parallel_receivers_share(queue: &Queue) {
    for n in 0..40 {
        queue.send(message(&n.to_string(), Band::Normal, &format!("g{}", n % 3)), Duration::ZERO).await.unwrap();
    }
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let queue = Arc::clone(queue);
        workers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let got = bodies(&queue, 3).await;
                if got.is_empty() {
                    return mine;
                }
                mine.extend(got);
            }
        });
    }
    let mut seen = Vec::new();
    while let Some(ended) = workers.join_next().await {
        seen.extend(ended.unwrap());
    }
    assert_eq!(seen.len(), 40);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>().len(), 40);
}

/// Several wait; each message wakes somebody long before the time is over, and all are received once.
async fn waiting_ends_when_something_arrives(queue: &Queue) {
    let begun = std::time::Instant::now();
    queue.wait(Lane::Worker, Duration::from_millis(300)).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "waiting ends after its time");
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let queue = Arc::clone(queue);
        workers.spawn(async move {
            loop {
                if let Some(delivery) = queue.receive(Lane::Worker, 1, HOLD).await.unwrap().pop() {
                    queue.ack(&delivery.receipt).await.unwrap();
                    return delivery.message.body;
                }
                queue.wait(Lane::Worker, 10 * SECOND).await;
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    for n in 0..3 {
        let message = Message { lane: Lane::Worker, ..message(&n.to_string(), Band::Urgent, "g") };
        queue.send(message, Duration::ZERO).await.unwrap();
    }
    let sent = std::time::Instant::now();
    let mut seen = HashSet::new();
    while let Some(ended) = workers.join_next().await {
        seen.insert(ended.unwrap());
    }
    assert_eq!(seen.len(), 3);
    assert!(sent.elapsed() < Duration::from_secs(5), "{:?}", sent.elapsed());
}
