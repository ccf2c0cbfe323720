//! DICOMweb through ADIT beside Orthanc's own: ADIT in front of Orthanc over DIMSE, each figure from interleaved rounds.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use adit_archive::generate::{StudySpec, write_huge, write_study};
use adit_dimse::{Association, Identifier, Model, Proposal, tags};
use adit_test_support::orthanc::{self, Orthanc};
use adit_test_support::program::Program;
use adit_test_support::rig::peer;
use adit_test_support::{ANY, free_port};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{ROUNDS, bar, local, median};

const BOUNDARY: &str = "a-boundary-that-no-image-holds";
const PARTS: &str = "multipart/related; type=\"application/dicom\"";
/// Searches of each kind.
const SEARCHES: usize = 40;
/// Clients that fetch at the same time.
const CLIENTS: usize = 50;

/// ADIT in front of an Orthanc that it knows over DIMSE, and the way to both.
struct Bench {
    archive: Orthanc,
    adit: Program,
    /// Base addresses of Orthanc's own DICOMweb and of ADIT's.
    own: String,
    through: String,
    token: String,
    client: Client,
}

pub async fn run() {
    let dir = tempfile::tempdir().expect("a folder");
    let bench = Bench::start(dir.path()).await;
    bench.retrieve(dir.path()).await;
    bench.search().await;
    bench.store(dir.path()).await;
    drop(bench);
    crowd().await;
}

impl Bench {
    async fn start(dir: &Path) -> Self {
        let archive = orthanc::start_web(&dir.join("orthanc"), "ORTHANC").await;
        let (adit, through, token) = before(&dir.join("data"), archive.dicom_port).await;
        let client = Client::builder().no_proxy().build().expect("a client");
        Self { own: archive.web(), archive, adit, through, token, client }
    }

    fn ask(&self, method: Method, base: &str, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{base}/{path}"));
        if base == self.through { request.header(AUTHORIZATION, format!("Token {}", self.token)) } else { request }
    }

    /// Studies of 100 CT images of 512 x 512, each fetched once by either way, so that nothing is cached.
    async fn retrieve(&self, dir: &Path) {
        let studies: Vec<StudySpec> =
            (0..4).map(|n| StudySpec::ct(&format!("GET-{n}"), "Doe^Jane", 100, 512)).collect();
        for study in &studies {
            for file in write_study(study, &dir.join("studies")).expect("a study") {
                self.archive.upload(&file).await;
            }
        }
        let (mut own, mut through) = (Vec::new(), Vec::new());
        for study in &studies {
            let path = format!("studies/{}", study.study_instance_uid());
            own.push(self.fetched(&self.own, &path).await);
            through.push(self.fetched(&self.through, &path).await);
        }
        let (own, through) = (median(own), median(through));
        println!("WADO-RS, a study of 100 CT: Orthanc {own:.2} s, through ADIT over C-GET {through:.2} s");
        bar("WADO-RS through ADIT / Orthanc's own, speed", own / through, ">= 0.7", own / through >= 0.7);
    }

    async fn fetched(&self, base: &str, path: &str) -> f64 {
        let begun = Instant::now();
        let response = self.ask(Method::GET, base, path).header(ACCEPT, PARTS).send().await.expect("an answer");
        assert!(drained(response).await > 50_000_000, "the study is whole");
        begun.elapsed().as_secs_f64()
    }

