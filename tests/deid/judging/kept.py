"""Class `kept`: what the profile keeps is there byte for byte. Class `pixels`: risky pixels are held back or blacked out, others untouched."""

import hashlib

from . import pairing
from .profiles import claimed

RLE = "1.2.840.10008.1.2.5"


def judge(pairs, truth, profile, findings):
    for pair in pairs:
        codes = claimed(pair.after)
        promised = dict(pair.truth["keep"]["all"])
        promised.update(pair.truth["keep"].get(profile.name, {}))
        matched = {b.path: a for b, a in pairing.pairs(pair.before.elements, pair.after.elements)}
        softened = basic_without(pair, profile)
        for path, value in promised.items():
            if softened(path):
                continue
            findings.look("kept")
            after = matched.get(path)
            if after is None or after.raw.rstrip(b" \0") != bytes.fromhex(value).rstrip(b" \0"):
                findings.add("kept", pair.name, path, f"{bytes.fromhex(value)[:24]!r} became {None if after is None else after.raw[:24]!r}")
        if "113111" in codes:
            safe_private(pair, findings)
        if profile.name != "basic":
            words(pair, findings)
        age(pair, profile, findings)


def basic_without(pair, profile):
    """The basic profile replaces the whole content tree of reports and graphics, and takes referenced series apart in nothing else."""
    return lambda path: profile.name == "basic" and path.startswith(("0040A730", "00700001"))


def safe_private(pair, findings):
    known = {"|".join(map(str, e.key)): e for e in pair.after.elements}
    for key, value in pair.truth["keep"]["113111"].items():
        findings.look("kept")
        if key not in known or known[key].raw.hex() != value:
            findings.add("kept", pair.name, key, "safe private value lost")


def words(pair, findings):
    """Words of medicine stay in descriptors when the identifiers beside them go."""
    for path, expected in pair.truth["words"].items():
        after = pair.after.get(int(path, 16))
        for word in expected:
            findings.look("kept")
            if after is None or word not in after.text():
                findings.add("kept", pair.name, path, f"word {word} lost: {after.text() if after else None!r}")


def age(pair, profile, findings):
    if profile.name == "research" and pair.truth["age"] <= 89:
        findings.look("kept")
        if pair.after.value(0x00101010) != pair.before.value(0x00101010):
            findings.add("kept", pair.name, "00101010", f"age became {pair.after.value(0x00101010)!r}")


def strip_segments(frame):
    """A compressed frame without comments and application data, and without what follows its end."""
    out, pos = frame[:2], 2
    while pos + 4 <= len(frame) and frame[pos] == 0xFF and frame[pos + 1] not in (0xDA, 0x93, 0x90):
        size = int.from_bytes(frame[pos + 2 : pos + 4], "big") + 2
        if not (frame[pos + 1] in (0xFE, 0x64) or 0xE0 <= frame[pos + 1] <= 0xEF):
            out += frame[pos : pos + size]
        pos += size
    rest = frame[pos:]
    end = rest.find(b"\xff\xd9")
    return out + (rest[: end + 2] if end >= 0 else rest)


def pixels(pairs, findings):
    for pair in pairs:
        before, after = pair.before.get(0x7FE00010), pair.after.get(0x7FE00010)
        if before is None:
            continue
        findings.look("pixels")
        if after is None:
            findings.add("pixels", pair.name, "7FE00010", "lost")
        elif pair.truth["pixels"]["risky"]:
            risky(pair, before, after, findings)
        elif before.fragments is None:
            length = pair.truth["pixels"]["native_length"]
            if hashlib.sha256(after.raw[:length]).hexdigest() != pair.truth["pixels"]["native_sha256"]:
                findings.add("pixels", pair.name, "7FE00010", "changed although harmless")
        elif pair.before.syntax == RLE:
            if after.fragments is None or after.fragments[1:] != before.fragments[1:]:
                findings.add("pixels", pair.name, "7FE00010", "changed although harmless")
        elif after.fragments is None or [strip_segments(f) for f in after.fragments[1:]] != [strip_segments(f) for f in before.fragments[1:]]:
            findings.add("pixels", pair.name, "7FE00010", "changed although harmless")


def risky(pair, before, after, findings):
    """Blacked out, and only where it must be: the planted rows are at 255, nothing else is."""
    truth = pair.truth["pixels"]
    if after.fragments is None:
        samples = after.raw[: truth["native_length"]]
    elif after.fragments[1:] == before.fragments[1:] if before.fragments else False:
        findings.add("pixels", pair.name, "7FE00010", "the planted text is still in the pixels")
        return
    elif pair.after.syntax == RLE:
        samples = unpack(after.fragments[1])[: truth["native_length"]]
    else:
        findings.add("pixels", pair.name, "00020010", f"blacked out into {pair.after.syntax}, neither native nor RLE")
        return
    if len(samples) < truth["native_length"]:
        findings.add("pixels", pair.name, "7FE00010", f"{len(samples)} of {truth['native_length']} bytes")
    if any(value > 230 for value in samples):
        findings.add("pixels", pair.name, "7FE00010", "the planted text is still in the pixels")
        return
    inside = bytes.fromhex(truth.get("inside") or "")
    if inside and any(abs(a - b) > truth["tolerance"] for a, b in zip(samples[-len(inside) :], inside)):
        findings.add("pixels", pair.name, "7FE00010", "the region of the image was changed")
    if pair.after.value(0x00280301) != "NO" or "113101" not in claimed(pair.after):
        findings.add("pixels", pair.name, "00280301", "cleaned, but the marks do not say so")


def unpack(frame):
    """The bytes of an RLE frame of one segment (PS3.5 G.3)."""
    start, out = int.from_bytes(frame[4:8], "little"), bytearray()
    while start < len(frame) - 1:
        control = frame[start]
        if control < 128:
            out += frame[start + 1 : start + 2 + control]
            start += 2 + control
        elif control > 128:
            out += frame[start + 1 : start + 2] * (257 - control)
            start += 2
        else:
            start += 1
    return bytes(out)
