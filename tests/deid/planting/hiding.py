"""Where identifiers hide in a data set. Each hider takes (data set, study, n) and plants one kind; the table below gives them out in turn."""

from pydicom.dataelem import DataElement

from .base import Dataset, Sequence, code, put

OTHER_DAY = "19991332"


def descriptors(ds, study, n):
    p = study.patient
    family, given = p.written()
    ds.StudyDescription = f"{ds.Modality} Thorax Lithium {family.upper()}"
    ds.SeriesDescription = [f"Lig. cruciatum {given} {family}", f"Lig. cruciatum {family}, {given}", f"Lig. cruciatum {family.lower()}/{p.id}"][n % 3]
    ds.ProtocolName = f"Thorax {p.plain().upper()}"
    ds.PerformedProcedureStepDescription = f"Thorax {p.accessions[study.number]}"
    ds.RequestedProcedureDescription = f"MRT {p.id.replace('-', ' ')} {p.id.replace('-', '')}"


def comments(ds, study, n):
    p = study.patient
    b = p.birth
    family, given = p.written()
    months = ["Januar", "Februar", "Maerz", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"]
    births = [
        f"{b:%Y%m%d}",
        f"{b:%d.%m.%Y}",
        f"{b:%Y-%m-%d}",
        f"{b:%m/%d/%Y}",
        f"{b:%d/%m/%Y}",
        f"{b:%d%m%Y}",
        f"{b.day}. {months[b.month - 1]} {b.year}",
        f"{b:%B} {b.day}, {b.year}",
        f"{b.day} {b:%b} {b.year}",
        f"{b:%Y/%m/%d}",
        f"{b:%Y.%m.%d}",
    ]
    ds.PatientComments = f"geb. {'; '.join(births)}. Tel. {p.phone}, {p.phone.replace('+49 ', '0').replace(' ', '/')}. {p.mail}. {p.address()}."
    ds.ImageComments = f"{given} {family} / {family}^{given} / {family.upper()} {given[:1]}. / {given[:1]}. {family}"
    ds.AdditionalPatientHistory = (
        f"Lithium seit {study.start:%d.%m.%Y}, Pat. {family} ({p.id}), auch {p.name}, ueberwiesen von Dr. {p.people[0].split('^')[0]}"
    )
    ds.DerivationDescription = f"aus {study.uid}.1.1"
    ds.PatientState = f"{p.ward}"
    ds.Allergies = f"bekannt aus {p.institution} am {study.start:%Y-%m-%d}"


def every_vr(ds, study, n):
    """Public elements of each VR, some of which no profile table names."""
    p = study.patient
    word = p.plain()
    put(ds, 0x00080054, "AE", word.upper()[:16])
    ds.ImageType = [*(ds.get("ImageType") or ["ORIGINAL", "PRIMARY"]), word.upper()[:16]]
    ds.RetrieveURL = f"https://pacs.invalid/{p.id}/{study.uid}"
    ds.LongDeviceDescription = f"Geraet {p.serial} von {word}"
    ds.TextValue = f"{word} wohnt {p.address()}"
    ds.ScheduledProcedureStepStartDate, ds.ScheduledProcedureStepStartTime = ds.StudyDate, "080000"
    ds.IssueDateOfImagingServiceRequest, ds.LastMenstrualDate = ds.StudyDate, ds.StudyDate
    put(ds, 0x0018FF02, "UN", f"unbekannt {word} {p.id}".encode() + b"\0" * (len(f"unbekannt {word} {p.id}".encode()) % 2))
    put(ds, 0x0018FF04, "OB", f"{word}\0{p.birth:%Y%m%d}".encode() + b"\0" * (len(word + "12345678") % 2 ^ 1))
    put(ds, 0x0018FF06, "PN", p.name)
    put(ds, 0x0018FF08, "DA", p.birth.strftime("%Y%m%d"))
    put(ds, 0x0018FF0A, "UI", f"{study.uid}.1.1")
    put(ds, 0x0018FF0C, "DT", f"{ds.StudyDate}101500.25+0200")
    put(ds, 0x0018FF0E, "LT", f"Sehr langer Text\r\nmit {p.name.split('=')[0].split('^')[0]}\r\nund {p.mail}")
    put(ds, 0x0018FF10, "UC", [word, p.id])


def bad_dates(ds, study, n):
    put(ds, 0x00181200, "DA", OTHER_DAY)
    put(ds, 0x00400244, "DA", study.start.strftime("%Y-%m-%d"))
    put(ds, 0x00400250, "DA", "????")
    put(ds, 0x0018A002, "DT", study.start.strftime("%Y%m"))
    put(ds, 0x00189074, "DT", study.start.strftime("%Y%m%d%H%M%S.5+0130"))
    put(ds, 0x00080024, "DA", study.start.strftime("%Y.%m.%d"))


def deep(ds, study, n):
    """Names at depths two to six, in sequences that profiles keep and that they remove."""
    p = study.patient
    bottom = code("121322", "DCM", f"Source image of {p.plain()}")
    for level in range(4):
        above = code(f"9900{level}", "99LOCAL", f"Ebene {level}: {p.id}, {p.name.split('^')[0].split('=')[0]}")
        above.EquivalentCodeSequence, bottom = Sequence([bottom]), above
        if level == 2:
            above.CodingSchemeDesignator = "99DEEP"
            above.ContextUID = "1.2.840.10008.6.1.29"
    source = Dataset()
    target = study.done[0] if study.done else ("1.2.840.10008.5.1.4.1.1.2", f"{study.uid}.1.1")
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = target[0], target[1]
    source.PurposeOfReferenceCodeSequence = Sequence([bottom])
    private_class = Dataset()
    private_class.ReferencedSOPClassUID, private_class.ReferencedSOPInstanceUID = "1.3.12.2.1107.5.9.1", f"{study.uid}.990"
    ds.ReferencedImageSequence = Sequence([source, private_class])
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeUID, scheme.CodingSchemeName = "99LOCAL", "1.2.276.0.76.5.999", f"Schema {p.institution}"
    ds.CodingSchemeIdentificationSequence = Sequence([scheme])
    request = Dataset()
    request.RequestedProcedureID, request.ScheduledProcedureStepID = p.accessions[study.number], p.accessions[study.number]
    request.RequestedProcedureDescription = f"Thorax {p.plain()}"
    ds.RequestAttributesSequence = Sequence([request])


def persons(ds, study, n):
    p = study.patient
    other, person = Dataset(), Dataset()
    other.PatientID, other.IssuerOfPatientID, other.TypeOfPatientID = p.other_id, p.issuer, "TEXT"
    ds.OtherPatientIDsSequence, ds.OtherPatientNames, ds.PatientBirthName = Sequence([other]), p.name, p.name
    ds.PatientMotherBirthName, ds.ResponsiblePerson, ds.MilitaryRank = p.name, p.people[0], "Hauptfrau"
    person.PersonIdentificationCodeSequence = Sequence([code("77", "99LOCAL", p.people[0].replace("^", " "))])
    person.PersonAddress, person.PersonTelephoneNumbers, person.InstitutionName = p.address(), p.phone, p.institution
    ds.ReferringPhysicianIdentificationSequence = Sequence([person])
    ds.NameOfPhysiciansReadingStudy, ds.OperatorsName, ds.PhysiciansOfRecord = p.people[0], p.people, p.people[1]
    ds.ScheduledPerformingPhysicianName, ds.NamesOfIntendedRecipientsOfResults = p.people[0], p.people
    ds.PatientInsurancePlanCodeSequence = Sequence([code("1", "99LOCAL", f"Kasse von {p.plain()}")])
    ds.CurrentPatientLocation, ds.InstitutionalDepartmentName = p.ward, p.ward
    ds.AdmissionID, ds.AdmittingDate = p.accessions[study.number], study.start.strftime("%Y%m%d")


def private_unknown(ds, study, n):
    """Blocks that no list knows; the element number moves from file to file; every VR; nested; UN with UTF-16 and with a UID."""
    p, base = study.patient, 0x10 + n % 5
    at = base << 8
    word = p.plain()
    put(ds, 0x00290000 + base, "LO", "EXAMPLE UNKNOWN 1.0")
    values = [
        ("LO", p.name.split("=")[0]),
        ("PN", p.name),
        ("DA", p.birth.strftime("%Y%m%d")),
        ("DT", p.birth.strftime("%Y%m%d") + "120000"),
        ("UI", f"{study.uid}.1.1"),
        ("DS", "".join(c for c in p.id if c.isdigit()) or "1"),
        ("SH", p.accessions[0]),
        ("ST", p.mail),
        ("LT", p.address()),
        ("UT", p.phone),
        ("AE", word.upper()[:16]),
        ("CS", word.upper()[:16]),
        ("AS", f"{p.age(study.start.date()):03d}Y"),
        ("TM", "031500"),
        ("IS", "".join(c for c in p.accessions[0] if c.isdigit())),
        ("UR", f"https://x.invalid/{p.id}"),
        ("UC", word),
        ("OB", word.encode() + b"\0" * (len(word.encode()) % 2)),
    ]
    for offset, (vr, value) in enumerate(values):
        put(ds, 0x00290000 + at + offset, vr, value)
    utf16 = f"{p.written()[0]} {p.id}".encode("utf-16-le")
    put(ds, 0x00290000 + at + 0x40, "UN", utf16)
    binary = b"\x01\x02\x03\x04" + f"{study.uid}.1.1".encode() + b"\0" + word.encode()
    put(ds, 0x00290000 + at + 0x41, "UN", binary + b"\0" * (len(binary) % 2))
    inner, outer = Dataset(), Dataset()
    inner.PatientName, inner.PatientID, inner.StudyDate = p.name, p.id, ds.StudyDate
    put(outer, 0x00290000 + base, "LO", "EXAMPLE UNKNOWN 1.0")
    outer.add(DataElement(0x00290000 + at + 0x51, "SQ", Sequence([inner])))
    ds.add(DataElement(0x00290000 + at + 0x50, "SQ", Sequence([outer])))


def private_safe(ds, study, n):
    """Safe creators (PS3.15 Table E.3.10-1): harmless values that may stay, poisoned ones that may not, in blocks that move."""
    p, base = study.patient, 0x10 + (n * 3) % 7
    at = base << 8
    word = p.plain()
    put(ds, 0x00190000 + base, "LO", "GEMS_ACQU_01")
    put(ds, 0x00190000 + at + 0x23, "DS", "39.37")
    put(ds, 0x00190000 + at + 0x9E, "LO", f"fse {word}" if n % 2 else "fse xl")
    put(ds, 0x00190000 + at + 0xFE, "LO", f"nicht sicher {word}")
    put(ds, 0x20010000 + base, "LO", "Philips Imaging DD 001")
    put(ds, 0x20010000 + at + 0x03, "FL", 1000.0)
    put(ds, 0x20010000 + at + 0x50, "LO", f"{word} {p.id}")
    put(ds, 0x20010000 + at + 0x5A, "ST", f"Text {p.birth:%Y%m%d} {p.accessions[0]}")
    stack = Dataset()
    put(stack, 0x20010000 + base, "LO", "Philips Imaging DD 001")
    put(stack, 0x20010000 + at + 0x32, "FL", 3.0)
    put(stack, 0x20010000 + at + 0x36, "CS", word.upper()[:16])
    stack.PatientID = p.id or "NONE"
    ds.add(DataElement(0x20010000 + at + 0x5F, "SQ", Sequence([stack])))
    put(ds, 0x70530010, "LO", "Philips PET Private Group")
    put(ds, 0x70531000, "DS", "".join(c for c in p.id if c.isdigit())[:8] or "1.5")
    # The element numbers of a safe block, under another creator.
    put(ds, 0x00190000 + base + 0x20, "LO", f"Praxis {word}")
    put(ds, 0x00190000 + at + 0x2000 + 0x9E, "LO", p.id)


def charset_of_items(ds, study, n):
    """Items with a character set of their own, inside and after which other rules hold."""
    p, item, plain = study.patient, Dataset(), Dataset()
    item.SpecificCharacterSet = "ISO_IR 192"
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "99LOCAL", f"Lunge {p.written()[0]}"
    plain.CodeValue, plain.CodingSchemeDesignator, plain.CodeMeaning = "2", "99LOCAL", f"Lunge {p.written()[1]}"
    ds.AnatomicRegionSequence = Sequence([item, plain])


def overlays(ds, study, n):
    p = study.patient
    text = f"{p.plain()} {p.id} ".encode() * 4
    group = [0x60000000, 0x60020000, 0x601E0000][n % 3]
    for offset, vr, value in [
        (0x10, "US", 16),
        (0x11, "US", 16),
        (0x22, "LO", f"Overlay {p.plain()}"),
        (0x40, "CS", "G"),
        (0x50, "SS", [1, 1]),
        (0x100, "US", 1),
        (0x102, "US", 0),
        (0x1500, "LO", p.written()[0]),
        (0x3000, "OW", text[:32]),
        (0x4000, "LT", f"{p.plain()} {p.birth:%d.%m.%Y}"),
    ]:
        put(ds, group + offset, vr, value)
    for offset, vr, value in [
        (0x5, "US", 1),
        (0x10, "US", 8),
        (0x20, "CS", "ECG"),
        (0x22, "LO", f"Kurve {p.plain()}"),
        (0x103, "US", 0),
        (0x3000, "OW", text[:16]),
    ]:
        put(ds, 0x50000000 + offset, vr, value)


def icon_and_signature(ds, study, n):
    p, icon, signature, mac = study.patient, Dataset(), Dataset(), Dataset()
    icon.SamplesPerPixel, icon.PhotometricInterpretation, icon.Rows, icon.Columns = 1, "MONOCHROME2", 8, 8
    icon.BitsAllocated, icon.BitsStored, icon.HighBit, icon.PixelRepresentation = 8, 8, 7, 0
    put(icon, 0x7FE00010, "OB", f"Icon {p.plain()} {p.id}".encode().ljust(64, b"\0")[:64])
    ds.IconImageSequence = Sequence([icon])
    mac.MACIDNumber, mac.MACCalculationTransferSyntaxUID, mac.MACAlgorithm = 1, "1.2.840.10008.1.2.1", "SHA256"
    ds.MACParametersSequence = Sequence([mac])
    signature.MACIDNumber, signature.DigitalSignatureUID, signature.DigitalSignatureDateTime = 1, f"{study.uid}.555", f"{ds.StudyDate}101010"
    signature.CertificateType = "X509_1993_SIG"
    signature.CertificateOfSigner = f"CN={p.people[0]}".encode() + b"\0" * (len(p.people[0]) % 2 ^ 1)
    signature.Signature = b"\x01" * 32
    put(ds, 0xFFFAFFFA, "SQ", Sequence([signature]))
    original, old = Dataset(), Dataset()
    old.PatientName, old.PatientID, old.StudyDate = p.name, p.id, ds.StudyDate
    original.ModifiedAttributesSequence, original.AttributeModificationDateTime = Sequence([old]), f"{ds.StudyDate}120000"
    original.ModifyingSystem, original.SourceOfPreviousValues, original.ReasonForTheAttributeModification = p.institution, p.institution, "CORRECT"
    ds.OriginalAttributesSequence = Sequence([original])
    put(ds, 0x00420010, "ST", f"Titel {p.plain()}")


HIDERS = [descriptors, comments, every_vr, bad_dates, deep, persons, private_unknown, private_safe, charset_of_items, overlays, icon_and_signature]
