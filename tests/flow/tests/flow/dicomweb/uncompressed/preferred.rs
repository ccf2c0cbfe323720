//! What is given where several forms are taken, or none is possible.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_ends_in_the_middle_is_refused_and_not_begun() {
    let dir = tempfile::tempdir().unwrap();
    let mut cut = image("2.25.8501", EXPLICIT)
        .shape("MONOCHROME2", [256, 256, 1, 16, 12, 0], 1)
        .value(0x7FE0_0010, "OW", &[7; 131_072])
        .done();
    cut.truncate(cut.len() - 1000);
    let (_source, _rig, program) = holding(dir.path(), &[("2.25.8501", cut)]).await;
    for accept in [wanting(IMPLICIT), format!("application/dicom; transfer-syntax={IMPLICIT}")] {
        let path = format!("/dicomweb/SOURCE/studies/{STUDY}/series/{SERIES}/instances/2.25.8501");
        let (status, detail) = refusal(program.get(&path).header("accept", accept).send().await.unwrap()).await;
        assert!(status == 502 && detail.contains("damaged"), "{status} {detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wanted_most_is_given_if_it_can_be() {
    let video = "1.2.840.10008.1.2.4.102";
    let film = image("2.25.8601", video).shape("YBR_PARTIAL_420", COLOR, 2).fragments(&[vec![b"film"]]);
    // No pixels, no decoder.
    let report = image("2.25.8602", video).text(0x0040_A491, "CS", "COMPLETE").done();
    let (uid, jpeg, pixels) = compressed().swap_remove(0);
    let shapes = [[21, 33, 1, 12, 12, 0], [21, 33, 2, 8, 8, 0], [21, 33, 1, 64, 64, 0]];
    let strange = ["2.25.8603", "2.25.8604", "2.25.8605"]
        .into_iter()
        .zip(shapes)
        .map(|(uid, shape)| image(uid, "1.2.840.10008.1.2.5").shape("MONOCHROME2", shape, 1).fragments(&[vec![b"no"]]));
    let files: Vec<Vec<u8>> = [jpeg, film, report].into_iter().chain(strange).collect();
    let scene = Scene::with_files(&[], &files).await;
    let path = |uid: &str| format!("studies/{STUDY}/series/{SERIES}/instances/{uid}");
    for rather in [format!("{}, {};q=0.1", wanting(EXPLICIT), wanting("*")), wanting(EXPLICIT)] {
        let found = plain(ask(&scene, &path(uid), &rather).await).await;
        assert_eq!(found[uid][&0x7FE0_0010].1[..pixels.len()], pixels[..], "{rather}");
        let found = plain(ask(&scene, &path("2.25.8602"), &rather).await).await;
        assert_eq!(text(&found["2.25.8602"], 0x0040_A491), "COMPLETE", "{rather}");
    }
    let rather = format!("{}, {};q=0.1", wanting(EXPLICIT), wanting("*"));
    // What cannot be decoded is given as it is to who takes that, too.
    let all = parts(ask(&scene, &format!("studies/{STUDY}"), &rather).await).await;
    let mut kinds: Vec<&str> = all.iter().filter_map(|(kind, _)| kind.rsplit('=').next()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [EXPLICIT, EXPLICIT, video, "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.5"]);
    for uid in ["2.25.8601", "2.25.8603", "2.25.8604", "2.25.8605"] {
        let (status, detail) = refusal(ask(&scene, &path(uid), &wanting(EXPLICIT)).await).await;
        assert!(status == 406 && detail.contains("transfer-syntax=*"), "{uid} {status} {detail}");
    }
    let as_much = format!("{}, {}", wanting(EXPLICIT), wanting("*"));
    let stored = parts(ask(&scene, &path(uid), &as_much).await).await;
    assert_eq!(stored[0].0, "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.70");
}
