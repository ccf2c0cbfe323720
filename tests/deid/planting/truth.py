"""What a correct output looks like, read from the planted file itself: dates, UIDs, and what each profile keeps byte for byte."""

import hashlib

from judging import walk

CLASS_UIDS = {0x00080016, 0x0008001A, 0x0008001B, 0x00081150, 0x00080062, 0x0008010C, 0x00080117, 0x04000010}
# Attributes no profile may touch, wherever the input has them outside of private items and sequences that are removed as a whole.
GEOMETRY = {
    0x00080016,
    0x00080060,
    0x00180060,
    0x00180050,
    0x00180020,
    0x00180021,
    0x00180023,
    0x00180080,
    0x00180081,
    0x00185100,
    0x00200013,
    0x00200011,
    0x00200032,
    0x00200037,
    0x00280002,
    0x00280004,
    0x00280008,
    0x00280010,
    0x00280011,
    0x00280030,
    0x00280100,
    0x00280101,
    0x00280102,
    0x00280103,
    0x00281052,
    0x00281053,
    0x00541001,
    0x00181074,
    0x00181075,
    0x30060050,
    0x30060046,
    0x300A00C0,
    0x003A001A,
    0x54001010,
    0x00620004,
    0x0040A30A,
    0x0070005A,
    0x00700011,
}
PATIENT = {0x00100040, 0x00101020, 0x00101030}
WORDS = {0x00081030: ["Thorax", "Lithium"], 0x0008103E: ["cruciatum"], 0x00181030: ["Thorax"]}
STUDY_DATES = {0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x00080030, 0x00080031, 0x00080032, 0x00080033, 0x0008002A}
SAFE = {(0x0019, "GEMS_ACQU_01", 0x23): None, (0x2001, "Philips Imaging DD 001", 0x03): None, (0x0019, "GEMS_ACQU_01", 0x9E): b"fse xl"}


# Sequences that go as a whole, with all that stands in them.
REMOVED = ("00880200", "04000561", "FFFAFFFA", "00400275", "04000550")


def may_stay(path):
    roots = [part.split("[")[0] for part in path.split(".")]
    return not any(root in REMOVED or int(root[:4], 16) & 1 for root in roots)


def pixel_bytes(file):
    """Length that the image description asks for; excess belongs to nobody."""

    def number(tag, default):
        e = file.get(tag)
        return int.from_bytes(e.raw[:2], "big" if file.syntax == "1.2.840.10008.1.2.2" else "little") if e and e.vr == "US" else default

    frames = int(file.value(0x00280008) or 1)
    return (number(0x00280010, 0) * number(0x00280011, 0) * number(0x00280002, 1) * frames * number(0x00280100, 8) + 7) // 8


def of_file(path, patient, pixel, hiders):
    file = walk.read(path)
    sop = file.value(0x00080016)
    keep_all, keep_patient, keep_dates, safe = {}, {}, {}, {}
    content = ("0040A730",)
    for e in file.flat:
        if e.group == 2 or e.items is not None or not e.raw or not (may_stay(e.path) or e.key in SAFE):
            continue
        inside_report = e.path.startswith(content)
        if e.tag in GEOMETRY:
            (keep_patient if inside_report or e.path.startswith("00700001") else keep_all)[e.path] = e.raw.hex()
        elif e.tag in PATIENT and "[" not in e.path:
            keep_patient[e.path] = e.raw.hex()
        elif e.tag in STUDY_DATES and "[" not in e.path:
            keep_dates[e.path] = e.raw.hex()
        elif e.key in SAFE and "[" not in e.path and SAFE[e.key] in (None, e.raw.strip()):
            safe["|".join(map(str, e.key))] = e.raw.hex()
    uids, stay = set(), set()
    for e in file.flat:
        if e.vr == "UI" and e.group != 2:
            for value in e.values():
                (stay if value.startswith("1.2.840.10008.") or e.tag in CLASS_UIDS else uids).add(value)
    words = {e.path: [w for w in WORDS[e.tag] if w in e.text()] for e in file.elements if e.tag in WORDS}
    pixel_element = file.get(0x7FE00010)
    native = pixel_element is not None and pixel_element.fragments is None
    picture = None
    if native:
        picture = hashlib.sha256(pixel_element.raw[: pixel_bytes(file)]).hexdigest()
    age = int(file.value(0x00101010, "000Y")[:3])
    expected = "held_back" if not patient.id else "any" if pixel["risky"] or pixel.get("document") else "written"
    return {
        "patient": patient.index,
        "class": sop,
        "syntax": file.syntax,
        "hiders": hiders,
        "expected": expected,
        "dates": {e.path: e.values() for e in file.flat if e.vr in ("DA", "DT") and e.raw},
        "uids": sorted(uids),
        "well_known": sorted(stay),
        "instance": file.value(0x00080018),
        "age": age,
        "keep": {"all": keep_all, "research": keep_patient, "adit-compatible": {**keep_dates, **keep_patient}, "113111": safe},
        "words": {k: v for k, v in words.items() if v},
        "pixels": {**pixel, "native_sha256": picture, "native_length": pixel_bytes(file) if pixel_element else None},
    }
