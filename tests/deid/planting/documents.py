"""Objects without an image of their own: reports, presentation states, radiotherapy, waveforms, encapsulated documents."""

import struct

from .base import EXPLICIT, IMPLICIT, DEFLATED, BIG, Dataset, Sequence, code, instance, reference

CLASS = "1.2.840.10008.5.1.4.1.1."
SYNTAXES = [EXPLICIT, IMPLICIT, DEFLATED, BIG]
NO_PIXELS = {"risky": False}


def content(relation, kind, concept=None, **values):
    item = Dataset()
    if relation:
        item.RelationshipType = relation
    item.ValueType = kind
    if concept:
        item.ConceptNameCodeSequence = Sequence([code(*concept)])
    for name, value in values.items():
        setattr(item, name, value)
    return item


def evidence(study):
    """Current Requested Procedure Evidence Sequence of what the study holds so far."""
    top = Dataset()
    top.StudyInstanceUID, series = study.uid, {}
    for done in study.done:
        series.setdefault(done[2], []).append(reference(done))
    items = []
    for uid, references in series.items():
        item = Dataset()
        item.SeriesInstanceUID, item.ReferencedSOPSequence = uid, Sequence(references)
        items.append(item)
    top.ReferencedSeriesSequence = Sequence(items)
    return Sequence([top])


def numeric(value, concept):
    measured = Dataset()
    measured.NumericValue, measured.MeasurementUnitsCodeSequence = value, Sequence([code("mm", "UCUM", "mm")])
    return content("CONTAINS", "NUM", concept, MeasuredValueSequence=Sequence([measured]))


def report(study, n):
    kind, title = [
        ("88.11", ("18748-4", "LN", "Imaging Report")),
        ("88.33", ("126000", "DCM", "Imaging Measurement Report")),
        ("88.67", ("113701", "DCM", "X-Ray Radiation Dose Report")),
    ][n % 3]
    p, ds = study.patient, instance(study, CLASS + kind, "SR", study.next_series(), 1, "Befund")
    family, given = p.written()
    ds.ValueType, ds.ConceptNameCodeSequence, ds.ContinuityOfContent = "CONTAINER", Sequence([code(*title)]), "SEPARATE"
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "VERIFIED"
    verifier = Dataset()
    verifier.VerifyingOrganization, verifier.VerificationDateTime = p.institution, f"{ds.StudyDate}150000"
    verifier.VerifyingObserverName, verifier.VerifyingObserverIdentificationCodeSequence = p.people[1], Sequence([])
    ds.VerifyingObserverSequence = Sequence([verifier])
    ds.CurrentRequestedProcedureEvidenceSequence = evidence(study)
    birth, day = p.birth, study.start
    inner = content("CONTAINS", "CONTAINER", ("121070", "DCM", "Findings"), ContinuityOfContent="SEPARATE")
    inner.ContentSequence = Sequence(
        [
            content(
                "CONTAINS",
                "TEXT",
                ("121071", "DCM", "Finding"),
                TextValue=f"Thorax: kein Lithium. {given} {family}, geb. {birth:%d.%m.%Y}, Voraufnahme vom {day:%d.%m.%Y}.",
            ),
            content("CONTAINS", "CODE", ("121071", "DCM", "Finding"), ConceptCodeSequence=Sequence([code("39607008", "SCT", "Lung")])),
            numeric("12.5", ("410668003", "SCT", "Length")),
        ]
    )
    items = [
        content("HAS OBS CONTEXT", "PNAME", ("121008", "DCM", "Person Observer Name"), PersonName=p.people[1]),
        content("HAS OBS CONTEXT", "PNAME", ("121029", "DCM", "Subject Name"), PersonName=p.name),
        content("HAS OBS CONTEXT", "TEXT", ("121030", "DCM", "Subject ID"), TextValue=p.id),
        content("HAS OBS CONTEXT", "DATE", ("121031", "DCM", "Subject Birth Date"), Date=f"{birth:%Y%m%d}"),
        content("HAS OBS CONTEXT", "UIDREF", ("121028", "DCM", "Subject UID"), UID=f"{p.uid_root}.4242"),
        content("HAS OBS CONTEXT", "UIDREF", ("121018", "DCM", "Procedure Study Instance UID"), UID=study.uid),
        content("HAS OBS CONTEXT", "TEXT", ("121022", "DCM", "Accession Number"), TextValue=p.accessions[study.number]),
        content("CONTAINS", "DATETIME", ("111526", "DCM", "DateTime Started"), DateTime=f"{ds.StudyDate}{ds.StudyTime}"),
        content("CONTAINS", "TEXT", ("121106", "DCM", "Comment"), TextValue=f"Telefon {p.phone}, {p.mail}, {p.address()}"),
        content("CONTAINS", "IMAGE", ("121080", "DCM", "Best illustration of finding"), ReferencedSOPSequence=Sequence([reference(study.done[0])])),
        inner,
    ]
    ds.ContentSequence = Sequence(items)
    return ds, SYNTAXES[n % 4], NO_PIXELS


