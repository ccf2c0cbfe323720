"""A reader of DICOM files of our own: every element at every depth with its raw bytes. It knows no values and repairs nothing, so that what
a library would hide (group lengths, padding, private sequences of defined length in implicit VR) is seen."""

import struct
import zlib
from dataclasses import dataclass, field

import pydicom.charset
from pydicom.datadict import DicomDictionary, RepeatersDictionary, mask_match
from pydicom.tag import Tag

pydicom.charset.python_encoding.setdefault("ISO_IR 203", "iso8859_15")
pydicom.charset.python_encoding.setdefault("ISO 2022 IR 203", "iso8859_15")

LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
SHORT = {
    b"AE",
    b"AS",
    b"AT",
    b"CS",
    b"DA",
    b"DS",
    b"DT",
    b"FD",
    b"FL",
    b"IS",
    b"LO",
    b"LT",
    b"PN",
    b"SH",
    b"SL",
    b"SS",
    b"ST",
    b"TM",
    b"UI",
    b"UL",
    b"US",
}
TEXT = {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
CHARSET_TEXT = {"LO", "LT", "PN", "SH", "ST", "UC", "UT"}
UNDEFINED = 0xFFFFFFFF


class Broken(Exception):
    """The bytes are no DICOM."""


@dataclass
class Element:
    tag: int
    vr: str
    raw: bytes
    path: str
    key: tuple  # what identifies the element when private blocks move
    charset: list
    items: list | None = None  # of a sequence: lists of elements
    fragments: list | None = None
    start: int = 0  # of the element within the (inflated) data set

    @property
    def group(self):
        return self.tag >> 16

    def text(self):
        """The value as text in the character set that is valid here."""
        if self.vr in CHARSET_TEXT:
            delimiters = {0x5C, 0x5E, 0x3D} if self.vr == "PN" else {0x5C, 0x0A, 0x0C, 0x0D}
            try:
                return pydicom.charset.decode_bytes(self.raw, self.charset, delimiters)
            except (LookupError, UnicodeError, ValueError):
                return self.raw.decode("latin-1")
        return self.raw.decode("latin-1")

    def values(self):
        return [v.strip(" \0") for v in self.text().split("\\")] if self.raw else []


@dataclass
class File:
    preamble: bytes
    meta: list
    elements: list
    data: bytes  # preamble, meta, and the data set after inflating
    syntax: str
    body: bytes = b""
    body_raw: bytes = b""
    trailing: bytes = b""
    flat: list = field(default_factory=list)

    def get(self, tag, default=None):
        return next((e for e in self.elements if e.tag == tag), default)

    def value(self, tag, default=""):
        for e in self.meta + self.elements:
            if e.tag == tag:
                return (e.values() or [""])[0]
        return default


def dictionary_vr(tag, creator):
    if tag >> 16 & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UL" if not tag & 0xFFFF else "UN"
    if tag & 0xFFFF == 0:
        return "UL"
    entry = DicomDictionary.get(tag)
    if entry is None:
        mask = mask_match(Tag(tag))
        entry = RepeatersDictionary.get(mask) if mask else None
    return entry[0].split(" or ")[0] if entry else "UN"


class Walker:
    def __init__(self, data, little, explicit):
        self.data, self.explicit = data, explicit
        self.order = "<" if little else ">"

    def number(self, pos, size):
        if pos + size > len(self.data):
            raise Broken(f"ends within an element at {pos}")
        return struct.unpack_from(self.order + {2: "H", 4: "I"}[size], self.data, pos)[0]

    def head(self, pos, creators):
        tag = self.number(pos, 2) << 16 | self.number(pos + 2, 2)
        creator = creators.get((tag >> 16, tag >> 8 & 0xFF), "") if tag >> 16 & 1 else ""
        if tag >> 16 == 0xFFFE or not self.explicit:
            vr = "" if tag >> 16 == 0xFFFE else dictionary_vr(tag, creator)
            return tag, vr, creator, self.number(pos + 4, 4), pos + 8
        code = self.data[pos + 4 : pos + 6]
        if code in SHORT:
            return tag, code.decode(), creator, self.number(pos + 6, 2), pos + 8
        if code not in LONG:
            raise Broken(f"VR {code!r} at {pos}")
        return tag, code.decode(), creator, self.number(pos + 8, 4), pos + 12

    def elements(self, pos, end, path, charset, in_item=False):
        """Elements until `end`, or until the item's delimiter when `end` is None."""
        out, creators = [], {}
        while pos < (len(self.data) if end is None else end):
            begin = pos
            tag, vr, creator, length, start = self.head(pos, creators)
            if tag == 0xFFFEE00D and in_item:
                return out, start
            if tag >> 16 == 0xFFFE:
                raise Broken(f"stray delimiter at {pos}")
            here = f"{path}{tag:08X}"
            key = (tag >> 16, creator, tag & 0xFF) if creator else (tag,)
            element = Element(tag, vr, b"", here, key, charset, start=begin)
            if length == UNDEFINED and tag == 0x7FE00010:
                element.fragments, pos = self.fragments(start)
                element.raw = b"".join(element.fragments)
            elif length == UNDEFINED or vr == "SQ":
                inner = self if vr == "SQ" or not self.explicit else Walker(self.data, True, False)  # CP-246
                element.vr = "SQ"
                element.items, pos = inner.items(start, None if length == UNDEFINED else start + length, here, charset)
            else:
                if start + length > len(self.data):
                    raise Broken(f"{here} is longer than the file")
                pos, element.raw = start + length, self.data[start : start + length]
                self.nested(element, start, pos, here, charset)
            if tag == 0x00080005:
                charset = pydicom.charset.convert_encodings([v for v in element.raw.decode("latin-1").strip("\0 ").split("\\")])
            if tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF:
                creators[(tag >> 16, tag & 0xFF)] = element.raw.decode("latin-1").strip(" \0")
            out.append(element)
        return out, pos

    def nested(self, element, start, end, here, charset):
        """A sequence behind a VR that does not say so."""
        if element.vr != "UN" or element.raw[:4] != (b"\xfe\xff\x00\xe0" if self.order == "<" else b"\xff\xfe\xe0\x00"):
            return
        inner = self if not self.explicit else Walker(self.data, True, False)
        try:
            element.items, _ = inner.items(start, end, here, charset)
        except Broken:
            element.items = None

    def items(self, pos, end, path, charset):
        found = []
        while pos < (len(self.data) if end is None else end):
            tag, length = self.number(pos, 2) << 16 | self.number(pos + 2, 2), self.number(pos + 4, 4)
            pos += 8
            if tag == 0xFFFEE0DD:
                return found, pos
            if tag != 0xFFFEE000:
                raise Broken(f"{path} holds no item at {pos}")
            item, pos = self.elements(pos, None if length == UNDEFINED else pos + length, f"{path}[{len(found)}].", charset, length == UNDEFINED)
            found.append(item)
        return found, pos

    def fragments(self, pos):
        found = []
        while True:
            tag, length = self.number(pos, 2) << 16 | self.number(pos + 2, 2), self.number(pos + 4, 4)
            pos += 8
            if tag == 0xFFFEE0DD:
                return found, pos
            if tag != 0xFFFEE000:
                raise Broken(f"no fragment at {pos}")
            found.append(self.data[pos : pos + length])
            pos += length


def flatten(elements):
    for e in elements:
        yield e
        for item in e.items or []:
            yield from flatten(item)


def read(path):
    with open(path, "rb") as file:
        return read_bytes(file.read())


def read_bytes(data):
    if data[128:132] != b"DICM":
        raise Broken("no DICM")
    meta_walker, pos, meta = Walker(data, True, True), 132, []
    while pos + 8 <= len(data) and data[pos : pos + 2] == b"\x02\x00":
        tag, vr, _, length, start = meta_walker.head(pos, {})
        meta.append(Element(tag, vr, data[start : start + length], f"{tag:08X}", (tag,), ["iso8859"]))
        pos = start + length
    syntax = next((e.values()[0] for e in meta if e.tag == 0x00020010), "1.2.840.10008.1.2")
    body_raw = body = data[pos:]
    if syntax == "1.2.840.10008.1.2.1.99":
        inflater = zlib.decompressobj(-15)
        body = inflater.decompress(body) + inflater.flush()
        body += b"" if inflater.unused_data in (b"", b"\0") else inflater.unused_data
    walker = Walker(body, syntax != "1.2.840.10008.1.2.2", syntax != "1.2.840.10008.1.2")
    elements, end = walker.elements(0, None, "", ["iso8859"])
    out = File(data[:128], meta, elements, data[:pos] + body, syntax, body, body_raw, body[end:])
    out.flat = meta + list(flatten(elements))
    return out
