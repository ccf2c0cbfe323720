"""The published clients against an ADIT in front of an archive that speaks DIMSE only. Called by main.rs with one JSON argument."""

import copy
import gzip
import json
import struct
import sys
import time

import adit_client
import requests
import dicomweb_client
from pydicom.encaps import get_frame
from pydicom.uid import generate_uid

WORLD = json.loads(sys.argv[1])
URL, AE, STUDY = WORLD["url"], WORLD["server"], WORLD["study"]
SERIES, IMAGES = WORLD["series"], WORLD["images"]
FIRST, IMAGE = SERIES[0], IMAGES[0][0]
COUNT = sum(len(images) for images in IMAGES)


CALLED = set()


class AditClient(adit_client.AditClient):
    """The published client; notes which of its methods are called."""

    def __getattribute__(self, name):
        CALLED.add(name)
        return super().__getattribute__(name)


class DICOMwebClient(dicomweb_client.DICOMwebClient):
    """The same."""

    def __getattribute__(self, name):
        CALLED.add(f"web {name}")
        return super().__getattribute__(name)


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
        assert all(set(one["7FE00010"]) == {"vr", "BulkDataURI"} for one in objects)
        assert all(one["0020000D"]["Value"] == [STUDY] for one in objects)
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


def voxels(file):
    """Columns, rows, slices and values of a NIfTI file of 16 bits."""
    plain = gzip.decompress(file.getvalue())
    assert plain[344:347] == b"n+1"
    shape = struct.unpack_from("<3H", plain, 42)
    count = shape[0] * shape[1] * shape[2]
    return shape, struct.unpack_from(f"<{count}H", plain, 352)


def adit_client_converts():
    client = AditClient(URL, WORLD["token"])
    rows = WORLD["rows"]
    levels = (
        (client.retrieve_nifti_study, client.iter_nifti_study, (STUDY,)),
        (client.retrieve_nifti_series, client.iter_nifti_series, (STUDY, SERIES[1])),
        (client.retrieve_nifti_image, client.iter_nifti_image, (STUDY, FIRST, IMAGE)),
    )
    found = []
    for retrieve, iterate, at in levels:
        files = retrieve(AE, *at)
        again = [(name, file.getvalue()) for name, file in iterate(AE, *at)]
        assert again == [(name, file.getvalue()) for name, file in files]
        found.append(files)
    study, series, image = found
    assert [name for name, _ in study] == [
        "1-Axial.json",
        "1-Axial.nii.gz",
        "2-Compressed.json",
        "2-Compressed.nii.gz",
    ]
    assert json.load(study[2][1])["Modality"] == "MR"
    assert voxels(study[1][1])[0] == (rows, rows, len(IMAGES[0]))
    assert voxels(study[3][1]) == voxels(series[1][1])
    assert voxels(series[1][1])[0] == (rows, rows, len(IMAGES[1]))
    # What was in the image is in the file, whatever the order of its rows.
    shape, values = voxels(image[1][1])
    pixels = client.retrieve_image(AE, STUDY, FIRST, IMAGE).PixelData
    assert shape == (rows, rows, 1) and sorted(values) == sorted(struct.unpack(f"<{rows * rows}H", pixels))
    # The client sends no pseudonym here.
    narrow = AditClient(URL, WORLD["narrow_token"])
    assert status_of(lambda: narrow.retrieve_nifti_study(AE, STUDY)) == 403
    assert status_of(lambda: client.retrieve_nifti_study(AE, "1.2.3")) == 404
    assert status_of(lambda: list(client.iter_nifti_study("NOBODY", STUDY))) == 404
    assert status_of(lambda: client.retrieve_nifti_study("BROKEN", WORLD["broken_study"])) == 502


def a_slow_archive_is_waited_for_with_nifti():
    """The client ends a request after 20 seconds without a byte, and does not repeat one whose status it has."""
    client = AditClient(URL, WORLD["token"])
    begun = time.monotonic()
    files = list(client.iter_nifti_series("SLOW", WORLD["slow_study"], WORLD["slow_series"]))
    assert len(files) == 2 and voxels(files[1][1])[0][2] == len(WORLD["slow_images"])
    assert time.monotonic() - begun > 25, "it was not slow"


def made(image, study, count, size):
    """New images of a study of their own, `size` pixels wide and high."""
    series, images = generate_uid(), []
    for number in range(count):
        one = copy.deepcopy(image)
        one.PatientID, one.StudyInstanceUID, one.SeriesInstanceUID = "PAT-S", study, series
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        one.InstanceNumber, one.Rows, one.Columns = number + 1, size, size
        one.PixelData = struct.pack("<H", number + 1) * (size * size)
        images.append(one)
    return images


def pixels(images):
    return {image.SOPInstanceUID: image.PixelData for image in images}


def adit_client_stores():
    client = AditClient(URL, WORLD["token"])
    image = client.retrieve_image(AE, STUDY, FIRST, IMAGE)
    # The second one is more than 1 MB: the client sends it in chunks that it cannot send twice.
    for count, size in WORLD["stores"][:2]:
        images = made(image, generate_uid(), count, size)
        answer = client.store_images(AE, images)
        assert len(answer.FailedSOPSequence) == 0
        assert sorted(one.ReferencedSOPInstanceUID for one in answer.ReferencedSOPSequence) == uids(images)
        assert pixels(client.retrieve_study(AE, images[0].StudyInstanceUID)) == pixels(images)
    # A token for pseudonymised data may not store images with names.
    narrow = AditClient(URL, WORLD["narrow_token"])
    refused = narrow.store_images(AE, made(image, generate_uid(), 2, 16))
    assert len(refused.FailedSOPSequence) == 2 and len(refused.ReferencedSOPSequence) == 0
    assert status_of(lambda: client.store_images("NOBODY", made(image, generate_uid(), 1, 16))) == 404


