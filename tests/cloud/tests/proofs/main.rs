//! Proofs on the cloud home: one emulator, one stack, real programs; each proof looks at what the destination holds.
//!
//! `cargo test -p adit-test-cloud --test proofs -- NAME` runs those whose name holds NAME, or one of several with commas between.

mod bridges;
mod costs;
mod faults;
mod main_job;
mod objects;
mod support;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::time::Instant;

use adit_test_cloud::home::Home;
use adit_test_support::ANY;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

type Proof = (&'static str, for<'a> fn(&'a mut Home) -> BoxFuture<'a, ()>);

const PROOFS: [Proof; 15] = [
    ("the_main_job_by_c_get", |home| main_job::by_c_get(home).boxed()),
    ("the_main_job_by_c_move", |home| main_job::by_c_move(home).boxed()),
    ("only_the_edge_reaches_the_functions", |home| main_job::only_the_edge(home).boxed()),
    ("objects_go_through_the_worker_function", |home| objects::through_the_worker(home).boxed()),
    ("repeated_events_make_one_job", |home| objects::repeated_events(home).boxed()),
    ("instances_in_the_inbox_make_a_job", |home| objects::inbox(home).boxed()),
    ("two_bridges_share_forty_studies", |home| bridges::share(home).boxed()),
    ("instances_of_a_c_move_find_the_bridge_that_waits", |home| bridges::other_bridge(home).boxed()),
    ("a_killed_bridge_is_replaced", |home| bridges::killed(home).boxed()),
    ("a_drained_bridge_hands_back", |home| bridges::drained(home).boxed()),
    ("poison_ends_in_the_dead_letter_queue_and_nothing_else", |home| faults::poison(home).boxed()),
    ("a_troubled_bridge_does_its_work", |home| faults::troubled(home).boxed()),
    ("a_function_that_dies_in_the_middle_is_replaced", |home| faults::dying_function(home).boxed()),
    ("cost_of_a_terabyte", |home| costs::per_terabyte(home).boxed()),
    ("who_has_lost_the_lease_does_no_harm", |home| faults::lost_lease(home).boxed()),
];

#[tokio::main]
async fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let chosen: Vec<&Proof> =
        PROOFS.iter().filter(|(name, _)| wanted.split(',').any(|part| name.contains(part))).collect();
    assert!(!chosen.is_empty(), "no proof is called {wanted}");
    let scratch = tempfile::tempdir().expect("a directory");
    let dir = std::env::var_os("ADIT_CLOUD_DIR").map_or_else(|| scratch.path().join("cloud"), PathBuf::from);
    let begun = Instant::now();
    let mut home = Home::start(&dir, ANY).await.expect("the cloud home starts");
    home.add_bridge(&[]).await.expect("a bridge starts");
    println!("the cloud home stands after {:.1} s", begun.elapsed().as_secs_f64());
    let mut failed = Vec::new();
    for (name, proof) in &chosen {
        let begun = Instant::now();
        let outcome = AssertUnwindSafe(proof(&mut home)).catch_unwind().await;
        let took = begun.elapsed().as_secs_f64();
        println!("proof {name} ... {} ({took:.1} s)", if outcome.is_ok() { "ok" } else { "FAILED" });
        if outcome.is_err() {
            failed.push(*name);
            support::clean(&home).await;
        }
    }
    if !failed.is_empty() {
        support::show_logs(&home);
    }
    home.stop().await.expect("the cloud home stops");
    assert!(failed.is_empty(), "{} of {} proofs failed: {failed:?}", failed.len(), chosen.len());
    println!("{} proofs passed", chosen.len());
}
