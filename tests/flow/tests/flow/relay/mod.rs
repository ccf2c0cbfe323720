//! Instances between bridges: what is sent is what arrives, the status is that of the bridge that waits, and whatever breaks is never a
//! Success.

mod waiter;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use adit_backend_embedded::Embedded;
use adit_dimse::{InstanceHead, InstanceSink, Status};
use adit_engine::now;
use adit_engine::reception::Neighbours;
use adit_relay::{Identity, RelayClient, RelayServer, Token};
use adit_store::clock::SystemClock;
use adit_store::repositories::{Bridge, Bridges, MoveKey, Moves};
use adit_test_support::ANY;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use waiter::{Manner, Seen, Waiter};

const UID: &str = "1.2.3.4";
const MIB: usize = 1 << 20;

/// Bridges around one store.
struct Scene {
    _dir: TempDir,
    moves: Moves,
    bridges: Bridges,
    client: RelayClient,
}

/// A bridge in a runtime of its own, which can be killed.
struct Side {
    seen: Arc<Seen>,
    kill: CancellationToken,
}

impl Drop for Side {
    fn drop(&mut self) {
        self.kill.cancel();
    }
}

fn token() -> Token {
    Token::derive(&[7; 32])
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let items = Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap().items;
        let (moves, bridges) = (Moves::new(Arc::clone(&items)), Bridges::new(items));
        let client = RelayClient::new("us", moves.clone(), bridges.clone(), token());
        Self { _dir: dir, moves, bridges, client }
    }

    async fn bridge(&self, name: &str, manner: Manner, wants: &str) -> Side {
        let (side, addr, pem) = Self::start(manner, wants, token());
        self.publish(name, addr, &pem).await;
        side
    }

    fn start(manner: Manner, wants: &str, token: Token) -> (Side, SocketAddr, String) {
        let side = Side { seen: Arc::default(), kill: CancellationToken::new() };
        let waiter = Waiter { manner, seen: Arc::clone(&side.seen), wants: wants.into() };
        let (kill, (say, hear)) = (side.kill.clone(), std::sync::mpsc::channel());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let identity = Identity::make().unwrap();
                let server = RelayServer::bind(ANY, &identity, token, Arc::new(waiter)).await.unwrap();
                say.send((server.local_addr().unwrap(), identity.certificate_pem().to_owned())).unwrap();
                tokio::select! {
                    () = server.run(CancellationToken::new()) => {}
                    () = kill.cancelled() => {}
                }
            });
        });
        let (addr, pem) = hear.recv().unwrap();
        (side, addr, pem)
    }

    async fn publish(&self, name: &str, addr: SocketAddr, certificate_pem: &str) {
        let (address, certificate_pem) = (addr.to_string(), certificate_pem.to_owned());
        let proof = String::new();
        let bridge = Bridge { name: name.into(), address, certificate_pem, proof, seen: now() };
        self.bridges.put(&token().sealed(bridge)).await.unwrap();
    }

    async fn moved_by(&self, bridge: &str) {
        assert!(self.moves.begin(&key(), bridge, now()).await.unwrap());
    }

    /// Sends an instance of `size` bytes in pieces, as a sender would.
    async fn send(&self, head: &InstanceHead, size: usize) -> Option<Status> {
        let sink = match head.move_originator {
            Some(_) => self.client.by_move(head).await,
            None => self.client.by_instance(head).await,
        };
        Some(pour(&mut *sink?, head, size).await)
    }
}

async fn pour(sink: &mut dyn InstanceSink, head: &InstanceHead, size: usize) -> Status {
    if let Err(status) = sink.begin(head).await {
        return status;
    }
    let chunk = vec![1; MIB / 2];
    let mut left = size;
    while left > 0 {
        let piece = left.min(chunk.len());
        if let Err(status) = sink.write(&chunk[..piece]).await {
            return status;
        }
        left -= piece;
    }
    sink.end().await
}

fn key() -> MoveKey {
    MoveKey { calling_ae_title: "ADIT".into(), message_id: 9 }
}

