"""A judge that cannot fail judges nothing: `selftest.py WORKDIR` gives it copies of the planted files, and copies spoilt in one way each, and
wants to see every class of fault found, and the right one."""

import argparse
import json
import pathlib
import shutil
import sys
import types

import judge
from judging import identifiers, walk
from judging.needles import Needles

# Where the judge must find something in each file in which something was hidden.
PLACES = {
    "preamble": ["preamble"],
    "private_meta": ["00020102"],
    "un_of_undefined_length": ["00311120"],
    "private_sequence_without_vr": ["00331101"],
    "trailing_padding": ["FFFCFFFC"],
    "element_after_pixels": ["7FE31001"],
    "longer_pixels": ["7FE00010"],
    "overlays": ["60", "50"],
    "icon_and_signature": ["00880200", "04000561", "FFFAFFFA", "00420010"],
    "descriptors": ["0008103E", "00081030", "00400254"],
    "comments": ["00104000", "00204000", "001021B0"],
    "every_vr": ["00080054", "00080008", "00500021", "0040A160", "0018FF02", "0018FF04", "0018FF06", "0018FF08", "0018FF0E", "0018FF10"],
    "deep": ["00081140[0].0040A170[0].00080104", "00081140[0].0040A170[0].00080121[0].00080121[0].00080121[0].00080121[0].00080104", "00080110"],
    "persons": ["00101002", "00101001", "00101005", "00102297", "00080096", "00081070"],
    "private_unknown": ["0029"],
    "private_safe": ["2001", "0019"],
    "charset_of_items": ["00082218[0]", "00082218[1]"],
}
EXPECTED = {"report", "identifiers", "dates", "uids", "pixels", "marks", "actions", "pseudonyms"}


def spoil_nothing(data):
    return data


def spoil_geometry(data):
    return data.replace(b"\\-20\\", b"\\-21\\")


def spoil_end(data):
    return data[:-9]


def judged(work, name, spoil, profile, again=None):
    out, report = work / name, work / f"{name}.jsonl"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    lines = []
    truth = json.loads((work / "truth.json").read_text(encoding="utf-8"))
    for number, source in enumerate(truth["files"]):
        (out / f"{number}.dcm").write_bytes(spoil((work / "files" / source).read_bytes()))
        lines.append(json.dumps({"input": source, "output": f"{number}.dcm", "outcome": "written"}))
    report.write_text("\n".join(lines), encoding="utf-8")
    arguments = types.SimpleNamespace(truth=work / "truth.json", indir=work / "files", outdir=out, report=report, profile=profile, again=again)
    return judge.judge(arguments)[1]


def expect(what, found, wanted):
    missing = wanted - {kind for kind, faults in found.wrong.items() if faults}
    if missing:
        sys.exit(f"{what}: the judge found nothing in {sorted(missing)}")


def places(work):
    """Each hiding place is looked into: the needles of the file are found there."""
    truth = json.loads((work / "truth.json").read_text(encoding="utf-8"))
    needles = [Needles(p) for p in truth["patients"]]
    for name, expected in truth["files"].items():
        pair = types.SimpleNamespace(after=walk.read(work / "files" / name))
        sought = needles[expected["patient"]]
        found = {hit[0] for hit in [*identifiers.texts(pair, sought), *identifiers.raw(pair, sought)]}
        for hider in expected["hiders"]:
            for place in PLACES.get(hider, []):
                if not any(path.startswith(place) for path in found):
                    sys.exit(f"{name}: {hider} was planted, and nothing was found in {place}")


def prove(work):
    places(work)
    copies = judged(work, "copies", spoil_nothing, "basic")
    expect("plain copies", copies, EXPECTED)
    truth = json.loads((work / "truth.json").read_text(encoding="utf-8"))
    clean = set(truth["files"]) - copies.files["identifiers"]
    if clean:
        sys.exit(f"plain copies: no identifier found in {sorted(clean)[:5]}")
    hiders = {h for f in truth["files"].values() for h in f["hiders"]}
    print(f"selftest: plain copies: faults in all of {sorted(EXPECTED)}, identifiers in all {len(truth['files'])} files, {len(hiders)} hiding places")
    for fault in ("kept", "valid"):
        if copies.wrong[fault]:
            sys.exit(f"plain copies: {fault}: {copies.wrong[fault][:3]}")
    expect("other geometry", judged(work, "geometry", spoil_geometry, "research"), {"kept"})
    expect("cut off", judged(work, "cut", spoil_end, "research", work / "copies"), {"valid", "again"})
    print("selftest: the judge finds what is wrong")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workdir", type=pathlib.Path, help="what plant.py wrote")
    prove(parser.parse_args().workdir)


if __name__ == "__main__":
    main()
