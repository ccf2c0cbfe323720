"""Figures of the engine's speed: `bench.py --adit BINARY [--count N] [--memory]`, on a RAM disk, against `cp -r` and dicognito, interleaved in
the same run so that the state of the machine hits all of them alike."""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from datetime import datetime

import numpy
import pydicom
from dicognito.anonymizer import Anonymizer

from planting import patients
from planting.base import EXPLICIT, Dataset, Sequence, Study, code, encode, instance, pixels, put
from planting.images import plane

ROUNDS = 3


def header(study):
    """A CT header of about 80 elements as a scanner writes them."""
    ds = instance(study, "1.2.840.10008.5.1.4.1.1.2", "CT", f"{study.uid}.1", 1)
    plane(ds, study, 1)
    ds.KVP, ds.DataCollectionDiameter, ds.ReconstructionDiameter, ds.GantryDetectorTilt = "120", "500", "360", "0"
    ds.TableHeight, ds.RotationDirection, ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure = "158", "CW", "500", "200", "100"
    ds.FilterType, ds.GeneratorPower, ds.FocalSpots, ds.ConvolutionKernel, ds.ProtocolName = "BODY", "24", "0.7", "B30f", "Thorax"
    ds.ScanOptions, ds.SpacingBetweenSlices, ds.CTDIvol, ds.DateOfLastCalibration = "HELICAL", "5", 7.5, ds.StudyDate
    ds.RequestedProcedureDescription, ds.PerformedProcedureStepDescription = "CT Thorax", "CT Thorax"
    ds.WindowCenter, ds.WindowWidth, ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "40", "400", "-1024", "1", "HU"
    ds.OperatorsName, ds.PatientComments, ds.ImageComments = study.patient.people[0], "keine", "Serie 1"
    request, source = Dataset(), Dataset()
    request.RequestedProcedureID, request.ScheduledProcedureStepDescription = "RP1", "CT Thorax"
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = ds.SOPClassUID, f"{study.uid}.1.9999"
    ds.RequestAttributesSequence, ds.ReferencedImageSequence = Sequence([request]), Sequence([source])
    ds.ProcedureCodeSequence = Sequence([code("RPID16", "RADLEX", "CT Chest")])
    put(ds, 0x00190010, "LO", "GEMS_ACQU_01")
    put(ds, 0x00191023, "DS", "39.37")
    put(ds, 0x00290010, "LO", "EXAMPLE HEADER")
    put(ds, 0x00291010, "OB", b"\x01" * 2000)
    return ds


def write_series(folder, count):
    """`count` instances; only the UID, the number and the pixels differ."""
    study = Study(patients.make(random.Random(1))[0], 0, random.Random(2))
    ds, noise = header(study), numpy.random.default_rng(3)
    for number in range(1, count + 1):
        ds.SOPInstanceUID, ds.InstanceNumber = f"{study.uid}.1.{number}", number
        values = (noise.normal(1000, 60, (512, 512)) + numpy.arange(512)).astype("<u2")
        pixels(ds, 512, 512, 16, values.tobytes())
        (folder / f"{number:05d}.dcm").write_bytes(encode(ds, EXPLICIT))


def measured(command):
    """Wall seconds, CPU seconds and peak resident kilobytes of a child. The peak is read while it runs: the one of wait4 counts this
    process too, from which the child was forked."""
    peak, done = 0, 0
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        child = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=errors)
        while not done:
            peak = max(peak, high_water(child.pid))
            time.sleep(0.002)
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        if child.returncode:
            sys.exit(f"{command[0]} ended with {child.returncode}: {errors.read().decode('utf-8', 'replace')[-1000:]}")
    return wall, usage.ru_utime + usage.ru_stime, peak


