"""Class `uids`: one new UID for each old one over all files, references resolve, what the standard defines stays, nothing old is left."""

import re
import uuid
from collections import defaultdict

from . import pairing

MIXED = re.compile(rb"(?<![0-9.])[0-9]+(?:\.[0-9]+)+(?![0-9.])")


def well_formed(uid):
    """`2.25.` and the decimal of a UUID of a version that exists (PS3.5 B.2, RFC 9562)."""
    if not re.fullmatch(r"2\.25\.(0|[1-9][0-9]{0,38})", uid) or int(uid[5:]) >> 128:
        return False
    value = uuid.UUID(int=int(uid[5:]))
    return value.variant == uuid.RFC_4122 and 1 <= (value.int >> 76 & 0xF) <= 8


def judge(pairs, truth, profile, findings):
    new_of, old_of, instances, references = defaultdict(set), defaultdict(set), {}, []
    originals = {uid for f in truth["files"].values() for uid in f["uids"]}
    for pair in pairs:
        instances[pair.truth["instance"]] = pair.after.value(0x00080018)
        stay = set(pair.truth["well_known"])
        for before, after in pairing.pairs(pair.before.elements, pair.after.elements):
            if before.vr != "UI" or not before.raw or after is None or before.items is not None:
                continue
            findings.look("uids")
            for old, new in zip(before.values(), after.values()):
                compare(pair, before, old, new, stay, findings)
                if old not in stay and new:
                    new_of[old].add(new)
                    old_of[new].add(old)
                    if before.tag == 0x00081155:
                        references.append((pair.name, before.path, old, new))
        left(pair, originals, findings)
        meta(pair, findings)
    for old, new in new_of.items():
        if len(new) > 1:
            findings.add("uids", old, "-", f"became several: {sorted(new)[:3]}")
    for new, old in old_of.items():
        if len(old) > 1:
            findings.add("uids", new, "-", f"stands for several: {sorted(old)[:3]}")
    for name, path, old, new in references:
        if old in instances and instances[old] != new:
            findings.add("uids", name, path, f"reference to {old} does not resolve")


def compare(pair, before, old, new, stay, findings):
    if old in stay:
        if new != old:
            findings.add("uids", pair.name, before.path, f"well-known {old} became {new!r}")
    elif new == old:
        findings.add("uids", pair.name, before.path, f"original UID: {old}")
    elif new and not well_formed(new):
        findings.add("uids", pair.name, before.path, f"no UUID-derived UID: {new}")
    elif not new and before.tag in (0x00080018, 0x0020000D, 0x0020000E):
        findings.add("uids", pair.name, before.path, "empty")


def left(pair, originals, findings):
    """No original UID anywhere in the bytes, also not in binary and in text."""
    found = {hit.decode() for hit in MIXED.findall(pair.after.data)}
    wide = {hit.decode() for hit in MIXED.findall(pair.after.data.replace(b"\0", b""))}
    for uid in sorted((found | wide) & originals):
        place = next((e.path for e in pair.after.flat if e.items is None and uid.encode() in e.raw), "bytes")
        findings.add("uids", pair.name, place, f"original UID left: {uid}")


def meta(pair, findings):
    findings.look("uids")
    for meta_tag, tag in ((0x00020003, 0x00080018), (0x00020002, 0x00080016)):
        if pair.after.value(meta_tag) != pair.after.value(tag):
            findings.add("uids", pair.name, f"{meta_tag:08X}", f"{pair.after.value(meta_tag)} is not {pair.after.value(tag)}")
    if pair.after.syntax != pair.before.syntax and "113101" not in str([e.raw for e in pair.after.flat if e.tag == 0x00080100]):
        findings.add("uids", pair.name, "00020010", f"transfer syntax became {pair.after.syntax}")
