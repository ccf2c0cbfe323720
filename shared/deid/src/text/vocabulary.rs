//! Words that are not what they seem: fillers where an identifier should stand, titles and particles in names, and medical and
//! technical words that are surnames too. All lists are folded and sorted.

use super::fold::{Umlauts, folded};

/// Body parts, directions, techniques, vendors.
#[rustfmt::skip]
static VOCABULARY: &[&str] = &[
    "abdomen", "abdominal", "abdominopelvic", "achilles", "acquisition", "adc", "adrenal", "adult", "age", "agfa",
    "all", "angio", "angiography", "ankle", "anterior", "aorta", "aortic", "apex", "apical", "appendix",
    "application", "arm", "arterial", "arteriell", "arterielle", "artery", "atlas", "auto", "average", "axial",
    "axilla", "axis", "baby", "back", "bauch", "becken", "befund", "beidseits", "bein", "biceps", "bilateral",
    "biopsy", "bladder", "blank", "bone", "bones", "bowel", "brain", "breast", "bronchus", "brust", "brustwirbel",
    "calf", "canon", "cardiac", "cardio", "care", "carestream", "caudal", "cavity", "cerebral", "cervical", "chest",
    "child", "clavicle", "clinic", "clinical", "coil", "coils", "colon", "color", "comparison", "contrast", "copy",
    "coronal", "coronary", "cranial", "cranium", "cross", "cta", "ctp", "delayed", "deltoid", "department", "detail",
    "device", "diagnostic", "diffusion", "dixon", "dose", "dual", "duct", "dwi", "early", "echo", "elbow", "elekta",
    "ellenbogen", "elscint", "emergency", "enhanced", "epi", "esaote", "esophagus", "exam", "examination", "eye",
    "face", "facial", "fast", "fat", "female", "femoral", "femoris", "femur", "field", "findings", "fine", "finger",
    "fingers", "flair", "flow", "fluoro", "follow", "foot", "foramen", "forearm", "form", "frage", "frame", "free",
    "frontal", "fujifilm", "full", "function", "fusion", "fuss", "gallbladder", "gastrocnemius", "ge", "general",
    "global", "gluteus", "gradient", "groin", "hals", "hand", "hands", "hcc", "head", "heart", "heel", "helical",
    "hepatic", "hernia", "herz", "high", "hip", "hips", "history", "hitachi", "hologic", "hospital", "humerus",
    "image", "images", "impression", "indication", "inferior", "information", "infusion", "initial", "inner", "intra",
    "iris", "joint", "kidney", "klinik", "knee", "kneegelenk", "knie", "knochen", "knochenfenster", "kontrolle",
    "kopf", "large", "larynx", "last", "late", "lateral", "leber", "left", "leg", "legs", "lendenwirbel", "length",
    "lens", "limb", "limited", "line", "linke", "linker", "links", "liver", "lobe", "localizer", "location", "long",
    "low", "lower", "lumbar", "lung", "lunge", "lungs", "magnet", "male", "mammo", "mammography", "mandible",
    "manual", "map", "mask", "matrix", "maxilla", "maximum", "medial", "median", "medical", "medium", "medtronic",
    "milz", "mindray", "minimum", "mit", "motion", "mri", "multi", "muscle", "nach", "name", "nativ", "native",
    "neck", "neuro", "nodule", "none", "normal", "nose", "note", "nuclear", "number", "oberarm", "oberschenkel",
    "oblique", "occipital", "ohne", "oral", "orbit", "orbita", "order", "other", "outer", "ovary", "oxygen", "pacs",
    "paed", "palm", "pancreas", "panorama", "parallel", "parietal", "pass", "patella", "patient", "pause",
    "pectoralis", "pediatric", "pelvis", "perfusion", "peripheral", "phase", "philips", "plain", "plane", "planning",
    "plus", "portal", "position", "post", "posterior", "pre", "primary", "prior", "procedure", "prone", "prostate",
    "protocol", "proton", "psoas", "quadriceps", "quality", "radial", "radiologie", "radiology", "radius", "rapid", "rechte",
    "rechter", "rechts", "recon", "reconstruction", "rectum", "renal", "report", "rest", "result", "ribs", "right",
    "roi", "root", "rotation", "routine", "sacral", "sacrum", "sagittal", "samsung", "scan", "scanner", "scapula",
    "schaedel", "schulter", "scout", "screen", "second", "sequence", "series", "shimadzu", "shoulder", "siemens",
    "single", "sinus", "skin", "skull", "slice", "slices", "small", "soft", "soleus", "space", "special", "spin",
    "spinal", "spine", "spiral", "spleen", "spot", "stack", "standard", "standing", "start", "state", "stent",
    "sternum", "stomach", "stone", "stop", "stress", "study", "subtraction", "superior", "supine", "survey", "system",
    "table", "technique", "temporal", "tendon", "test", "therapy", "thigh", "thin", "third", "thorax", "three",
    "throat", "thumb", "thyroid", "tibia", "tissue", "toe", "tongue", "toshiba", "total", "touch", "tra", "trace",
    "trachea", "transverse", "trauma", "triceps", "tumor", "two", "uebersicht", "ultra", "unauffaellig",
    "uncontrasted", "unit", "unterarm", "unterschenkel", "upper", "ureter", "urethra", "uterus", "varian", "vein",
    "vena", "venoese", "venous", "ventral", "ventricle", "verlauf", "vertebra", "vessel", "view", "views", "volume",
    "vor", "wall", "waters", "weichteil", "weight", "white", "whole", "width", "window", "wirbel", "wirbelsaeule",
    "wrist", "ziehm", "zone", "zoom", "zustand",
];

