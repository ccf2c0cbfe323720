"""Fictitious patients: all names, numbers and addresses are made up. Each has a character set of its own."""

from dataclasses import dataclass, field
from datetime import date, timedelta

# character sets, name, what the name's components are called elsewhere (transliterations), short words of the name that match as words only
NAMES = [
    (["ISO_IR 100"], "Müller-Lüdenscheidt^Jürgen^Ottokar^Dr.", ["Mueller", "Luedenscheidt", "Juergen"], []),
    (["ISO_IR 101"], "Dvořáková^Božena^^Mgr.", ["Dvorakova", "Bozena"], []),
    (["ISO_IR 109"], "Ħaġarija^Ċensinu", ["Hagarija", "Censinu"], []),
    (["ISO_IR 110"], "Bērziņšova^Jānita", ["Berzinsova", "Janita"], []),
    (["ISO_IR 144"], "Люксембургова^Людмила", ["Luksemburgova", "Ljudmila"], []),
    (["ISO_IR 127"], "Qabbani^Linazariya=قباني^لنزارية", ["Qabbani", "Linazariya"], []),
    (["ISO_IR 126"], "Διονυσίου^Ευάγγελος", ["Dionysiou", "Evangelos"], []),
    (["ISO_IR 138"], "Sharoni^Deborahle=שרוני^דבורהלה", ["Sharoni", "Deborahle"], []),
    (["ISO_IR 148"], "Çavuşoğlu^İbrahimcan", ["Cavusoglu", "Ibrahimcan"], []),
    (["ISO_IR 166"], "Srisukjai^Somchaidee=ศรีสุขใจ^สมชายดี", ["Srisukjai", "Somchaidee"], []),
    (["ISO_IR 203"], "Lefœuvrier^Žofinka", ["Lefoeuvrier", "Zofinka"], []),
    (["ISO_IR 13"], "Yamadakawa^Taroumaru=ﾔﾏﾀﾞｶﾜ^ﾀﾛｳﾏﾙ", ["Yamadakawa", "Taroumaru"], []),
    (["", "ISO 2022 IR 87"], "Tokugawara^Hanamichi=徳川原^花道=とくがわら^はなみち", [], []),
    (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ｻｸﾗｷﾞ^ｼﾞﾛｳﾀ=桜木村^次郎太=さくらぎ^じろうた", [], []),
    (["", "ISO 2022 IR 159"], "Samejimura^Uranosuke=伳侔嶙^劜咁", [], []),
    (["", "ISO 2022 IR 149"], "Hongwon^Gildongja=洪元^吉洞=홍원^길동자", [], []),
    (["", "ISO 2022 IR 58"], "Zhangsun^XiaoDongmei=张孙^小东梅", [], []),
    (["GB18030"], "Wangfeng^Chengjie=嶾誠孿^乗峔", [], []),
    (["GBK"], "Li^Xu=李俓^旭乗", [], ["Li", "Xu"]),
    (["ISO_IR 192"], "Nguyễnphúc^Ánhtuyết=阮福明^映雪", ["Nguyenphuc", "Anhtuyet"], []),
    ([], "O'Shaughnessy-Featherstone^Bartholomew^Quincy", ["OShaughnessy"], []),
    ([], "Ng^Bo^Wojciechowska", [], ["Ng", "Bo"]),
    (["ISO 2022 IR 6", "ISO 2022 IR 100", "ISO 2022 IR 144"], "Grünbaumer^Æthelwulfa", ["Gruenbaumer", "Aethelwulfa"], []),
    (["ISO_IR 100"], "Nobodysson^Unknownette", [], []),
]
SAME_ID = (20, 21)  # the same Patient ID from two issuers
NO_ID = 23  # must be held back
OLD = 3  # over 89
CITIES = ["Hinterpfuiteufel", "Obersdorfhausen", "Klein Machnowitzel", "Unterfelsingen"]
STREETS = ["Lindenbluetenallee", "Krokodilgasse", "Am Salzhafenturm", "Quittenbogen"]
PEOPLE = ["Brinkmannsdorf^Adalbert", "Zwiebelfisch^Rosalinde", "Pfefferkornski^Hieronymus", "Ollenhauerin^Wendeline"]


@dataclass
class Patient:
    index: int
    charset: list
    name: str
    latin: list
    short: list
    id: str
    issuer: str
    birth: date
    sex: str
    accessions: list
    phone: str
    mail: str
    street: str
    city: str
    people: list
    serial: str
    institution: str
    ward: str
    other_id: str
    uid_root: str
    days: list = field(default_factory=list)  # day of each study

    def age(self, day):
        return (day - self.birth).days // 365

    def address(self):
        return f"{self.street}, 81{self.index:02d}7 {self.city}"

    def components(self):
        """All components of the name, of every group, hyphenated ones also in their parts."""
        parts = []
        for group in self.name.split("="):
            for word in group.split("^")[:3]:
                parts += [word, *word.replace("'", "-").split("-")] if "-" in word or "'" in word else [word]
        return [w for w in dict.fromkeys(parts + self.latin) if w]

    def written(self):
        """The name as people write it, in Latin letters where there are some."""
        family, given = (self.name.split("=")[0].split("^") + [""])[:2]
        return family, given

    def plain(self):
        """A name of ASCII letters only, for VRs without character sets."""
        for word in [*self.latin, *self.components()]:
            if word.isascii() and len(word) > 2 and word.isalpha():
                return word
        return "".join(self.id.split("-"))

    def truth(self):
        long = [w for w in self.components() if w not in self.short and (len(w) >= 3 or (len(w) >= 2 and not w.isascii()))]
        return {
            "index": self.index,
            "charset": self.charset,
            "names": long,
            "short_names": self.short,
            "ids": [i for i in (self.id, self.other_id) if i],
            "accessions": self.accessions,
            "birth": self.birth.isoformat(),
            "phones": [self.phone],
            "mails": [self.mail],
            "addresses": [self.street, self.city],
            "people": [w for p in self.people for w in p.split("^")],
            "devices": [self.serial],
            "institutions": [self.institution, self.ward],
        }


def make(rng):
    """All patients, from one random generator."""
    out = []
    for index, (charset, name, latin, short) in enumerate(NAMES):
        digits = f"{rng.randrange(10**7, 10**8)}"
        pid = "" if index == NO_ID else f"PX-{digits[:4]}-{digits[4:]}"
        if index == SAME_ID[1]:
            pid = out[SAME_ID[0]].id
        born = date(1911 if index == OLD else rng.randrange(1932, 1989), rng.randrange(1, 13), rng.randrange(13, 29))
        ascii_word = next((w for w in [*latin, *name.replace("=", "^").split("^")] if w.isascii() and w.isalpha() and len(w) > 3), f"person{index}xq")
        patient = Patient(
            index,
            charset,
            name,
            latin,
            short,
            pid,
            f"Hospital-{'B' if index == SAME_ID[1] else 'A'}",
            born,
            "MFO"[index % 3],
            [f"ACC{rng.randrange(10**6, 10**7)}" for _ in range(3)],
            f"+49 {rng.randrange(150, 180)} {rng.randrange(10**6, 10**7)}",
            f"{ascii_word.lower()}.{index}@mail-example.invalid",
            f"{STREETS[index % 4]} {10 + index}",
            CITIES[(index // 4 + index) % 4],
            [PEOPLE[index % 4], PEOPLE[(index + 1) % 4]],
            f"SN-{rng.randrange(10**6, 10**7)}",
            f"Klinikum {['Sonnenbergtal', 'Nordlichterfeld'][index % 2]}",
            f"Station Waldvoegelein {index % 3}",
            f"ALT{rng.randrange(10**7, 10**8)}",
            f"1.2.276.0.7230010.99.{index + 1}.{rng.randrange(10**6, 10**7)}",
        )
        first = date(2012, 1, 15) + timedelta(days=rng.randrange(0, 1500))
        patient.days = [first, first + timedelta(days=rng.randrange(20, 400)), first + timedelta(days=rng.randrange(420, 900))]
        out.append(patient)
    return out
