//! What is used up lets transfers wait, says so, and tells administrators once: the room in a folder, the bytes of a group's day.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adit_api::groups::GroupInput;
use adit_api::nodes::{NodeInput, SecretsInput};
use adit_domain::UserId;
use adit_domain::job::JobStatus;
use adit_domain::node::{Folder, NodeKind};
use adit_domain::task::TaskStatus;
use adit_engine::{AddressBook, Known, Post};
use adit_mail::{MailError, OutgoingMail, PublicUrl, Recipient, Transport};
use adit_store::items::StoreError;
use adit_test_support::rig::{Rig, pseudonym};
use adit_test_support::scripted::Script;
use async_trait::async_trait;

use crate::{Scene, files};

const GB: u64 = 1_000_000_000;

/// Keeps the subjects of what was sent.
#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

#[async_trait]
impl Transport for Kept {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        self.0.lock().unwrap().push(mail.subject.clone());
        Ok(())
    }
}

impl Kept {
    fn of(rig: &Rig) -> Arc<Self> {
        let kept = Arc::new(Self::default());
        let public_url = PublicUrl::parse("https://adit.example.org").unwrap();
        rig.engine.use_post(Post { transport: Arc::clone(&kept) as _, from: "adit@example.org".into(), public_url });
        rig.engine.use_address_book(Arc::new(OneAdministrator(rig.actor.user_id.clone())));
        kept
    }

    async fn until(&self, count: usize) -> Vec<String> {
        for _ in 0..200 {
            let kept = self.0.lock().unwrap().clone();
            if kept.len() >= count {
                return kept;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{count} letters do not come: {:?}", self.0.lock().unwrap());
    }
}

struct OneAdministrator(UserId);

#[async_trait]
impl AddressBook for OneAdministrator {
    async fn address(&self, _: &UserId) -> Result<Option<Recipient>, StoreError> {
        Ok(Some(Recipient { name: "Jane Doe".into(), address: "jane@example.org".into() }))
    }
    async fn administrators(&self) -> Result<Vec<UserId>, StoreError> {
        Ok(vec![self.0.clone()])
    }
}

/// A file of a size that takes no room on the disk of the test.
fn hollow(path: &Path, bytes: u64) {
    File::create(path).unwrap().set_len(bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_folder_lets_transfers_wait_in_the_middle_and_goes_on_when_there_is_room() {
    let scene = Scene::new(12, Script::default(), Script::default()).await;
    let kept = Kept::of(&scene.rig);
    let place = scene.dir.path().join("research");
    std::fs::create_dir(&place).unwrap();
    let folder = scene.rig.folder("Research", &place).await;
    let mut config = folder.config.clone();
    config.kind = NodeKind::Folder(Folder { path: place.display().to_string(), quota_gb: 1, warn_size_gb: 0 });
    let input = NodeInput { config, secrets: SecretsInput::default(), version: None };
    let folder = scene.rig.engine.change_node(&scene.rig.actor, &folder.id, input).await.unwrap();

    // Room for some of the twelve images.
    let image = std::fs::metadata(&files(&scene.dir.path().join("source"))[0]).unwrap().len();
    hollow(&place.join("others"), GB - 5 * image);
    let end = scene.rig.transfer(&scene.from, &folder, &scene.study(), pseudonym("P")).await;
    let task = &end.tasks[0];
    assert_eq!(task.status, TaskStatus::Pending, "{end:?}");
    assert!(task.message.contains("no room") && task.message.contains("1.0 GB"), "{}", task.message);
    let arrived = files(&place).len() - 1;
    assert!((1..=5).contains(&arrived), "{arrived}");
    assert!(files(&place).iter().all(|path| !path.file_name().unwrap().to_string_lossy().starts_with(".adit-")));
    let used: u64 = files(&place).iter().map(|path| std::fs::metadata(path).unwrap().len()).sum();
    assert!(used <= GB, "{used}");

    // A later one does not even begin, and administrators have heard of it once.
    hollow(&place.join("more"), GB);
    tokio::time::sleep(Duration::from_secs(11)).await;
    let second = scene.rig.transfer(&scene.from, &folder, &scene.study(), pseudonym("P")).await;
    assert_eq!(second.tasks[0].status, TaskStatus::Pending, "{second:?}");
    assert_eq!(second.progress.delivered, 0);
    assert_eq!(kept.until(1).await, ["A quota is used up in ADIT"]);
    let overview = scene.rig.engine.overview().await.unwrap();
    assert!(overview.folders[0].bytes >= GB && overview.folders[0].quota_bytes == GB, "{:?}", overview.folders);

    // Room is made: a new transfer goes through without waiting for the old measurement to age.
    std::fs::remove_file(place.join("others")).unwrap();
    std::fs::remove_file(place.join("more")).unwrap();
    tokio::time::sleep(Duration::from_secs(11)).await;
    let third = scene.rig.transfer(&scene.from, &folder, &scene.study(), pseudonym("P")).await;
    assert_eq!((third.job.status, third.progress.delivered), (JobStatus::Success, 12), "{third:?}");
    assert_eq!(kept.0.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_has_moved_today_lets_its_transfers_wait_for_tomorrow() {
    let scene = Scene::new(3, Script::default(), Script::default()).await;
    let (rig, kept) = (&scene.rig, Kept::of(&scene.rig));
    let first = rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_eq!(first.job.status, JobStatus::Success, "{first:?}");
    let on_disk: u64 =
        files(&scene.dir.path().join("source")).iter().map(|path| std::fs::metadata(path).unwrap().len()).sum();
    let moved = first.progress.bytes;
    assert!(moved > on_disk / 2 && moved < on_disk * 2, "{moved} bytes were counted of {on_disk}");

    // The day is as full as it may be: nothing new is taken.
    let group = rig.actor.group.clone().unwrap();
    let mut config = group.config.clone();
    config.settings.bytes_per_day = moved;
    rig.engine.change_group(&group.id, GroupInput { config, version: None }).await.unwrap();
    let known = Known { user_id: rig.actor.user_id.clone(), username: "tester".into(), staff: true };
    let now = rig.engine.actor(known).await.unwrap();
    let refused = rig.engine.create_job(&now, rig.wish(&scene.from, &scene.to, &scene.study(), pseudonym("Q"))).await;
    assert!(refused.unwrap_err().body.detail.contains("possible again from"));

    // A job by somebody who asked a moment before waits, and administrators hear of it once.
    for _ in 0..2 {
        let end = rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
        assert_eq!(end.tasks[0].status, TaskStatus::Pending, "{end:?}");
        assert!(end.tasks[0].message.contains("next day"), "{}", end.tasks[0].message);
    }
    assert_eq!(kept.until(1).await, ["A quota is used up in ADIT"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(kept.0.lock().unwrap().len(), 1);
}