fn head(move_originator: Option<(String, u16)>) -> InstanceHead {
    InstanceHead {
        sop_class_uid: "1.2".into(),
        sop_instance_uid: UID.into(),
        transfer_syntax_uid: "1.2.840.10008.1.2.1".into(),
        calling_ae_title: "PACS".into(),
        peer_addr: None,
        move_originator,
        message_id: 3,
    }
}

fn of_move() -> InstanceHead {
    head(Some(("ADIT ".into(), 9)))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_instance_arrives_and_its_status_comes_back() {
    for status in [0x0000, 0xB000, 0xC123, 0xA700] {
        let scene = Scene::new();
        let side = scene.bridge("them", Manner::Answer(status), UID).await;
        scene.moved_by("them").await;
        for size in [0, 1, 5 * MIB + 7] {
            let before = side.seen.sum.swap(0, Ordering::SeqCst);
            assert_eq!(scene.send(&of_move(), size).await, Some(Status(status)), "{size} bytes after {before}");
            assert_eq!(side.seen.sum.load(Ordering::SeqCst), size as u64);
        }
        assert_eq!(side.seen.ended.load(Ordering::SeqCst), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_comes_back_at_once_or_in_the_middle() {
    let scene = Scene::new();
    let side = scene.bridge("them", Manner::RefuseAtOnce(0x0124), UID).await;
    scene.moved_by("them").await;
    assert_eq!(scene.send(&of_move(), MIB).await, Some(Status(0x0124)));
    assert_eq!(side.seen.bytes.load(Ordering::SeqCst), 0);

    let scene = Scene::new();
    let side = scene.bridge("them", Manner::RefuseAfter(3 * MIB as u64, 0xC001), UID).await;
    scene.moved_by("them").await;
    assert_eq!(scene.send(&of_move(), 300 * MIB).await, Some(Status(0xC001)));
    assert!(side.seen.bytes.load(Ordering::SeqCst) < 4 * MIB as u64, "the rest is not looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_originator_the_bridge_that_waits_for_the_image_gets_it() {
    let scene = Scene::new();
    let others = [scene.bridge("a", Manner::Answer(0), "9.9").await, scene.bridge("c", Manner::Answer(0), "8.8").await];
    let waiting = scene.bridge("b", Manner::Answer(0), UID).await;
    for _ in 0..3 {
        assert_eq!(scene.send(&head(None), MIB).await, Some(Status::SUCCESS));
    }
    assert_eq!(waiting.seen.ended.load(Ordering::SeqCst), 3);
    assert!(others.iter().all(|side| side.seen.bytes.load(Ordering::SeqCst) == 0));
    let unwanted = InstanceHead { sop_instance_uid: "7.7".into(), ..head(None) };
    assert_eq!(scene.send(&unwanted, MIB).await, None, "nobody waits for it");
    assert_eq!(scene.send(&head(Some(("ADIT".into(), 10))), MIB).await, None, "no such C-MOVE runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_token_or_another_certificate_gets_nothing_through() {
    let scene = Scene::new();
    let (stranger, addr, pem) = Scene::start(Manner::Answer(0), UID, Token::derive(&[8; 32]));
    scene.publish("stranger", addr, &pem).await;
    scene.moved_by("stranger").await;
    for head in [of_move(), head(None)] {
        assert_eq!(scene.send(&head, MIB).await, Some(Status::OUT_OF_RESOURCES));
    }
    assert_eq!(stranger.seen.bytes.load(Ordering::SeqCst), 0);

    let scene = Scene::new();
    let (impostor, addr, _) = Scene::start(Manner::Answer(0), UID, token());
    scene.publish("impostor", addr, Identity::make().unwrap().certificate_pem()).await;
    scene.moved_by("impostor").await;
    for head in [of_move(), head(None)] {
        assert_eq!(scene.send(&head, MIB).await, Some(Status::OUT_OF_RESOURCES));
    }
    assert_eq!(impostor.seen.bytes.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_the_proof_of_this_installation_is_left_out() {
    let scene = Scene::new();
    let (stranger, addr, pem) = Scene::start(Manner::Answer(0), UID, token());
    for proof in [String::new(), "00".repeat(32)] {
        let (name, address) = ("stranger".to_owned(), addr.to_string());
        let bridge = Bridge { name, address, certificate_pem: pem.clone(), proof, seen: now() };
        scene.bridges.put(&bridge).await.unwrap();
        assert_eq!(scene.send(&head(None), MIB).await, None);
    }
    assert_eq!(stranger.seen.bytes.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_breaks_off_leaves_no_half_instance() {
    let scene = Scene::new();
    let side = scene.bridge("them", Manner::Answer(0), UID).await;
    scene.moved_by("them").await;
    for dropped in [false, true] {
        let mut sink = scene.client.by_move(&of_move()).await.unwrap();
        sink.begin(&of_move()).await.unwrap();
        sink.write(&[1; 1000]).await.unwrap();
        if dropped { drop(sink) } else { sink.abort().await }
    }
    wait_until(|| side.seen.aborted.load(Ordering::SeqCst) == 2).await;
    assert_eq!(side.seen.ended.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_dies_in_the_middle_is_a_failure_that_may_pass() {
    let scene = Scene::new();
    let side = scene.bridge("them", Manner::Hold(2 * MIB as u64), UID).await;
    scene.moved_by("them").await;
    let (head, kill) = (of_move(), side.kill.clone());
    let killing = async {
        wait_until(|| side.seen.bytes.load(Ordering::SeqCst) > 2 * MIB as u64).await;
        kill.cancel();
    };
    let (status, ()) = tokio::join!(scene.send(&head, 64 * MIB), killing);
    assert_eq!(status, Some(Status::OUT_OF_RESOURCES));
    // And when it is gone altogether while its rows are still there.
    assert_eq!(scene.send(&head, MIB).await, Some(Status::OUT_OF_RESOURCES));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_hangs_is_noticed_and_one_that_is_slow_is_waited_for() {
    let (hanging, slow) = (Scene::new(), Scene::new());
    let _hanging = hanging.bridge("them", Manner::Hang(2 * MIB as u64), UID).await;
    let side = slow.bridge("them", Manner::Hold(2 * MIB as u64), UID).await;
    hanging.moved_by("them").await;
    slow.moved_by("them").await;
    let begun = Instant::now();
    let (head, mut sink) = (of_move(), slow.client.by_move(&of_move()).await.unwrap());
    let patient = tokio::time::timeout(Duration::from_secs(30), pour(&mut *sink, &head, 64 * MIB));
    let (noticed, waited) = tokio::join!(hanging.send(&head, 64 * MIB), patient);
    assert_eq!(noticed, Some(Status::OUT_OF_RESOURCES));
    assert!(begun.elapsed() >= Duration::from_secs(20));
    assert!(waited.is_err(), "as long as the other side shows that it lives, it is waited for");
    assert_eq!(side.seen.ended.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_instance_is_never_held_whole_and_a_slow_side_holds_the_sender_back() {
    let scene = Scene::new();
    let side = scene.bridge("them", Manner::Answer(0), UID).await;
    scene.moved_by("them").await;
    let (head, chunk, size) = (of_move(), vec![1; MIB / 2], 300 * MIB);
    let mut sink = scene.client.by_move(&head).await.unwrap();
    let (mut sent, mut most) = (0_u64, 0);
    while sent < size as u64 {
        sink.write(&chunk).await.unwrap();
        sent += chunk.len() as u64;
        most = most.max(sent - side.seen.bytes.load(Ordering::SeqCst));
    }
    assert_eq!(sink.end().await, Status::SUCCESS);
    assert_eq!(side.seen.sum.load(Ordering::SeqCst), size as u64);
    assert!(most <= 16 * MIB as u64, "{most} bytes were on their way at a time");

    let scene = Scene::new();
    let side = scene.bridge("them", Manner::Hold(MIB as u64), UID).await;
    scene.moved_by("them").await;
    let mut sink = scene.client.by_move(&head).await.unwrap();
    let mut accepted = 0_usize;
    while tokio::time::timeout(Duration::from_secs(3), sink.write(&chunk)).await.is_ok_and(|wrote| wrote.is_ok()) {
        accepted += chunk.len();
        assert!(accepted <= 16 * MIB, "the sender is not held back");
    }
    assert!(side.seen.bytes.load(Ordering::SeqCst) > MIB as u64);
}

async fn wait_until(what: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < deadline, "it does not come to that");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
