//! Promises of [`WorkQueue`].

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use adit_store::clock::ManualClock;
use adit_store::queue::{Band, Kind, Lane, Message, WorkQueue};

type Queue = Arc<dyn WorkQueue>;
const HOLD: Duration = Duration::from_secs(30);

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
pub async fn run(queue: Queue, clock: Arc<ManualClock>) {
    urgent_goes_first_and_groups_take_turns(&queue).await;
    a_message_has_one_holder_and_comes_back(&queue, &clock).await;
    delays_and_lanes_are_kept(&queue, &clock).await;
    extending_and_releasing(&queue, &clock).await;
    dead_letters_and_limits(&queue).await;
    parallel_receivers_share(&queue).await;
}

async fn bodies(queue: &Queue, max: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    for delivery in queue.receive(Lane::Bridge, max, HOLD).await.unwrap() {
        bodies.push(delivery.message.body.clone());
        queue.ack(&delivery.receipt).await.unwrap();
    }
    bodies
}

async fn urgent_goes_first_and_groups_take_turns(queue: &Queue) {
    for n in 0..3 {
        queue.send(message(&format!("greedy {n}"), Band::Normal, "greedy"), Duration::ZERO).await.unwrap();
    }
    queue.send(message("modest", Band::Normal, "modest"), Duration::ZERO).await.unwrap();
    queue.send(message("urgent", Band::Urgent, "greedy"), Duration::ZERO).await.unwrap();
    let first = queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().remove(0);
    assert_eq!(first.message, message("urgent", Band::Urgent, "greedy"), "nothing of a message is lost");
    let second = queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().remove(0);
    assert_eq!(second.message.body, "modest", "the group with less on loan gets its turn");
    queue.ack(&first.receipt).await.unwrap();
    queue.ack(&second.receipt).await.unwrap();
    assert_eq!(bodies(queue, 10).await, ["greedy 0", "greedy 1", "greedy 2"]);
}

async fn a_message_has_one_holder_and_comes_back(queue: &Queue, clock: &ManualClock) {
    queue.send(message("one", Band::Normal, "g"), Duration::ZERO).await.unwrap();
    let held = queue.receive(Lane::Bridge, 5, HOLD).await.unwrap().remove(0);
    assert_eq!(held.receive_count, 1);
    assert!(queue.receive(Lane::Bridge, 5, HOLD).await.unwrap().is_empty());
    assert_eq!(queue.depth(Lane::Bridge).await.unwrap().in_flight, 1);
    clock.advance(HOLD + Duration::from_secs(1));
    let again = queue.receive(Lane::Bridge, 5, HOLD).await.unwrap().remove(0);
    assert_eq!(again.receive_count, 2);
    // The first holder's receipt is worth nothing any more.
    assert!(matches!(queue.ack(&held.receipt).await.unwrap_err().kind, Kind::Conflict { .. }));
    queue.ack(&again.receipt).await.unwrap();
    assert!(matches!(queue.ack(&again.receipt).await.unwrap_err().kind, Kind::Conflict { .. }));
}

async fn delays_and_lanes_are_kept(queue: &Queue, clock: &ManualClock) {
    queue.send(message("later", Band::Urgent, "g"), Duration::from_secs(60)).await.unwrap();
    queue
        .send(Message { lane: Lane::Worker, ..message("other lane", Band::Normal, "g") }, Duration::ZERO)
        .await
        .unwrap();
    assert!(bodies(queue, 5).await.is_empty());
    let other = queue.receive(Lane::Worker, 5, HOLD).await.unwrap().remove(0);
    queue.ack(&other.receipt).await.unwrap();
    clock.advance(Duration::from_secs(61));
    assert_eq!(bodies(queue, 5).await, ["later"]);
}

async fn extending_and_releasing(queue: &Queue, clock: &ManualClock) {
    queue.send(message("long", Band::Normal, "g"), Duration::ZERO).await.unwrap();
    let held = queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().remove(0);
    clock.advance(Duration::from_secs(20));
    queue.extend(&held.receipt, HOLD).await.unwrap();
    clock.advance(Duration::from_secs(20));
    assert!(queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().is_empty());
    queue.release(&held.receipt, Duration::from_secs(5)).await.unwrap();
    assert!(queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().is_empty());
    clock.advance(Duration::from_secs(6));
    assert_eq!(bodies(queue, 1).await, ["long"]);
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