def key_objects(study, n):
    ds = instance(study, CLASS + "88.59", "KO", study.next_series(), 1, "Auswahl")
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = Sequence([code("113000", "DCM", "Of Interest")])
    ds.CurrentRequestedProcedureEvidenceSequence = evidence(study)
    ds.ContentSequence = Sequence(
        [
            content("CONTAINS", "TEXT", ("113012", "DCM", "Key Object Description"), TextValue=f"Fuer {study.patient.plain()} gezeigt"),
            *[content("CONTAINS", "IMAGE", None, ReferencedSOPSequence=Sequence([reference(d)])) for d in study.done[:2]],
        ]
    )
    return ds, SYNTAXES[n % 4], NO_PIXELS


def presentation(study, n):
    ds = instance(study, CLASS + "11.1", "PR", study.next_series(), 1, "Darstellung")
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "PRES", f"von {study.patient.people[0].split('^')[0]}", study.patient.people[0]
    ds.PresentationCreationDate, ds.PresentationCreationTime = ds.SeriesDate, "101112"
    series = Dataset()
    series.SeriesInstanceUID, series.ReferencedImageSequence = study.done[0][2], Sequence([reference(study.done[0])])
    ds.ReferencedSeriesSequence = Sequence([series])
    text, note = Dataset(), Dataset()
    text.BoundingBoxAnnotationUnits, text.UnformattedTextValue = "PIXEL", f"{study.patient.plain()} {study.patient.id}"
    text.BoundingBoxTopLeftHandCorner, text.BoundingBoxBottomRightHandCorner = [1.0, 1.0], [9.0, 9.0]
    text.BoundingBoxTextHorizontalJustification = "LEFT"
    note.GraphicLayer, note.TextObjectSequence = "L1", Sequence([text])
    layer, area = Dataset(), Dataset()
    layer.GraphicLayer, layer.GraphicLayerOrder, layer.GraphicLayerDescription = "L1", 1, f"Ebene {study.patient.plain()}"
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [1, 1], [16, 16]
    area.PresentationSizeMode, area.PresentationPixelAspectRatio = "SCALE TO FIT", ["1", "1"]
    ds.GraphicAnnotationSequence, ds.GraphicLayerSequence = Sequence([note]), Sequence([layer])
    ds.DisplayedAreaSelectionSequence, ds.PresentationLUTShape = Sequence([area]), "IDENTITY"
    return ds, SYNTAXES[n % 4], NO_PIXELS


def structures(study, n):
    ds = instance(study, CLASS + "481.3", "RTSTRUCT", study.next_series(), 1, "Konturen")
    ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = f"RT {study.patient.plain()[:8]}", ds.SeriesDate, "101010"
    ds.OperatorsName = study.patient.people[0]
    frame, referenced, series = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = study.done[0][2]
    series.ContourImageSequence = Sequence([reference(d) for d in study.done if d[2] == study.done[0][2]])
    referenced.ReferencedSOPClassUID, referenced.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.1", study.uid
    referenced.RTReferencedSeriesSequence = Sequence([series])
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = f"{study.uid}.77", Sequence([referenced])
    roi, contours, contour, observation = Dataset(), Dataset(), Dataset(), Dataset()
    roi.ROINumber, roi.ReferencedFrameOfReferenceUID, roi.ROIName, roi.ROIGenerationAlgorithm = 1, f"{study.uid}.77", "Lunge", "MANUAL"
    roi.ROIDescription = f"Kontur von {study.patient.plain()}"
    contour.ContourImageSequence = Sequence([reference(study.done[0])])
    contour.ContourGeometricType, contour.NumberOfContourPoints, contour.ContourData = "POINT", 1, ["1.5", "2.5", "3.5"]
    contours.ReferencedROINumber, contours.ContourSequence = 1, Sequence([contour])
    observation.ObservationNumber, observation.ReferencedROINumber, observation.RTROIInterpretedType, observation.ROIInterpreter = (
        1,
        1,
        "ORGAN",
        study.patient.people[0],
    )
    ds.ReferencedFrameOfReferenceSequence, ds.StructureSetROISequence = Sequence([frame]), Sequence([roi])
    ds.ROIContourSequence, ds.RTROIObservationsSequence, ds.ApprovalStatus = Sequence([contours]), Sequence([observation]), "APPROVED"
    ds.ReviewDate, ds.ReviewTime, ds.ReviewerName = ds.SeriesDate, "111111", study.patient.people[1]
    return ds, SYNTAXES[n % 3], NO_PIXELS


