"""The published clients against an ADIT in front of an archive that speaks DIMSE only. Called by main.rs with one JSON argument."""

import json
import sys
import time

import requests
from adit_client import AditClient
from dicomweb_client import DICOMwebClient

WORLD = json.loads(sys.argv[1])
URL, AE, STUDY = WORLD["url"], WORLD["server"], WORLD["study"]
SERIES, IMAGES = WORLD["series"], WORLD["images"]
FIRST, IMAGE = SERIES[0], IMAGES[0][0]
COUNT = sum(len(images) for images in IMAGES)


def uids(datasets):
    return sorted(dataset.SOPInstanceUID for dataset in datasets)


def status_of(call):
    """The status with which a call is refused."""
    try:
        call()
    except requests.HTTPError as error:
        assert error.response.headers["content-type"] == "application/json"
        assert len(error.response.json()["detail"]) > 10
        return error.response.status_code
    raise AssertionError("nothing was refused")


def adit_client_searches():
    client = AditClient(URL, WORLD["token"])
    studies = client.search_for_studies(AE, {"PatientID": "PAT-1"})
    assert [study.StudyInstanceUID for study in studies] == [STUDY]
    assert studies[0].PatientName == "Müller^Jürgen", studies[0].PatientName
    assert studies[0].NumberOfStudyRelatedInstances == COUNT
    assert client.search_for_studies(AE, {"PatientName": "Doe, John"}) == []
    series = client.search_for_series(AE, STUDY, {"Modality": "MR"})
    assert [one.SeriesInstanceUID for one in series] == [SERIES[1]]
    images = client.search_for_images(AE, STUDY, FIRST)
    assert uids(images) == sorted(IMAGES[0])


def adit_client_retrieves():
    client = AditClient(URL, WORLD["token"])
    everything = sorted(uid for images in IMAGES for uid in images)
    assert uids(client.retrieve_study(AE, STUDY)) == everything
    assert uids(client.iter_study(AE, STUDY)) == everything
    assert uids(client.retrieve_series(AE, STUDY, FIRST)) == sorted(IMAGES[0])
    assert uids(client.iter_series(AE, STUDY, FIRST)) == sorted(IMAGES[0])
    image = client.retrieve_image(AE, STUDY, FIRST, IMAGE)
    assert image.SOPInstanceUID == IMAGE and len(image.PixelData) == WORLD["pixel_bytes"]
    # The second series is compressed and stays so.
    compressed = client.retrieve_series(AE, STUDY, SERIES[1])
    assert {one.file_meta.TransferSyntaxUID for one in compressed} == {"1.2.840.10008.1.2.5"}


def adit_client_metadata():
    client = AditClient(URL, WORLD["token"])
    for objects, count in (
        (client.retrieve_study_metadata(AE, STUDY), COUNT),
        (client.retrieve_series_metadata(AE, STUDY, FIRST), len(IMAGES[0])),
    ):
        assert len(objects) == count
        assert all("7FE00010" not in one and one["0020000D"]["Value"] == [STUDY] for one in objects)
    image = client.retrieve_image_metadata(AE, STUDY, FIRST, IMAGE)
    assert image["00080018"]["Value"] == [IMAGE] and image["00280010"]["Value"] == [WORLD["rows"]]


def adit_client_pseudonymises():
    client = AditClient(URL, WORLD["narrow_token"], trial_protocol_id="T-1", trial_protocol_name="Trial")
    for images in (
        client.retrieve_study(AE, STUDY, pseudonym="P-001"),
        client.retrieve_series(AE, STUDY, FIRST, pseudonym="P-001"),
        [client.retrieve_image(AE, STUDY, FIRST, IMAGE, pseudonym="P-001")],
    ):
        for image in images:
            assert (image.PatientID, str(image.PatientName)) == ("P-001", "P-001")
            assert (image.ClinicalTrialProtocolID, image.ClinicalTrialProtocolName) == ("T-1", "Trial")
            assert image.StudyInstanceUID != STUDY and "Müller" not in str(image)
    for one in client.retrieve_study_metadata(AE, STUDY, pseudonym="P-001"):
        assert one["00100020"]["Value"] == ["P-001"] and "Müller" not in json.dumps(one, ensure_ascii=False)
    # A client that forgets the pseudonym gets nothing.
    assert status_of(lambda: client.retrieve_study(AE, STUDY)) == 403
    assert status_of(lambda: list(client.iter_study(AE, STUDY, pseudonym="P-001"))) == 403


