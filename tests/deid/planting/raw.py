"""What no library writes: identifiers in the bytes around and between the elements. Each function takes the file's bytes and gives new ones."""

import struct
import zlib

from judging import walk


def even(data):
    return data + b"\0" * (len(data) % 2)


def split(data):
    """Head (preamble and meta), the inflated data set, and how to join them again."""
    file = walk.read_bytes(data)
    head = data[: len(data) - len(file.body_raw)]
    if file.syntax != "1.2.840.10008.1.2.1.99":
        return file, head, file.body, lambda body: head + body

    def join(body):
        deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
        return head + even(deflater.compress(body) + deflater.flush())

    return file, head, file.body, join


def element(tag, vr, value, explicit, order="<", length=None):
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    size = len(value) if length is None else length
    if not explicit:
        return head + struct.pack(order + "I", size) + value
    if vr.encode() in walk.LONG:
        return head + vr.encode() + b"\0\0" + struct.pack(order + "I", size) + value
    return head + vr.encode() + struct.pack(order + "H", size) + value


def insert(data, tag, piece):
    """`piece` before the first top-level element of a tag above `tag`."""
    file, _, body, join = split(data)
    at = next((e.start for e in file.elements if e.tag > tag), len(body))
    return join(body[:at] + piece + body[at:])


def form(data):
    syntax = walk.read_bytes(data).syntax
    return syntax != "1.2.840.10008.1.2", ">" if syntax == "1.2.840.10008.1.2.2" else "<"


def preamble(data, patient):
    return f"II*\0 {patient.plain()} {patient.id} {patient.birth:%Y%m%d}".encode().ljust(128, b"\0")[:128] + data[128:]


def private_meta(data, patient):
    """Private information in the file meta group, with its length put right."""
    value = even(f"{patient.plain()} {patient.id}".encode())
    addition = element(0x00020100, "UI", even(b"1.2.276.0.7230010.3.0.3"), True) + element(0x00020102, "OB", value, True)
    length = struct.unpack_from("<I", data, 140)[0]
    return data[:140] + struct.pack("<I", length + len(addition)) + data[144 : 144 + length] + addition + data[144 + length :]


def group_length(data, patient):
    explicit, order = form(data)
    return insert(data, 0x00100000, element(0x00100000, "UL", struct.pack(order + "I", 4242), explicit, order))


def un_of_undefined_length(data, patient):
    """CP-246: inside there is implicit VR, whatever the transfer syntax."""
    explicit, order = form(data)
    if not explicit or order == ">":
        return data
    name = even(patient.plain().encode())
    inner = element(0x00100010, "PN", name, False) + element(0x00100020, "LO", even(patient.id.encode()), False)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
    value = item + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    creator = element(0x00310011, "LO", even(b"EXAMPLE CP246"), explicit, order)
    return insert(data, 0x00311120, creator + element(0x00311120, "UN", value, explicit, order, 0xFFFFFFFF))


def private_sequence_without_vr(data, patient):
    """In implicit VR a private sequence of defined length looks like any value."""
    explicit, order = form(data)
    name = even(patient.plain().encode())
    deepest = element(0x00100020, "LO", even(patient.id.encode()), False) + element(
        0x00080018, "UI", even(f"{patient.uid_root}.0.1.1".encode()), False
    )
    inner = element(0x00100010, "PN", name, False)
    inner += element(0x00331102, "SQ", struct.pack("<HHI", 0xFFFE, 0xE000, len(deepest)) + deepest, False)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
    creator = element(0x00330011, "LO", even(b"EXAMPLE HIDDEN SQ"), explicit, order)
    return insert(data, 0x00331101, creator + element(0x00331101, "UN", item, explicit, order))


def trailing_padding(data, patient):
    explicit, order = form(data)
    text = even(f"{patient.plain()} {patient.id}".encode())
    return insert(data, 0xFFFCFFFC, element(0xFFFCFFFC, "OB", text, explicit, order))


def element_after_pixels(data, patient):
    explicit, order = form(data)
    creator = element(0x7FE30010, "LO", even(b"EXAMPLE AFTER"), explicit, order)
    return insert(data, 0x7FE31001, creator + element(0x7FE31001, "LT", even(patient.plain().encode()), explicit, order))


def longer_pixels(data, patient):
    """Native pixel data longer than rows x columns: text in the excess."""
    file, _, body, join = split(data)
    found = file.get(0x7FE00010)
    explicit, order = form(data)
    if found is None or found.fragments is not None:
        return data
    text = even(f" {patient.plain()} {patient.id}".encode())
    piece = element(0x7FE00010, found.vr if explicit else "OW", found.raw + text, explicit, order)
    return join(body[: found.start] + piece + body[found.start + len(piece) - len(text) :])


ALWAYS = [preamble]
TURNS = [private_meta, group_length, un_of_undefined_length, private_sequence_without_vr, trailing_padding, element_after_pixels, longer_pixels]
