"""Patient, study and series: the modules that every object shares, and what of them each profile keeps."""

import io
from datetime import datetime, timedelta

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from . import charsets  # noqa: F401  (replaces pydicom's encoder)

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE

IMPLICIT, EXPLICIT, BIG, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
JPEG, JPEG_LS, J2K, RLE = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"
ENHANCED_FRAME = "1.2.840.10008.1.4.1.1"  # Talairach brain atlas: a well-known frame of reference


class Study:
    """One study of a patient; it hands out UIDs and times."""

    def __init__(self, patient, number, rng):
        self.patient, self.number, self.rng = patient, number, rng
        self.uid = f"{patient.uid_root}.{number}"
        self.start = datetime.combine(patient.days[number], datetime.min.time()) + timedelta(
            hours=23 if number == 1 else 9, minutes=rng.randrange(60)
        )
        self.series, self.done = 0, []  # done: (class, instance, series, modality) to be referenced

    def next_series(self):
        self.series += 1
        return f"{self.uid}.{self.series}"


def code(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def put(dataset, tag, vr, value):
    dataset.add_new(tag, vr, value)


def instance(study, sop_class, modality, series_uid, number, description="Thorax nativ"):
    """A data set with everything above the image: patient, study, series, equipment."""
    p, ds = study.patient, Dataset()
    if p.charset:
        ds.SpecificCharacterSet = p.charset if len(p.charset) > 1 else p.charset[0]
    day, time = study.start.strftime("%Y%m%d"), study.start.strftime("%H%M%S")
    # Two hours after the start of the study; the second study of a patient goes over midnight.
    later = study.start + timedelta(minutes=30 * number + 5 * study.series)
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, f"{series_uid}.{number}"
    ds.InstanceCreationDate, ds.InstanceCreationTime = later.strftime("%Y%m%d"), later.strftime("%H%M%S.123")
    ds.StudyDate, ds.StudyTime, ds.SeriesDate, ds.SeriesTime = day, time, later.strftime("%Y%m%d"), later.strftime("%H%M%S")
    ds.ContentDate, ds.ContentTime = later.strftime("%Y%m%d"), later.strftime("%H%M%S")
    ds.AccessionNumber, ds.Modality, ds.Manufacturer = p.accessions[study.number], modality, "Example Imaging"
    ds.InstitutionName, ds.InstitutionAddress, ds.StationName = p.institution, p.address(), f"ST{p.serial[3:]}"
    ds.ReferringPhysicianName, ds.PerformingPhysicianName = p.people[0], p.people[1]
    ds.StudyDescription, ds.SeriesDescription, ds.ManufacturerModelName = f"{modality} Thorax Lithium", description, "Model 7"
    ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = p.name, p.id, p.issuer
    ds.PatientBirthDate, ds.PatientBirthTime, ds.PatientSex = p.birth.strftime("%Y%m%d"), "031500", p.sex
    ds.PatientAge, ds.PatientSize, ds.PatientWeight = f"{p.age(study.start.date()):03d}Y", "1.72", f"{60 + p.index}"
    ds.OtherPatientIDs, ds.PatientAddress, ds.PatientTelephoneNumbers = p.other_id, p.address(), p.phone
    ds.DeviceSerialNumber, ds.SoftwareVersions = p.serial, "v1.2"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.StudyID = study.uid, series_uid, f"S{p.accessions[study.number][3:]}"
    ds.SeriesNumber, ds.InstanceNumber = study.series, number
    return ds


def pixels(ds, rows, columns, bits, data, frames=None, samples=1):
    ds.SamplesPerPixel, ds.PhotometricInterpretation = samples, "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        ds.PlanarConfiguration = 0
    if frames:
        ds.NumberOfFrames = frames
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = rows, columns, bits, bits, bits - 1
    ds.PixelRepresentation, ds.PixelData = 0, data


def reference(done):
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = done[0], done[1]
    return item


def encode(ds, syntax):
    """The file's bytes."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID, meta.ImplementationClassUID = UID(syntax), UID("1.2.276.0.7230010.3.0.3.6.0")
    meta.ImplementationVersionName = "PLANT_1"
    meta.SourceApplicationEntityTitle = ds.PatientID.replace("-", "")[:12] or "NOID"
    out = io.BytesIO()
    wrapped = pydicom.dataset.FileDataset(None, ds, file_meta=meta, preamble=b"\0" * 128)
    if "PixelData" in ds:
        ds["PixelData"].VR = "OB" if ds.BitsAllocated <= 8 or syntax in (JPEG, JPEG_LS, J2K, RLE) else "OW"
        ds["PixelData"].is_undefined_length = syntax in (JPEG, JPEG_LS, J2K, RLE)
    pydicom.dcmwrite(out, wrapped, enforce_file_format=True)
    return out.getvalue()


__all__ = ["Dataset", "Sequence", "Study", "code", "encode", "instance", "pixels", "put", "reference"]
