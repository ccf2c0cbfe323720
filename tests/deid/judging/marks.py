"""Class `marks`: what PS3.15 E.1 wants written. Class `actions`: the table of attributes was followed."""

import json
import pathlib

from . import pairing
from .profiles import CID_7050, COLUMNS, claimed, codes

TABLE = pathlib.Path(__file__).resolve().parents[3] / "shared/deid/data/annex_e_table_e1-1.json"


def judge(pairs, profile, findings):
    for pair in pairs:
        findings.look("marks", 7)
        after = pair.after
        if after.value(0x00120062) != "YES":
            findings.add("marks", pair.name, "00120062", f"{after.value(0x00120062)!r} is not YES")
        method = after.get(0x00120063)
        values = method.values() if method else []
        if not values or any(not v or len(v) > 64 for v in values):
            findings.add("marks", pair.name, "00120063", f"method {values}")
        check_codes(pair, profile, findings)
        if after.value(0x00280303) not in profile.dates:
            findings.add("marks", pair.name, "00280303", f"{after.value(0x00280303)!r} is not {' or '.join(profile.dates)}")
        if after.value(0x00280302) == "NO" and pair.before.value(0x00280302) != "NO":
            findings.add("marks", pair.name, "00280302", "nobody cleaned recognizable visual features")
        if any(after.preamble):
            findings.add("marks", pair.name, "preamble", "not zero")
        for e in after.flat:
            if e.group != 2 and e.tag & 0xFFFF == 0:
                findings.add("marks", pair.name, e.path, "group length")
            if e.tag == 0xFFFCFFFC:
                findings.add("marks", pair.name, e.path, "trailing padding")


def check_codes(pair, profile, findings):
    found = codes(pair.after)
    values = {c[0] for c in found}
    if any(c[0] not in CID_7050 or c[1] != "DCM" or not c[2] for c in found):
        findings.add("marks", pair.name, "00120064", f"not of CID 7050: {found}")
    if len(values) != len(found):
        findings.add("marks", pair.name, "00120064", "a code twice")
    if profile.required - values:
        findings.add("marks", pair.name, "00120064", f"missing {sorted(profile.required - values)}")
    if profile.forbidden & values:
        findings.add("marks", pair.name, "00120064", f"does not fit the profile: {sorted(profile.forbidden & values)}")
    if "113106" in values and "113107" in values:
        findings.add("marks", pair.name, "00120064", "dates both full and modified")


def actions(pairs, profile, findings):
    """An attribute of the table without an option that the file claims does not keep its value. UIDs, dates and pixels have judges of their own."""
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["rows"]
    for pair in pairs:
        if profile.name == "adit-compatible" and "113100" not in claimed(pair.after):
            continue  # it does not say that it follows the table
        options = {COLUMNS[c] for c in claimed(pair.after) if c in COLUMNS}
        for before, after in pairing.pairs(pair.before.elements, pair.after.elements):
            if before.items is not None or not before.raw:
                continue
            if before.group & 1:
                row = {"basic": "X", "opt": {"rsp": "C"}}
            else:
                row = rows.get(f"{before.tag:08X}") or repeating(rows, before.tag)
            if not row or before.vr in ("UI", "DA", "DT", "TM") or options & set(row["opt"]):
                continue
            findings.look("actions")
            if after is not None and after.raw.rstrip(b" \0") == before.raw.rstrip(b" \0"):
                findings.add("actions", pair.name, before.path, f"{row['basic']} but unchanged: {before.raw[:24]!r}")


def repeating(rows, tag):
    """Rows of the repeating groups 50xx (as a whole) and 60xx."""
    if tag >> 24 == 0x50:
        return {"basic": "X", "opt": {}}
    key = f"{tag:08X}"
    return rows.get(key[:2] + "XX" + key[4:]) if key[:2] == "60" else None