/// Fillers, without spaces and punctuation.
#[rustfmt::skip]
static NOISE: &[&str] = &[
    "anon", "anonym", "anonymised", "anonymisiert", "anonymized", "anonymous", "anonymouspatient", "anonymus",
    "default", "deid", "deidentified", "dicom", "dummy", "empty", "error", "example", "inconnu", "missing", "na",
    "name", "nil", "nn", "nobody", "noid", "noname", "none", "nopatient", "nospecified", "notassigned",
    "notavailable", "notknown", "notspecified", "null", "obsolete", "other", "patient", "phantom", "phantompatient",
    "qa", "qc", "removed", "sample", "service", "tbd", "test", "testpatient", "testphantom", "unbekannt", "undefined",
    "unknown", "unspecified", "value", "xx", "xxx", "xxxx",
];

/// Particles of surnames.
#[rustfmt::skip]
static PARTICLES: &[&str] = &[
    "abu", "af", "al", "am", "auf", "aus", "ben", "bin", "bint", "da", "dal", "dalla", "das", "de", "degli", "dei",
    "del", "dela", "dell", "della", "den", "der", "des", "di", "do", "dos", "du", "e", "el", "en", "et", "i", "ibn",
    "il", "im", "in", "la", "las", "le", "les", "lo", "los", "of", "op", "san", "santa", "st", "te", "ten", "ter",
    "the", "thor", "und", "v", "van", "vom", "von", "y", "z", "zu", "zum", "zur",
];

/// Titles, degrees and forms of address.
#[rustfmt::skip]
static TITLES: &[&str] = &[
    "apl", "cand", "capt", "col", "dame", "dds", "dipl", "do", "doctor", "doctoral", "doktor", "dott", "dottore",
    "dr", "drs", "esq", "fr", "frau", "habil", "herr", "herrn", "hon", "ii", "iii", "ing", "iv", "jr", "junior",
    "lady", "lord", "lt", "ma", "mag", "maj", "major", "mbbs", "md", "med", "medic", "miss", "mister", "mlle", "mme",
    "mr", "mrs", "ms", "msc", "pd", "phd", "prim", "prof", "professor", "rer", "rev", "rn", "sen", "senior", "sgt",
    "signor", "signora", "sir", "sr", "sra", "univ", "vet",
];

/// Two letters that are seldom a name.
#[rustfmt::skip]
static PAIRS: &[&str] = &[
    "ad", "al", "am", "an", "ap", "as", "at", "ax", "az", "ba", "be", "bi", "bp", "br", "bw", "by", "cc", "ce", "cm",
    "cn", "co", "cr", "cs", "ct", "cv", "da", "de", "di", "do", "dr", "ds", "du", "ec", "ed", "eg", "ek", "el", "em",
    "en", "er", "es", "et", "fa", "fe", "fh", "fl", "fm", "fr", "fs", "ga", "gb", "gd", "ge", "gi", "go", "gy", "hf",
    "hp", "hr", "hu", "hz", "ic", "id", "ie", "if", "ii", "il", "im", "in", "io", "ir", "is", "it", "iu", "iv", "ja",
    "je", "kg", "km", "kv", "la", "lc", "le", "ll", "lm", "lo", "lr", "ls", "lt", "lv", "mb", "me", "mg", "mi", "mk", "ml",
    "mm", "mo", "mp", "mr", "ms", "mv", "my", "na", "nb", "nd", "ne", "nm", "no", "nr", "ob", "od", "of", "ok", "on",
    "op", "or", "os", "ot", "pa", "pd", "pe", "ph", "pl", "pm", "po", "pp", "pr", "ps", "pt", "px", "qa", "qc", "ra",
    "rd", "re", "rf", "rg", "rh", "rl", "rm", "ro", "rr", "rt", "rv", "sa", "sc", "se", "si", "sl", "sm", "so", "sp",
    "sr", "st", "sv", "sz", "ta", "te", "th", "ti", "tl", "tm", "to", "tr", "ts", "tv", "tx", "ug", "um", "un", "up",
    "us", "uv", "va", "vs", "we", "wg", "wk", "wo", "xa", "xr", "xy", "yz", "zb", "zn", "zu",
];

fn listed(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

/// Nobody's name or number: empty, a filler, one character over and over.
pub(crate) fn is_noise(value: &str) -> bool {
    let plain: String = folded(value, Umlauts::Dropped).chars().filter(|c| c.is_alphanumeric()).collect();
    let mut chars = plain.chars();
    let same = chars.next().is_none_or(|first| chars.all(|c| c == first));
    let wide = plain.chars().any(super::names::is_unspaced);
    (same && !wide) || listed(NOISE, &plain)
}

/// A medical, technical or vendor word (folded) that a report or a protocol name needs.
pub(crate) fn is_vocabulary(word: &str) -> bool {
    listed(VOCABULARY, word)
}

/// A text of nothing but such words, as systems put where a number should be: "CT_THORAX".
pub(crate) fn is_plain(value: &str) -> bool {
    let plain = folded(value, Umlauts::Dropped);
    let mut words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| is_vocabulary(word) || is_common_pair(word))
}

/// "von", "de la" ...: part of a name, none by itself.
pub(crate) fn is_particle(word: &str) -> bool {
    listed(PARTICLES, word)
}

/// "Dr", "Prof" ...: stands with a name and is none.
pub(crate) fn is_title(word: &str) -> bool {
    listed(TITLES, word)
}

/// A two-letter abbreviation or word that texts are full of.
pub(crate) fn is_common_pair(word: &str) -> bool {
    listed(PAIRS, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_folded() {
        for list in [VOCABULARY, NOISE, PARTICLES, TITLES, PAIRS] {
            assert!(list.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(list.iter().all(|word| folded(word, Umlauts::Dropped) == **word));
        }
    }
}
