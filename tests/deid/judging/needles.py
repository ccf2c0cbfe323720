"""The identifiers of a patient in all the ways in which they may be written, to be looked for in bytes and in text."""

import re
from datetime import date

MONTHS_EN = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
MONTHS_DE = ["Januar", "Februar", "Maerz", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"]
CODECS = {
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 166": "tis_620",
    "ISO_IR 203": "iso8859_15",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 87": "iso2022_jp",
    "ISO_IR 159": "iso2022_jp_2",
    "ISO_IR 149": "euc_kr",
    "ISO_IR 58": "gb2312",
    "GB18030": "gb18030",
    "GBK": "gbk",
    "ISO_IR 192": "utf-8",
}


def date_forms(day):
    """Notations of a day. Two-digit years are left out: they hit by chance."""
    y, m, d = f"{day.year}", f"{day.month:02d}", f"{day.day:02d}"
    forms = {y + m + d, d + m + y, f"{y}-{m}-{d}", f"{y}.{m}.{d}", f"{y}/{m}/{d}", f"{d}.{m}.{y}", f"{d}/{m}/{y}", f"{m}/{d}/{y}", f"{d}-{m}-{y}"}
    for months in (MONTHS_DE, MONTHS_EN):
        name = months[day.month - 1]
        forms |= {f"{day.day}. {name} {y}", f"{name} {day.day}, {y}", f"{day.day} {name[:3]} {y}", f"{day.day} {name} {y}"}
    return sorted(forms)


def digits(text):
    return re.sub(r"\D", "", text)


class Needles:
    """Everything of one patient: `strings` are (kind, text) found anywhere; `short` are words."""

    def __init__(self, truth):
        self.strings, self.short = [], truth["short_names"]
        simple = [
            ("name", "names"),
            ("id", "ids"),
            ("accession", "accessions"),
            ("mail", "mails"),
            ("address", "addresses"),
            ("person", "people"),
            ("device", "devices"),
            ("institution", "institutions"),
        ]
        for kind, key in simple:
            self.strings += [(kind, value) for value in truth[key]]
        for value in truth["ids"] + truth["accessions"] + truth["devices"]:
            core = digits(value)
            self.strings += [("id" if value in truth["ids"] else "accession" if value in truth["accessions"] else "device", core)]
            if "-" in value:
                self.strings += [("id", value.replace("-", "")), ("id", value.replace("-", " "))]
        for phone in truth["phones"]:
            national = phone.replace("+49 ", "0")
            self.strings += [
                ("phone", p)
                for p in {phone, national, national.replace(" ", "/"), phone.replace(" ", ""), national.replace(" ", ""), phone.split()[-1]}
            ]
        self.strings += [("birth date", form) for form in date_forms(date.fromisoformat(truth["birth"]))]
        self.strings = list(dict.fromkeys(self.strings))
        self.patterns = self._patterns(truth["charset"])
        forms = sorted({re.escape(t.casefold()) for _, t in self.strings}, key=len, reverse=True)
        self.text = re.compile("|".join(self._bounded(f, f.replace("\\", "")) for f in forms))
        self.words = (
            re.compile(r"(?<!\w)(" + "|".join(map(re.escape, self.short + [s.upper() for s in self.short])) + r")(?!\w)") if self.short else None
        )
        self.kinds = {t.casefold(): k for k, t in reversed(self.strings)}

    @staticmethod
    def _bounded(pattern, plain):
        return rf"(?<!\d){pattern}(?!\d)" if plain.isdigit() else pattern

    def _patterns(self, charset):
        """Bytes to look for: each string in the file's sets, UTF-8 and UTF-16, as written, in upper and in lower case."""
        codecs = {"utf-8", "utf-16-le", "utf-16-be"}
        codecs |= {CODECS[c.replace("ISO 2022 IR", "ISO_IR")] for c in charset if c.replace("ISO 2022 IR", "ISO_IR") in CODECS}
        found = {}
        for kind, text in self.strings:
            for form in {text, text.upper(), text.lower(), text.title()}:
                for codec in codecs:
                    try:
                        data = form.encode(codec)
                    except UnicodeEncodeError:
                        continue
                    if codec.startswith("iso2022_jp"):
                        data = re.sub(rb"^\x1b\$(B|\(D)|\x1b\(B$", b"", data)
                    if len(data) >= 4:
                        found.setdefault(data, (kind, text))
        wide = sorted(found, key=len, reverse=True)
        bounded = [rb"(?<!\d)" + re.escape(w) + rb"(?!\d)" if w.isdigit() else re.escape(w) for w in wide]
        return re.compile(b"|".join(bounded)), found

    def in_bytes(self, data):
        pattern, found = self.patterns
        for hit in pattern.finditer(data):
            yield *found[hit.group()], hit.start()

    def in_text(self, text):
        for hit in self.text.finditer(text.casefold()):
            yield self.kinds.get(hit.group(), "identifier"), hit.group()
        for hit in self.words.finditer(text) if self.words else ():
            yield "short name", hit.group()
