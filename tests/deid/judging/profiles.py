"""What each named profile promises, in codes of CID 7050 (PS3.16)."""

from dataclasses import dataclass

CID_7050 = {"113100", "113101", "113102", "113103", "113104", "113105", "113106", "113107", "113108", "113109", "113110", "113111", "113112"}
COLUMNS = {
    "113103": "cgraph",
    "113104": "cstruct",
    "113105": "cdesc",
    "113106": "rfull",
    "113107": "rmod",
    "113108": "rpat",
    "113109": "rdev",
    "113110": "ruid",
    "113111": "rsp",
    "113112": "rinst",
}


@dataclass(frozen=True)
class Profile:
    name: str
    required: frozenset  # codes that must be written
    forbidden: frozenset
    dates: tuple  # values of (0028,0303) that fit


PROFILES = {
    "basic": Profile(
        "basic", frozenset({"113100"}), frozenset({"113102", "113106", "113107", "113108", "113109", "113110", "113111", "113112"}), ("REMOVED",)
    ),
    "research": Profile(
        "research", frozenset({"113100", "113104", "113105", "113107", "113108"}), frozenset({"113102", "113106", "113110", "113112"}), ("MODIFIED",)
    ),
    "adit-compatible": Profile("adit-compatible", frozenset(), frozenset({"113102", "113107", "113110"}), ("UNMODIFIED",)),
}


def codes(file):
    """The codes that a file claims in (0012,0064)."""
    found = []
    sequence = file.get(0x00120064)
    for item in (sequence.items or []) if sequence else []:
        values = {e.tag: (e.values() or [""])[0] for e in item}
        found.append((values.get(0x00080100, ""), values.get(0x00080102, ""), values.get(0x00080104, "")))
    return found


def claimed(file):
    return {c[0] for c in codes(file)}
