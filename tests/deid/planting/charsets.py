"""Text to bytes in every character set, with ISO 2022 escapes, which pydicom writes for some of them only."""

import pydicom.charset
import pydicom.filewriter
import pydicom.valuerep

ESCAPES = {
    "latin_1": b"\x1b-A",
    "iso8859_2": b"\x1b-B",
    "iso_ir_144": b"\x1b-L",
    "shift_jis": b"\x1b)I",
    "euc_kr": b"\x1b$)C",
    "iso_ir_58": b"\x1b$)A",
    "iso2022_jp": b"",
    "iso2022_jp_2": b"",
}  # the last two codecs write their own escapes, there and back
CODEC = {
    "iso_ir_144": "iso8859_5",
    "iso_ir_126": "iso8859_7",
    "iso_ir_127": "iso8859_6",
    "iso_ir_138": "iso8859_8",
    "iso_ir_148": "iso8859_9",
    "iso_ir_166": "tis_620",
    "iso_ir_58": "gb2312",
    "iso8859": "ascii",
}
DELIMITERS = "\\^=\r\n\f\t"


def encodable(character, encoding):
    try:
        data = character.encode(CODEC.get(encoding, encoding))
    except UnicodeEncodeError:
        return None
    if encoding == "shift_jis" and len(data) > 1 or encoding == "iso2022_jp_2" and data[:4] != b"\x1b$(D":
        return None
    return data


def encode_text(value, encodings):
    """Like pydicom's encode_string; a character that no set of the data set has becomes a question mark."""
    if len(encodings) == 1 and encodings[0] not in ("iso2022_jp", "iso2022_jp_2"):
        return value.encode(CODEC.get(encodings[0], encodings[0]), "replace")
    out, active = b"", encodings[0]
    for character in value:
        if character in DELIMITERS:
            active = encodings[0]
        if character.isascii():
            out += character.encode()
            continue
        encoding = next((e for e in encodings if encodable(character, e)), None)
        if encoding is None:
            out += b"?"
            continue
        if encoding != active:
            out, active = out + ESCAPES[encoding], encoding
        out += encodable(character, encoding)
    # The codecs go back to ASCII after each character; adjoining ones need no escape between.
    return out.replace(b"\x1b(B\x1b$B", b"").replace(b"\x1b(B\x1b$(D", b"")


pydicom.charset.python_encoding.setdefault("ISO_IR 203", "iso8859_15")
pydicom.charset.encode_string = pydicom.filewriter.encode_string = pydicom.valuerep.encode_string = encode_text