def dicomweb_client_stores():
    client = DICOMwebClient(f"{URL}/dicomweb/{AE}", headers={"Authorization": f"Bearer {WORLD['token']}"})
    image = client.retrieve_instance(STUDY, FIRST, IMAGE)
    count, size = WORLD["stores"][2]
    study = generate_uid()
    images, strangers = made(image, study, count, size), made(image, generate_uid(), 1, size)
    answer = client.store_instances([*images, *strangers], study_instance_uid=study)
    assert [one.ReferencedSOPInstanceUID for one in answer.FailedSOPSequence] == uids(strangers)
    assert sorted(one.ReferencedSOPInstanceUID for one in answer.ReferencedSOPSequence) == uids(images)
    assert pixels(client.retrieve_study(study)) == pixels(images)


def dicomweb_client_shows():
    client = DICOMwebClient(f"{URL}/dicomweb/{AE}", headers={"Authorization": f"Bearer {WORLD['token']}"})
    at, compressed = (STUDY, FIRST, IMAGE), (STUDY, SERIES[1], IMAGES[1][0])
    stored = client.retrieve_instance(*at).PixelData
    assert client.retrieve_instance_frames(*at, [1]) == [stored] == list(client.iter_instance_frames(*at, [1]))
    held = client.retrieve_instance(*compressed)
    # Decoded where the client wants it, as it is stored where it takes everything.
    plain = client.retrieve_instance_frames(*compressed, [1], media_types=("application/octet-stream",))
    rle = client.retrieve_instance_frames(*compressed, [1], media_types=(("image/dicom-rle", "1.2.840.10008.1.2.5"),))
    assert len(plain[0]) == len(stored) and rle[0] == get_frame(held.PixelData, 0, number_of_frames=1)
    for picture in (
        client.retrieve_instance_rendered(*at, media_types=("image/png",)),
        client.retrieve_instance_rendered(*at, media_types=("image/png",), params={"window": "40,400,linear"}),
        client.retrieve_instance_frames_rendered(*at, [1], media_types=("image/png",)),
    ):
        assert picture.startswith(b"\x89PNG")
    assert client.retrieve_instance_rendered(*compressed).startswith(b"\xff\xd8\xff")
    assert client.retrieve_series_rendered(STUDY, FIRST).count(b"Content-Type: image/jpeg") == len(IMAGES[0])
    address = f"{client.base_url}/studies/{STUDY}/series/{FIRST}/instances/{IMAGE}/bulkdata/7FE00010"
    assert client.retrieve_bulkdata(address) == [stored] == list(client.iter_bulkdata(address))
    assert status_of(lambda: client.retrieve_instance_frames(*at, [2])) == 404
    # Nothing can be deleted through ADIT.
    for delete in (lambda: client.delete_study(STUDY), lambda: client.delete_instance(*at)):
        assert status_of(delete) == 405


def every_method_was_called():
    for client, prefix in ((adit_client.AditClient, ""), (dicomweb_client.DICOMwebClient, "web ")):
        # What asks nobody, and one of the three ways to delete.
        plain = {"lookup_keyword", "lookup_tag", "set_chunk_size", "set_http_retry_params", "delete_series", "base_url"}
        public = {prefix + name for name in dir(client) if not name.startswith("_") and name not in plain}
        assert public <= CALLED, f"not called: {public - CALLED}"


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
    assert len(list(client.iter_series(STUDY, FIRST))) == len(client.retrieve_series(STUDY, FIRST)) == len(IMAGES[0])
    assert len(list(client.iter_study(STUDY))) == COUNT
    assert client.retrieve_instance(STUDY, FIRST, IMAGE).SOPInstanceUID == IMAGE
    stored = (("application/dicom", "1.2.840.10008.1.2.1"),)
    assert client.retrieve_instance(STUDY, FIRST, IMAGE, media_types=stored).SOPInstanceUID == IMAGE
    other = (("application/dicom", "1.2.840.10008.1.2.4.50"),)
    assert status_of(lambda: client.retrieve_instance(STUDY, FIRST, IMAGE, media_types=other)) == 406
    assert len(client.retrieve_study_metadata(STUDY)) == COUNT
    assert len(client.retrieve_series_metadata(STUDY, FIRST)) == len(IMAGES[0])
    metadata = client.retrieve_instance_metadata(STUDY, FIRST, IMAGE)
    assert metadata["00080018"]["Value"] == [IMAGE]
    value = client.retrieve_bulkdata(metadata["7FE00010"]["BulkDataURI"])
    assert value == [client.retrieve_instance(STUDY, FIRST, IMAGE).PixelData]
    # The second series is compressed: its frame comes as it is stored.
    compressed = client.retrieve_series_metadata(STUDY, SERIES[1])[0]["7FE00010"]["BulkDataURI"]
    assert len(client.retrieve_bulkdata(compressed)) == 1


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
    dicomweb_client_shows,
    a_slow_archive_is_waited_for,
    a_retrieval_that_breaks_is_an_error,
    adit_client_converts,
    a_slow_archive_is_waited_for_with_nifti,
    adit_client_stores,
    dicomweb_client_stores,
    every_method_was_called,
):
    begun = time.monotonic()
    check()
    print(f"{check.__name__}: {time.monotonic() - begun:.1f} s", flush=True)