def high_water(pid):
    """Peak resident kilobytes of a process so far."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def dicognito(sources, out):
    """CPU seconds for reading, changing and writing one file after the other."""
    anonymizer, started = Anonymizer(seed="bench"), time.process_time()
    for source in sources:
        dataset = pydicom.dcmread(source)
        anonymizer.anonymize(dataset)
        dataset.save_as(out / source.name)
    return time.process_time() - started


def adit(binary, indir, outdir, key, *options):
    shutil.rmtree(outdir, ignore_errors=True)
    report = outdir.parent / "report.jsonl"
    command = [binary, "deid", indir, outdir, "--profile", "research", "--key-file", key, "--report", report, *options]
    found = measured(command)
    written = sum(1 for p in outdir.rglob("*.dcm"))
    expected = sum(1 for p in indir.rglob("*.dcm"))
    if written != expected:
        sys.exit(f"{written} of {expected} instances were written")
    return found


def copy(indir, outdir):
    shutil.rmtree(outdir, ignore_errors=True)
    return measured(["cp", "-r", indir, outdir])[0]


def speed(binary, work, count, key):
    indir, sample, rows = work / "in", min(200, count), []
    indir.mkdir()
    write_series(indir, count)
    size = sum(p.stat().st_size for p in indir.iterdir())
    print(f"{count} CT instances, {size / count / 1000:.0f} kB each, {datetime.now():%Y-%m-%d}")
    sources = sorted(indir.iterdir())[:sample]
    (work / "other").mkdir()
    for turn in range(ROUNDS):
        _, cpu, peak = adit(binary, indir, work / "out", key, "--jobs", "1")
        wall, *_ = adit(binary, indir, work / "out", key)
        copied, other = copy(indir, work / "copy"), dicognito(sources, work / "other")
        rows.append((count / cpu, (other / sample) / (cpu / count), copied / wall, peak / 1024))
        print(
            f"round {turn + 1}: {rows[-1][0]:.0f} instances per CPU second, {rows[-1][1]:.1f} x dicognito ({sample / other:.0f}/s), "
            f"{rows[-1][2]:.2f} x the rate of cp ({copied:.2f} s), peak {rows[-1][3]:.0f} MiB"
        )
        for folder in ("out", "copy"):
            shutil.rmtree(work / folder)
    print("wanted: 1000 instances per CPU second, 12 x dicognito, 0.5 x the rate of cp, 32 MiB")
    middle = [statistics.median(column) for column in zip(*rows)]
    print(f"median: {middle[0]:.0f} instances per CPU second, {middle[1]:.1f} x dicognito, {middle[2]:.2f} x the rate of cp, peak {middle[3]:.0f} MiB")


def memory(binary, work, key, megabytes):
    """One multi-frame instance with a hole for pixels: memory may not grow with it."""
    indir = work / "large"
    indir.mkdir()
    study = Study(patients.make(random.Random(1))[0], 0, random.Random(2))
    ds, frames = header(study), megabytes * 2
    pixels(ds, 512, 512, 16, b"\0\0", frames=frames)
    ds.ImageType, ds.BurnedInAnnotation = ["ORIGINAL", "PRIMARY", "AXIAL"], "NO"
    data, length = encode(ds, EXPLICIT), frames * 512 * 512 * 2
    with open(indir / "large.dcm", "wb") as file:
        file.write(data[:-6] + struct.pack("<I", length))
        file.truncate(len(data) - 2 + length)
    wall, cpu, peak = adit(binary, indir, work / "out", key, "--jobs", "1")
    print(f"one instance of {length / 1e9:.2f} GB: peak {peak / 1024:.0f} MiB, {cpu:.2f} s CPU, {wall:.2f} s wall")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adit", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--memory", action="store_true", help="the memory check only")
    parser.add_argument("--megabytes", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        work = pathlib.Path(name)
        key = work / "key"
        key.write_text("5a" * 32 + "\n")
        if arguments.memory:
            memory(arguments.adit, work, key, arguments.megabytes)
        else:
            speed(arguments.adit, work, arguments.count, key)


if __name__ == "__main__":
    main()
