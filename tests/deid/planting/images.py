"""Images of the classes that matter. Each maker returns (data set, transfer syntax, pixel truth); pixel truth says whether they are risky."""

import struct

from .base import BIG, DEFLATED, ENHANCED_FRAME, EXPLICIT, IMPLICIT, J2K, JPEG, JPEG_LS, RLE, Dataset, Sequence, code, instance, pixels, reference
from .frames import J2K_FRAME, J2K_STRIP, JPEG_FRAME, JPEG_STRIP, JPEG_LS_FRAME
from pydicom.encaps import encapsulate

CLASS = "1.2.840.10008.5.1.4.1.1."
NATIVE = [EXPLICIT, IMPLICIT, BIG, DEFLATED]


def gradient(rows, columns, bits=16, frames=1):
    """Values below 200 and no text in them."""
    values = [(r * 3 + c * 5) % 190 + 4 for _ in range(frames) for r in range(rows) for c in range(columns)]
    return struct.pack(f"<{len(values)}{'H' if bits == 16 else 'B'}", *values)


def burned(rows, columns, samples=1):
    """Eight bit, with the upper eight rows at 255: there stands the name."""
    top = b"\xff" * (8 * columns * samples)
    return top + gradient(rows - 8, columns * samples, 8)


def swapped(data, syntax):
    return b"".join(data[i + 1 : i + 2] + data[i : i + 1] for i in range(0, len(data), 2)) if syntax == BIG else data


def plane(ds, study, number):
    ds.ImageType, ds.FrameOfReferenceUID = ["ORIGINAL", "PRIMARY", "AXIAL"], f"{study.uid}.77"
    ds.PositionReferenceIndicator, ds.ImagePositionPatient = "", ["-10", "-20", str(number * 5)]
    ds.ImageOrientationPatient, ds.PixelSpacing, ds.SliceThickness = ["1", "0", "0", "0", "1", "0"], ["0.7", "0.7"], "5"
    ds.PatientPosition, ds.BodyPartExamined = "HFS", "CHEST"
    ds.AcquisitionDate, ds.AcquisitionTime, ds.AcquisitionNumber = ds.StudyDate, ds.StudyTime, 1
    ds.AcquisitionDateTime = f"{ds.StudyDate}{ds.StudyTime}.000000+0100"


def ct(study, n):
    ds = instance(study, CLASS + "2", "CT", study.next_series(), len(study.done) + 1)
    plane(ds, study, n)
    ds.KVP, ds.RescaleIntercept, ds.RescaleSlope, ds.XRayTubeCurrent = "120", "-1024", "1", "200"
    ds.ContrastBolusAgent = "Lithium 300"
    syntax = [*NATIVE, RLE][n % 5]
    if syntax == RLE:
        pixels(ds, 16, 16, 16, b"")
        header = struct.pack("<16I", 2, 64, 64 + 34, *[0] * 13)
        # Two runs of 128 equal bytes for each byte of the sample.
        ds.PixelData = encapsulate([header + b"\x81\x00\x81\x00" + b"\x80" * 30 + b"\x81\x64\x81\x65" + b"\x80" * 30])
    else:
        pixels(ds, 16, 16, 16, swapped(gradient(16, 16), syntax))
    return ds, syntax, {"risky": False}


def mr(study, n):
    ds = instance(study, CLASS + "4", "MR", study.next_series(), 1, "T1 Schädel Lithium" if "ISO_IR 100" in study.patient.charset else "T1 Lithium")
    plane(ds, study, n)
    ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "SE", "NONE", "", "2D"
    ds.EchoTime, ds.RepetitionTime, ds.EchoTrainLength, ds.SequenceName = "12", "450", "1", "se2d"
    syntax = NATIVE[n % 4]
    pixels(ds, 16, 16, 16, swapped(gradient(16, 16), syntax))
    return ds, syntax, {"risky": False}