def adit_client_is_refused():
    client = AditClient(URL, WORLD["token"])
    assert status_of(lambda: client.search_for_studies("NOBODY")) == 404
    assert status_of(lambda: client.retrieve_study("NOBODY", STUDY)) == 404
    assert status_of(lambda: client.retrieve_study(AE, "1.2.3")) == 404
    assert status_of(lambda: client.retrieve_study_metadata(AE, "1.2.3")) == 404
    assert status_of(lambda: client.retrieve_study(AE, STUDY, pseudonym="a\\b")) == 400
    assert status_of(lambda: client.search_for_studies(AE, {"Nonsense": "1"})) == 400
    assert status_of(lambda: AditClient(URL, "0" * 40).search_for_studies(AE)) == 401


def dicomweb_client_searches_and_retrieves():
    client = DICOMwebClient(f"{URL}/dicomweb/{AE}", headers={"Authorization": f"Bearer {WORLD['token']}"})
    assert len(client.search_for_studies(fields=["PatientAge"], search_filters={"PatientID": "PAT-1"})) == 1
    assert len(client.search_for_studies(limit=1, offset=1)) == 0
    assert len(client.search_for_series()) == 2
    assert len(client.search_for_series(STUDY)) == 2
    assert len(client.search_for_instances()) == COUNT
    assert len(client.search_for_instances(STUDY)) == COUNT
    assert len(client.search_for_instances(STUDY, FIRST, limit=2)) == 2
    assert len(client.search_for_instances(STUDY, FIRST, search_filters={"InstanceNumber": "1"})) == 1
    # The archive is asked although the client thinks of names that sound alike.
    assert len(client.search_for_studies(fuzzymatching=True, search_filters={"PatientID": "PAT-1"})) == 1
    assert len(client.retrieve_study(STUDY)) == COUNT
    assert len(list(client.iter_series(STUDY, FIRST))) == len(IMAGES[0])
    assert client.retrieve_instance(STUDY, FIRST, IMAGE).SOPInstanceUID == IMAGE
    stored = (("application/dicom", "1.2.840.10008.1.2.1"),)
    assert client.retrieve_instance(STUDY, FIRST, IMAGE, media_types=stored).SOPInstanceUID == IMAGE
    other = (("application/dicom", "1.2.840.10008.1.2.4.50"),)
    assert status_of(lambda: client.retrieve_instance(STUDY, FIRST, IMAGE, media_types=other)) == 406
    assert len(client.retrieve_study_metadata(STUDY)) == COUNT
    assert len(client.retrieve_series_metadata(STUDY, FIRST)) == len(IMAGES[0])
    assert client.retrieve_instance_metadata(STUDY, FIRST, IMAGE)["00080018"]["Value"] == [IMAGE]


def a_slow_archive_is_waited_for():
    """The source needs longer for its first image than the client waits for a byte."""
    client = AditClient(URL, WORLD["token"])
    begun = time.monotonic()
    assert uids(client.retrieve_study("SLOW", WORLD["slow_study"])) == sorted(WORLD["slow_images"])
    assert len(client.retrieve_study_metadata("SLOW", WORLD["slow_study"])) == len(WORLD["slow_images"])
    print(f"slow source: {time.monotonic() - begun:.1f} s")


def a_retrieval_that_breaks_is_an_error():
    client = AditClient(URL, WORLD["token"])
    try:
        list(client.iter_study("BROKEN", WORLD["broken_study"]))
    except requests.exceptions.ChunkedEncodingError:
        return
    raise AssertionError("what came looked whole")


for check in (
    adit_client_searches,
    adit_client_retrieves,
    adit_client_metadata,
    adit_client_pseudonymises,
    adit_client_is_refused,
    dicomweb_client_searches_and_retrieves,
    a_slow_archive_is_waited_for,
    a_retrieval_that_breaks_is_an_error,
):
    begun = time.monotonic()
    check()
    print(f"{check.__name__}: {time.monotonic() - begun:.1f} s", flush=True)
