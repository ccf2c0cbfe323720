"""Class `dates`: no original date is left where the profile takes them; where it shifts them, all intervals and times of day stay."""

from collections import defaultdict

from . import pairing
from .identifiers import dates_in_text, parse_day

KEPT = {0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002A, 0x00189151}  # what the adit-compatible profile keeps
MUST_STAY = {0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x00080012, 0x0008002A, 0x00181078, 0x00189074, 0x00189151}
TIMES = {0x00080030, 0x00080031, 0x00080032, 0x00080033, 0x00080013}
BIRTH = {0x00100030, 0x00100032}


def judge(pairs, truth, profile, findings):
    shifts = defaultdict(lambda: defaultdict(list))  # patient -> shift in days -> places
    for pair in pairs:
        original = {d for values in pair.truth["dates"].values() for v in values if (d := parse_day(v))}
        original = {d for d in original if d.year > 2000}
        for before, after in pairing.pairs(pair.before.elements, pair.after.elements):
            if before.vr in ("DA", "DT", "TM") and before.raw and before.items is None:
                findings.look("dates")
                compare(pair, before, after, profile, findings, shifts[pair.truth["patient"]])
        if profile.name != "adit-compatible":
            for path, form in dates_in_text(pair, original):
                findings.add("dates", pair.name, path, f"original date in text: {form}")
    for found in shifts.values():
        judge_shifts(found, profile, findings)
    if profile.name == "research" and len(shifts) > 4 and len({days for found in shifts.values() for days in found}) == 1:
        findings.add("dates", "all files", "-", "all patients are shifted alike")


def compare(pair, before, after, profile, findings, shifts):
    olds, news = before.values(), after.values() if after is not None else []
    same = after is not None and after.vr == before.vr and any(o and o in news for o in olds)
    if before.vr == "TM":
        if profile.name == "basic" and before.tag in TIMES and same:
            findings.add("dates", pair.name, before.path, f"original time: {olds}")
        if profile.name == "research" and before.tag in TIMES and "[" not in before.path and news != olds:
            findings.add("dates", pair.name, before.path, f"time of day changed: {olds} -> {news}")
        return
    if profile.name == "adit-compatible" and before.tag in KEPT:
        if "[" not in before.path and news != olds:
            findings.add("dates", pair.name, before.path, f"must stay: {olds} -> {news}")
        return
    if same and not (before.group & 1 and parse_day(olds[0]) is None):
        findings.add("dates", pair.name, before.path, f"original date: {olds}")
    if before.tag in BIRTH or before.group & 1:
        return
    if profile.name == "research" and before.tag in MUST_STAY and "[" not in before.path and not any(news):
        findings.add("dates", pair.name, before.path, "lost; a shifted date was promised")
    for old, new in zip(olds, news):
        day, shifted = parse_day(old), parse_day(new)
        if day and shifted and not same:
            shifts[(shifted - day).days].append((pair.name, before.path, old, new))
            if profile.name == "research" and before.vr == "DT" and old[8:] != new[8:]:
                findings.add("dates", pair.name, before.path, f"time of day changed: {old} -> {new}")
        elif profile.name == "research" and new and not shifted and day:
            findings.add("dates", pair.name, before.path, f"no date: {new}")


def judge_shifts(found, profile, findings):
    if profile.name == "research" and len(found) > 1:
        usual = max(found, key=lambda days: len(found[days]))
        for days, places in found.items():
            for name, path, old, new in places if days != usual else ():
                findings.add("dates", name, path, f"shifted by {days} days, others of the patient by {usual}")
    if profile.name == "adit-compatible":
        for days, places in found.items():
            # The same value everywhere is a dummy and says nothing about the days between.
            if len({old for _, _, old, _ in places}) > 1 and len({new[:8] for _, _, _, new in places}) > 1:
                for name, path, old, new in places:
                    findings.add("dates", name, path, f"constant shift of {days} days beside kept dates gives the shift away")