def enhanced(study, n):
    kind, modality = [("2.1", "CT"), ("4.1", "MR")][n % 2]
    ds = instance(study, CLASS + kind, modality, study.next_series(), 1)
    ds.ImageType, ds.FrameOfReferenceUID = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], ENHANCED_FRAME
    ds.PositionReferenceIndicator, ds.AcquisitionDateTime = "", f"{ds.StudyDate}{ds.StudyTime}"
    ds.DimensionOrganizationSequence = Sequence([Dataset()])
    ds.DimensionOrganizationSequence[0].DimensionOrganizationUID = f"{study.uid}.88"
    frames = []
    for f in range(2):
        frame, content, position = Dataset(), Dataset(), Dataset()
        content.FrameAcquisitionDateTime = f"{ds.StudyDate}{ds.StudyTime}.{f}"
        content.FrameReferenceDateTime, content.DimensionIndexValues = f"{ds.StudyDate}{ds.StudyTime}", [f + 1]
        content.FrameComments = f"Serie von {study.patient.plain()}"
        position.ImagePositionPatient = ["0", "0", str(f)]
        frame.FrameContentSequence, frame.PlanePositionSequence = Sequence([content]), Sequence([position])
        frames.append(frame)
    ds.PerFrameFunctionalGroupsSequence, ds.SharedFunctionalGroupsSequence = Sequence(frames), Sequence([Dataset()])
    ds.BurnedInAnnotation, ds.LossyImageCompression, ds.PresentationLUTShape = "NO", "00", "IDENTITY"
    pixels(ds, 16, 16, 16, gradient(16, 16, 16, 2), frames=2)
    return ds, NATIVE[n % 2], {"risky": False}


def radiograph(study, n):
    kind, modality = [("1", "CR"), ("1.1", "DX")][n % 2]
    ds = instance(study, CLASS + kind, modality, study.next_series(), 1)
    ds.ImageType, ds.BodyPartExamined, ds.ViewPosition, ds.KVP = ["ORIGINAL", "PRIMARY", ""], "CHEST", "PA", "80"
    ds.AcquisitionDate, ds.AcquisitionTime, ds.DateOfLastCalibration = ds.StudyDate, ds.StudyTime, [ds.StudyDate, ds.SeriesDate]
    risky = n % 6 == 5
    ds.BurnedInAnnotation = "YES" if risky else "NO"
    syntax = [JPEG, EXPLICIT, JPEG_LS, J2K, IMPLICIT][n % 5] if not risky else NATIVE[n % 2]
    frame = {JPEG: JPEG_FRAME, JPEG_LS: JPEG_LS_FRAME, J2K: J2K_FRAME}.get(syntax)
    if frame:
        pixels(ds, 16, 16, 8, encapsulate([with_segments(frame, study.patient, syntax)]))
    else:
        pixels(ds, 16, 16, 8, burned(16, 16) if risky else gradient(16, 16, 8))
    return ds, syntax, {"risky": risky}


def with_segments(frame, patient, syntax):
    """COM and APP13 with the name after the start of the image, and bytes after its end."""
    text = f"Patient {patient.plain()} {patient.id} {patient.birth.strftime('%d.%m.%Y')}".encode()
    text += b" " * (len(text) % 2)
    segment = b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + b"\xff\xed" + struct.pack(">H", len(text) + 2) + text
    if syntax == J2K:  # the comment goes before the first tile part
        at = frame.index(b"\xff\x90")
        frame = frame[:at] + b"\xff\x64" + struct.pack(">HH", len(text) + 4, 1) + text + frame[at:]
    else:
        frame = frame[:2] + segment + frame[2:]
    out = frame + b"after the end: " + text
    return out + b"\0" * (len(out) % 2)