    /// One patient's study, by C-FIND and by QIDO-RS through ADIT, which asks by C-FIND.
    async fn search(&self) {
        let (mut plain, mut through) = (Vec::new(), Vec::new());
        for _ in 0..SEARCHES {
            plain.push(c_find(self.archive.dicom_port).await);
            let begun = Instant::now();
            let asked = self.ask(Method::GET, &self.through, "studies?PatientID=GET-1");
            let found: Value = asked.send().await.expect("an answer").json().await.expect("JSON");
            assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
            through.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        let added = median(through.clone()) - median(plain.clone());
        println!("QIDO-RS at p50: C-FIND {:.1} ms, through ADIT {:.1} ms", median(plain), median(through));
        bar("QIDO-RS adds to the C-FIND at p50, ms", added, "<= 10", added <= 10.0);
    }

    async fn store(&self, dir: &Path) {
        for (name, bodies) in [("1 x 256 MB", huge(dir, 256)), ("1,000 x 0.5 MB", many(dir, 1000))] {
            let (mut own, mut through) = (Vec::new(), Vec::new());
            for _ in 0..3 {
                for (base, times) in [(&self.own, &mut own), (&self.through, &mut through)] {
                    self.archive.clear().await;
                    times.push(self.stored(base, &bodies).await);
                }
            }
            let (own, through) = (median(own), median(through));
            println!("STOW-RS, {name}: Orthanc {own:.2} s, through ADIT over C-STORE {through:.2} s");
            bar(
                &format!("STOW-RS through ADIT / Orthanc's own, speed, {name}"),
                own / through,
                ">= 0.7",
                own / through >= 0.7,
            );
        }
        let mut times = Vec::new();
        for megabytes in [64, 128, 256] {
            let body = huge(dir, megabytes);
            self.archive.clear().await;
            times.push(self.stored(&self.through, &body).await);
        }
        let grows = times[2] / times[0];
        println!("STOW-RS through ADIT: 64 MB {:.2} s, 128 MB {:.2} s, 256 MB {:.2} s", times[0], times[1], times[2]);
        bar("STOW-RS of four times the size takes so many times as long", grows, "<= 6", grows <= 6.0);
        println!("highest resident memory of ADIT so far: {} MB", self.adit.peak_memory_kib() / 1024);
    }

    async fn stored(&self, base: &str, files: &[PathBuf]) -> f64 {
        let mut body = Vec::new();
        for file in files {
            body.extend_from_slice(format!("\r\n--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n").as_bytes());
            body.extend_from_slice(&std::fs::read(file).expect("a file"));
        }
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--").as_bytes());
        let begun = Instant::now();
        let request =
            self.ask(Method::POST, base, "studies").header(CONTENT_TYPE, format!("{PARTS}; boundary={BOUNDARY}"));
        let response = request.header(ACCEPT, "application/dicom+json").body(body).send().await.expect("an answer");
        let status = response.status();
        let answer: Value = response.json().await.expect("JSON");
        let arrived = answer["00081199"]["Value"].as_array().map_or(0, Vec::len);
        assert_eq!(arrived, files.len(), "{status} {answer}");
        begun.elapsed().as_secs_f64()
    }
}

/// Fifty clients at once, one of which reads slowly, beside as many without it.
async fn crowd() {
    let dir = tempfile::tempdir().expect("a folder");
    let studies: Vec<StudySpec> = (0..10).map(|n| StudySpec::ct(&format!("CROWD-{n}"), "Doe^Jane", 40, 512)).collect();
    for study in &studies {
        write_study(study, &dir.path().join("source")).expect("a study");
    }
    let source = adit_archive::serve(&dir.path().join("source"), ANY, "ORTHANC").await.expect("an archive");
    let port = source.addr().port();
    let (mut alone, mut beside, mut late, mut peak) = (vec![], vec![], vec![], 0.0_f64);
    for round in 0..ROUNDS {
        alone.push(fetched_at_once(&dir.path().join(format!("alone-{round}")), port, &studies, false).await.others);
        let Crowd { others, slow, peak_mb } =
            fetched_at_once(&dir.path().join(format!("beside-{round}")), port, &studies, true).await;
        beside.push(others);
        late.push(slow);
        peak = peak.max(peak_mb);
    }
    let (alone, beside, late) = (median(alone), median(beside), median(late));
    println!(
        "{CLIENTS} clients: {} of them {beside:.1} s, without the slow one {alone:.1} s; the slow one {late:.1} s",
        CLIENTS - 1
    );
    bar("50 clients at once, peak resident memory in MB", peak, "<= 200", peak <= 200.0);
    bar("time of the others beside the slow one / without it", beside / alone, "<= 1.25", beside / alone <= 1.25);
}

/// How long clients took, in seconds, and what it cost in memory.
struct Crowd {
    others: f64,
    slow: f64,
    peak_mb: f64,
}

/// All but one fetch at the same time as fast as they can; the one, if there is one, takes a second for each megabyte.
async fn fetched_at_once(data: &Path, port: u16, studies: &[StudySpec], with_slow: bool) -> Crowd {
    let (adit, through, token) = before(data, port).await;
    let client = Client::builder().no_proxy().build().expect("a client");
    let get = |number: usize| {
        let study = &studies[number % studies.len()];
        let request = client.get(format!("{through}/studies/{}", study.study_instance_uid()));
        request.header(AUTHORIZATION, format!("Token {token}")).header(ACCEPT, PARTS)
    };
    let begun = Instant::now();
    let slow = if with_slow { Some(get(0).send().await.expect("an answer")) } else { None };
    let mut others = JoinSet::new();
    for number in 1..CLIENTS {
        let request = get(number);
        others.spawn(async move { drained(request.send().await.expect("an answer")).await });
    }
    let reading = tokio::spawn(async move {
        if let Some(mut slow) = slow {
            while let Some(piece) = slow.chunk().await.expect("a piece") {
                tokio::time::sleep(Duration::from_micros(piece.len() as u64)).await;
            }
        }
        begun.elapsed().as_secs_f64()
    });
    while let Some(read) = others.join_next().await {
        assert!(read.expect("it is read") > 20_000_000, "a study is whole");
    }
    let others = begun.elapsed().as_secs_f64();
    let slow = reading.await.expect("it is read");
    #[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
    let peak_mb = adit.peak_memory_kib() as f64 / 1024.0;
    adit.kill().await;
    Crowd { others, slow, peak_mb }
}

/// ADIT in front of an archive of this machine: the program, the base address of its DICOMweb, a token.
async fn before(data: &Path, dicom_port: u16) -> (Program, String, String) {
    let port = free_port();
    let adit = Program::start(data, port).await;
    let session = adit.session();
    session
        .add(json!({
            "name": "ORTHANC", "kind": "server", "ae_title": "ORTHANC", "host": "127.0.0.1", "port": dicom_port,
            "services": { "study_root_find": true, "study_root_get": true, "store_scp": true }
        }))
        .await;
    let wish = json!({ "scopes": ["search", "retrieve", "store"] });
    let made = session.call(Method::POST, "/api/tokens", wish).await;
    let token = made["token"].as_str().expect("a token").to_owned();
    (adit, format!("http://127.0.0.1:{port}/dicomweb/ORTHANC"), token)
}

async fn drained(mut response: Response) -> u64 {
    assert!(response.status().is_success(), "{}", response.status());
    let mut bytes = 0;
    while let Some(piece) = response.chunk().await.expect("the body is whole") {
        bytes += piece.len() as u64;
    }
    bytes
}

/// Milliseconds of one C-FIND with its association.
async fn c_find(port: u16) -> f64 {
    let begun = Instant::now();
    let (peer, cancel) = (peer("ORTHANC", local(port), "BENCH"), CancellationToken::new());
    let model = Model::StudyRoot;
    let mut open = Association::connect(&peer, &Proposal::new().find(model), &cancel).await.expect("an association");
    let query = Identifier::at_level("STUDY").with(tags::PATIENT_ID, "GET-1").asking(&[
        tags::STUDY_INSTANCE_UID,
        tags::STUDY_DATE,
        tags::STUDY_TIME,
        tags::MODALITIES_IN_STUDY,
        tags::NUMBER_OF_STUDY_RELATED_SERIES,
        tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
    ]);
    let mut found = 0;
    let mut count = |_| {
        found += 1;
        std::ops::ControlFlow::Continue(())
    };
    open.find(model, &query, &mut count, &cancel).await.expect("an answer");
    open.release().await;
    assert_eq!(found, 1);
    begun.elapsed().as_secs_f64() * 1000.0
}

/// One instance of so many megabytes.
fn huge(dir: &Path, megabytes: u64) -> Vec<PathBuf> {
    let path = dir.join(format!("huge-{megabytes}.dcm"));
    write_huge(&StudySpec::ct(&format!("HUGE-{megabytes}"), "Doe^Jane", 1, 64), megabytes * 1_000_000, &path)
        .expect("the object is written");
    vec![path]
}

/// So many CT images of half a megabyte.
fn many(dir: &Path, count: usize) -> Vec<PathBuf> {
    write_study(&StudySpec::ct("MANY", "Doe^Jane", count, 512), &dir.join("many")).expect("the study is written")
}
