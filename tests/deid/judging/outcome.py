"""The report of a run and the pairs of input and output files that it names."""

import json
from collections import defaultdict
from dataclasses import dataclass

from . import walk
from .needles import Needles

OUTCOMES = {"written", "held_back", "refused"}


class Findings:
    """What is wrong, by class; `checked` counts what was looked at so that an idle check is seen."""

    def __init__(self):
        self.wrong, self.checked, self.files = defaultdict(list), defaultdict(int), defaultdict(set)
        self.outcomes = defaultdict(int)

    def look(self, kind, count=1):
        self.checked[kind] += count

    def add(self, kind, file, where, what):
        self.wrong[kind].append((file, where, what))
        self.files[kind].add(file)

    def table(self, first=5):
        lines = [f"{'class':<14} {'checked':>8} {'wrong':>7} {'files':>6}"]
        for kind in self.checked:
            lines.append(f"{kind:<14} {self.checked[kind]:>8} {len(self.wrong[kind]):>7} {len(self.files[kind]):>6}")
        for kind in self.checked:
            for file, where, what in spread(self.wrong[kind], first):
                lines.append(f"  {kind}: {file} {where}: {what}")
        return "\n".join(lines)

    def failed(self):
        return any(self.wrong.values()) or not all(self.checked.values())


def spread(found, first):
    """The first offenders, each kind of place once before any comes twice."""
    seen, ahead, rest = set(), [], []
    for entry in found:
        place = "".join(c for c in entry[1] + entry[2].split(":")[0] if not c.isdigit()) if "." not in entry[1] else entry[1][-8:]
        (rest if place in seen else ahead).append(entry)
        seen.add(place)
    return (ahead + rest)[:first]


@dataclass
class Pair:
    name: str
    truth: dict
    before: walk.File
    after: walk.File
    in_path: object
    out_path: object


def load(truth, indir, outdir, report, findings):
    """Reads the report and all files; what is missing, double or not as expected is a finding of class `report`."""
    lines = {}
    for line in report.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["input"] in lines:
            findings.add("report", entry["input"], "-", "reported twice")
        lines[entry["input"]] = entry
    pairs, used = [], set()
    needles = [Needles(p) for p in truth["patients"]]
    for name, expected in truth["files"].items():
        findings.look("report")
        entry = lines.pop(name, None)
        if entry is None:
            findings.add("report", name, "-", "not in the report")
            continue
        check_entry(name, entry, expected, outdir, findings)
        findings.outcomes[entry.get("outcome")] += 1
        found = {value for kind, value in needles[expected["patient"]].in_text(json.dumps({**entry, "input": ""}, ensure_ascii=False))}
        if found:
            findings.add("report", name, "report", f"names {sorted(found)}")
        if entry.get("output") and (outdir / entry["output"]).is_file():
            if entry["output"] in used:
                findings.add("report", name, "output", f"{entry['output']} is the output of another input too")
            used.add(entry["output"])
            check_name(name, entry["output"], findings)
            try:
                after = walk.read(outdir / entry["output"])
            except walk.Broken as error:
                findings.add("valid", name, "-", f"output cannot be read: {error}")
                continue
            if (outdir / entry["output"]).name != f"{after.value(0x00080018)}.dcm":
                findings.add("report", name, "output", f"{entry['output']} is not named by its new UID")
            pairs.append(Pair(name, expected, walk.read(indir / name), after, indir / name, outdir / entry["output"]))
    for name in lines:
        findings.add("report", name, "-", "in the report but not among the inputs")
    for path in sorted(p for p in outdir.rglob("*") if p.is_file()):
        if path.relative_to(outdir).as_posix() not in used and path.resolve() != report.resolve():
            findings.add("report", path.name, "-", "output that no line names")
    return pairs


def check_name(name, output, findings):
    """Folders are hashed: their names may be those of patients."""
    folders = set(name.split("/")[:-1]) & set(output.split("/")[:-1])
    if folders:
        findings.add("report", name, "output", f"folders kept: {sorted(folders)}")


def check_entry(name, entry, expected, outdir, findings):
    outcome, output = entry.get("outcome"), entry.get("output")
    if outcome not in OUTCOMES:
        findings.add("report", name, "-", f"outcome {outcome!r}")
    if outcome != "written" and not entry.get("reason"):
        findings.add("report", name, "-", f"{outcome} without a reason")
    if (outcome == "written") != bool(output):
        findings.add("report", name, "-", f"outcome {outcome} with output {output}")
    if output and not (outdir / output).is_file():
        findings.add("report", name, "-", "the output does not exist")
    if expected["expected"] == "written" and outcome != "written":
        findings.add("report", name, "outcome", f"{outcome}: {entry.get('reason', '')}")
    if expected["expected"] == "held_back" and outcome == "written":
        findings.add("report", name, "outcome", "written, must be held back")