def ultrasound(study, n):
    ds = instance(study, CLASS + "6.1", "US", study.next_series(), 1)
    ds.ImageType, ds.BodyPartExamined = ["ORIGINAL", "PRIMARY"], "ABDOMEN"
    truth, samples = {"risky": True, "tolerance": 0}, 3 if n % 8 == 4 else 1
    syntax = [EXPLICIT, JPEG, IMPLICIT, J2K, BIG][n // 2 % 5] if n % 2 == 0 else NATIVE[n // 2 % 4]
    if syntax in (JPEG, J2K):
        samples = 1  # as the fixed frames have it
    if n % 2 == 0:
        region = Dataset()
        region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 2
        region.RegionLocationMinX0, region.RegionLocationMinY0, region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 0, 8, 31, 31
        region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection, region.PhysicalDeltaX, region.PhysicalDeltaY = 3, 3, 0.05, 0.05
        ds.SequenceOfUltrasoundRegions = Sequence([region])
        truth["inside"] = gradient(24, 32 * samples, 8).hex()  # rows 8 to 31 stay
    if syntax in (JPEG, J2K):
        pixels(ds, 32, 32, 8, encapsulate([{JPEG: JPEG_STRIP, J2K: J2K_STRIP}[syntax]]))
        truth["tolerance"] = 12 if syntax == JPEG else 0
    else:
        pixels(ds, 32, 32, 8, burned(32, 32, samples), samples=samples)
    return ds, syntax, truth


def secondary_capture(study, n):
    ds = instance(study, CLASS + "7", "OT", study.next_series(), 1, "Bildschirm")
    ds.ConversionType, ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture = "WSD", ds.SeriesDate, "120000"
    pixels(ds, 16, 16, 8, burned(16, 16))
    return ds, NATIVE[n % 2], {"risky": True}


def dose_screen(study, n):
    ds = instance(study, CLASS + "2", "CT", study.next_series(), 1, "Dosisprotokoll")
    plane(ds, study, n)
    ds.ImageType, ds.KVP, ds.RescaleIntercept, ds.RescaleSlope = ["DERIVED", "SECONDARY", "SCREEN SAVE"], "", "0", "1"
    pixels(ds, 16, 16, 8, burned(16, 16))
    return ds, EXPLICIT, {"risky": True}


def nuclear(study, n):
    ds = instance(study, CLASS + "20", "NM", study.next_series(), 1, "Szinti Lithium")
    ds.ImageType, ds.FrameOfReferenceUID = ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"], f"{study.uid}.77"
    ds.AcquisitionDate, ds.AcquisitionTime, ds.ActualFrameDuration = ds.StudyDate, ds.StudyTime, "1000"
    ds.RadiopharmaceuticalInformationSequence = Sequence([radiopharmaceutical(ds)])
    pixels(ds, 16, 16, 16, gradient(16, 16), frames=1)
    return ds, NATIVE[n % 2], {"risky": False}


def radiopharmaceutical(ds):
    item = Dataset()
    item.Radiopharmaceutical, item.RadionuclideTotalDose, item.RadionuclideHalfLife = "FDG", "350000000", "6586.2"
    item.RadiopharmaceuticalStartTime, item.RadiopharmaceuticalStartDateTime = "235900", f"{ds.StudyDate}2359"
    item.RadionuclideCodeSequence = Sequence([code("C-111A1", "SRT", "^18^Fluorine")])
    return item


def pet(study, n):
    ds = instance(study, CLASS + "128", "PT", study.next_series(), 1)
    plane(ds, study, n)
    ds.ImageType, ds.Units, ds.CountsSource, ds.SeriesType = ["ORIGINAL", "PRIMARY"], "BQML", "EMISSION", ["STATIC", "IMAGE"]
    ds.RescaleIntercept, ds.RescaleSlope, ds.DecayCorrection, ds.FrameReferenceTime = "0", "1.5", "START", "1000"
    ds.RadiopharmaceuticalInformationSequence = Sequence([radiopharmaceutical(ds)])
    pixels(ds, 16, 16, 16, gradient(16, 16))
    return ds, NATIVE[n % 2], {"risky": False}


def segmentation(study, n):
    ds = instance(study, CLASS + "66.4", "SEG", study.next_series(), 1, "Lunge segmentiert")
    ds.ImageType, ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = ["DERIVED", "PRIMARY"], f"{study.uid}.77", ""
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "LUNG", "Lunge", study.patient.people[0]
    segment = Dataset()
    segment.SegmentNumber, segment.SegmentLabel, segment.SegmentAlgorithmType = 1, "Lunge", "MANUAL"
    segment.SegmentDescription = f"fuer {study.patient.plain()}"
    segment.SegmentedPropertyTypeCodeSequence = Sequence([code("39607008", "SCT", "Lung")])
    ds.SegmentSequence, ds.SegmentationType = Sequence([segment]), "BINARY"
    series = Dataset()
    series.SeriesInstanceUID = study.done[0][2]
    series.ReferencedInstanceSequence = Sequence([reference(d) for d in study.done if d[2] == study.done[0][2]])
    ds.ReferencedSeriesSequence = Sequence([series])
    pixels(ds, 16, 16, 1, b"\x0f\xf0" * 16, frames=1)
    ds.BitsStored, ds.HighBit, ds.LossyImageCompression = 1, 0, "00"
    return ds, EXPLICIT, {"risky": False}


MAKERS = [mr, enhanced, secondary_capture, dose_screen, nuclear, pet, segmentation]