def plan(study, n):
    ds = instance(study, CLASS + "481.5", "RTPLAN", study.next_series(), 1, "Bestrahlungsplan")
    ds.RTPlanLabel, ds.RTPlanName, ds.RTPlanDate, ds.RTPlanTime = "PLAN1", f"Plan {study.patient.plain()}", ds.SeriesDate, "121314"
    ds.OperatorsName, ds.RTPlanGeometry, ds.ApprovalStatus = study.patient.people[1], "TREATMENT_DEVICE", "UNAPPROVED"
    machine, group = Dataset(), Dataset()
    machine.BeamNumber, machine.BeamName, machine.BeamType, machine.RadiationType, machine.TreatmentMachineName = (
        1,
        "B1",
        "STATIC",
        "PHOTON",
        study.patient.serial,
    )
    machine.BeamDescription, machine.PrimaryDosimeterUnit, machine.SourceAxisDistance = f"fuer {study.patient.plain()}", "MU", "1000"
    group.FractionGroupNumber, group.NumberOfFractionsPlanned, group.NumberOfBeams, group.NumberOfBrachyApplicationSetups = 1, 20, 1, 0
    ds.BeamSequence, ds.FractionGroupSequence = Sequence([machine]), Sequence([group])
    return ds, SYNTAXES[n % 4], NO_PIXELS


def waveform(study, n):
    ds = instance(study, CLASS + "9.1.1", "ECG", study.next_series(), 1, "EKG")
    ds.AcquisitionDateTime = f"{ds.StudyDate}{ds.StudyTime}"
    channel, group, note = Dataset(), Dataset(), Dataset()
    channel.ChannelSourceSequence, channel.WaveformBitsStored = Sequence([code("2:1", "MDC", "Lead I")]), 16
    channel.ChannelSensitivity, channel.ChannelBaseline, channel.ChannelSensitivityCorrectionFactor = "1", "0", "1"
    channel.ChannelSensitivityUnitsSequence, channel.ChannelSampleSkew = Sequence([code("mV", "UCUM", "mV")]), "0"
    group.WaveformOriginality, group.NumberOfWaveformChannels, group.NumberOfWaveformSamples, group.SamplingFrequency = "ORIGINAL", 1, 16, "500"
    group.ChannelDefinitionSequence, group.WaveformBitsAllocated, group.WaveformSampleInterpretation = Sequence([channel]), 16, "SS"
    group.add_new(0x54001010, "OW", struct.pack("<16h", *range(0, 1600, 100)))
    note.UnformattedTextValue, note.AnnotationGroupNumber, note.ReferencedWaveformChannels = f"EKG von {study.patient.plain()}", 1, [1, 1]
    ds.WaveformSequence, ds.WaveformAnnotationSequence = Sequence([group]), Sequence([note])
    return ds, SYNTAXES[n % 3], NO_PIXELS


def document(study, n):
    p, ds = study.patient, instance(study, CLASS + "104.1", "DOC", study.next_series(), 1, "Arztbrief")
    ds.BurnedInAnnotation, ds.DocumentTitle, ds.MIMETypeOfEncapsulatedDocument = "YES", f"Arztbrief {p.plain()}", "application/pdf"
    ds.ConceptNameCodeSequence, ds.AcquisitionDateTime = Sequence([]), f"{ds.StudyDate}{ds.StudyTime}"
    text = f"BT /F1 12 Tf 20 100 Td ({p.plain()} {p.id} {p.birth:%d.%m.%Y}) Tj ET"
    pdf = (
        f"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R"
        f"/MediaBox[0 0 300 200]/Contents 4 0 R>>endobj\n4 0 obj<</Length {len(text)}>>stream\n{text}\nendstream endobj\n"
        f"trailer<</Root 1 0 R>>\n%%EOF"
    )
    ds.EncapsulatedDocument = pdf.encode() + b"\0" * (len(pdf.encode()) % 2)
    ds.EncapsulatedDocumentLength = len(pdf.encode())
    return ds, SYNTAXES[n % 3], {"risky": False, "document": True}


MAKERS = [report, presentation, key_objects, structures, plan, waveform, document]
