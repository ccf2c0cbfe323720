"""Class `identifiers`: nothing of the patient, of other persons or of places is left, in bytes or in text. Class `pseudonyms`."""

import re
from collections import defaultdict
from datetime import date

from .needles import Needles, date_forms
from .profiles import claimed

KEPT_BY_CODE = {"device": "113109", "institution": "113112"}


def judge(pairs, truth, profile, findings):
    needles = [Needles(p) for p in truth["patients"]]
    for pair in pairs:
        codes = claimed(pair.after)
        patient = pair.truth["patient"]
        allowed = {kind for kind, code in KEPT_BY_CODE.items() if code in codes}
        findings.look("identifiers", len(pair.after.flat))
        seen = set()
        for path, kind, value in [*texts(pair, needles[patient]), *raw(pair, needles[patient])]:
            if kind not in allowed and (kind, value.casefold()) not in seen:
                seen.add((kind, value.casefold()))
                findings.add("identifiers", pair.name, path, f"{kind}: {value}")
        age(pair, findings)


def texts(pair, needles):
    for e in pair.after.flat:
        if e.items is not None or not e.raw or e.tag == 0x7FE00010:
            continue
        text = e.text()
        for kind, value in needles.in_text(text):
            yield e.path, kind, value
        if e.vr == "DT" and any(text.startswith(form) for form in [f for k, f in needles.strings if k == "birth date" and f.isdigit()]):
            yield e.path, "birth date", text


def raw(pair, needles):
    """Hits in the bytes; the place is the deepest element that spans them, or where in the file they stand."""
    after = pair.after
    base = len(after.data) - len(after.body)
    for kind, value, at in needles.in_bytes(after.data):
        if at < 128:
            place = "preamble"
        elif at < base:
            place = "file meta"
        else:
            place = next((f"{e.tag:08X}" for e in reversed(after.elements) if e.start <= at - base), "trailing")
        yield place, kind, value


def age(pair, findings):
    value = pair.after.value(0x00101010)
    if pair.truth["age"] > 89 and value[:3].isdigit() and value.endswith("Y") and int(value[:3]) > 90:
        findings.add("identifiers", pair.name, "00101010", f"age: {value}")


def pseudonyms(pairs, truth, findings):
    """One pseudonym for each patient, and never the same for two."""
    of = defaultdict(set)
    for pair in pairs:
        findings.look("pseudonyms")
        patient_id, name = pair.after.value(0x00100020), pair.after.value(0x00100010)
        of[pair.truth["patient"]].add((patient_id, name))
        if not patient_id:
            findings.add("pseudonyms", pair.name, "00100020", "empty")
    owners = defaultdict(set)
    for patient, values in of.items():
        if len(values) > 1:
            findings.add("pseudonyms", f"patient {patient}", "00100020", f"several: {sorted(values)[:3]}")
        for value in values:
            owners[value[0]].add(patient)
    for value, patients in owners.items():
        if len(patients) > 1:
            findings.add("pseudonyms", f"patients {sorted(patients)[:5]}", "00100020", f"share {value!r}")


def dates_in_text(pair, days):
    """Original days of the file written in text; values of DA, DT, TM and UI are judged elsewhere."""
    forms = {form for day in days for form in date_forms(day) if not (form.isdigit() and form != day.strftime("%Y%m%d"))}
    if not forms:
        return
    sought = re.compile(r"(?<![\d.])(" + "|".join(map(re.escape, sorted(forms))) + r")(?!\d)")
    for e in pair.after.flat:
        if e.items is None and e.raw and e.vr not in ("DA", "DT", "TM", "UI") and e.tag != 0x7FE00010:
            text = e.text()
            for hit in sought.finditer(text):
                yield e.path, hit.group()


def parse_day(value):
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:8])) if len(value) >= 8 and value[:8].isdigit() else None
    except ValueError:
        return None
