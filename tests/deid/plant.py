"""Plants identifiers: `plant.py OUTDIR [--seed N]` writes OUTDIR/files and OUTDIR/truth.json. All persons are made up."""

import argparse
import collections
import json
import pathlib
import random

from planting import documents, hiding, images, patients, raw, truth
from planting.base import Study, encode

SEED = 20240229


def instances(counter, made):
    """Two CT images that others refer to, two more images, one document; each maker with how often it was called before."""
    odd = [images.radiograph, images.ultrasound][counter % 2]
    for maker in (images.ct, images.ct, images.MAKERS[counter % len(images.MAKERS)], odd, documents.MAKERS[counter % len(documents.MAKERS)]):
        yield maker, made[maker]
        made[maker] += 1


def hide(ds, study, turn):
    """Four kinds of hiding places a file, all in turn; their order does not matter."""
    chosen = [hiding.HIDERS[(turn + k * 3) % len(hiding.HIDERS)] for k in range(4)]
    for hider in chosen:
        hider(ds, study, turn)
    return [h.__name__ for h in chosen]


def write(path, made, study, turn):
    ds, syntax, pixel = made
    hidden = hide(ds, study, turn)
    data = encode(ds, syntax)
    for change in [*raw.ALWAYS, raw.TURNS[turn % len(raw.TURNS)], raw.TURNS[(turn + 3) % len(raw.TURNS)]]:
        changed = change(data, study.patient)
        hidden += [change.__name__] if changed != data else []
        data = changed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return truth.of_file(path, study.patient, pixel, hidden)


def plant(out, seed):
    rng, files, turn, counter, calls = random.Random(seed), {}, 0, 0, collections.Counter()
    people = patients.make(rng)
    for patient in people:
        for number in range(3 if patient.index % 4 == 0 else 2):
            study = Study(patient, number, rng)
            first_series = None
            for maker, n in instances(counter, calls):
                made = maker(study, n)
                ds = made[0]
                if maker is images.ct and first_series:  # both CT images stand in one series
                    ds.SeriesInstanceUID, ds.SOPInstanceUID, ds.SeriesNumber = first_series, f"{first_series}.2", 1
                first_series = first_series or ds.SeriesInstanceUID
                study.done.append((ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.Modality))
                name = f"{patient.plain()}-{patient.id}/study{number}/{turn:04d}_{ds.Modality}.dcm"
                files[name] = write(out / "files" / name, made, study, turn)
                turn += 1
            counter += 1
    document = {"seed": seed, "patients": [p.truth() for p in people], "files": files}
    (out / "truth.json").write_text(json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    return len(files)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    print(f"{plant(arguments.outdir, arguments.seed)} files planted")
