"""The words by which people head their columns and fill their cells."""

from __future__ import annotations

import functools
import re
import unicodedata

MOST_COMPARED = 400
_SUFFIX = re.compile(r"[(\[]([^)\]]{1,20})[)\]]\s*$")


def _words(text: str) -> set[str]:
    return set(text.split())


DATE = _words(
    "date dates day night evening morning datum tag nacht abend morgen fecha dia noche jour nuit "
    "data notte timestamp datetime when dato dag"
)
MORNING = _words("morning woke waking awoke morgen aufgewacht manana matin mattina ochtend")
EVENING = _words("evening bedtime abend soir sera noche avond")
TIME = _words("time clock hour when uhrzeit zeit uhr heure hora ora tijd start onset started")
CRAMP_STEMS = ("cramp", "krampf", "calambre", "kramp", "spasm")
EVENTS = _words("episodes attacks events anfalle episoden count number anzahl")
SEVERITY = _words(
    "severity pain intensity strength score schmerz schmerzen starke schwere vas nrs douleur dolor "
    "dolore pijn worst bad"
)
DURATION = _words(
    "duration length lasted long minutes mins min seconds secs dauer minuten duree duracion "
    "durata duur"
)
SITE = _words(
    "leg side site where location muscle limb bein seite ort stelle muskel jambe cote pierna lado "
    "gamba lato been kant foot calf thigh toes wade fuss"
)
LEFT_RIGHT = _words("left right both l r links rechts beide lt rt")
NOTE = _words(
    "note notes comment comments remark remarks details notiz notizen bemerkung bemerkungen "
    "kommentar anmerkung observations notas opmerking text diary"
)
MEDICINE = _words(
    "medicine medicines medication medications med meds drug drugs tablet tablets pill pills taken "
    "medikament medikamente tabletten arznei remedy remedies treatment medicament medicaments "
    "medicamento medicina farmaco medicijn dose"
)
TOTAL = _words("total totals sum average mean summe gesamt mittel mittelwert durchschnitt avg")
DENIED = _words("free without no not none kein keine keinen ohne sans sin senza")

YES = _words("yes y true ja j oui si x ✓ ✔ ☑ wahr present")
NO_CRAMP = _words(
    "0 no n none nil zero nein keine kein keiner false falsch non nessuno ninguno nada"
) | {"no cramp", "no cramps", "kein krampf", "keine krampfe", "none at all", "cramp free"}
DASHES = {"-", "–", "—", "−", "--"}
NOT_LOGGED = {
    "?",
    "??",
    "n/a",
    "na",
    "#n/a",
    "nan",
    "null",
    "unknown",
    "not logged",
    "not recorded",
    "not known",
    "missing",
    "forgot",
    "forgotten",
    "k.a.",
    "k. a.",
    "unbekannt",
    "vergessen",
    "...",
    "…",
    ".",
}
NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "",
            "one once eins ein eine einmal",
            "two twice zwei zweimal",
            "three thrice drei dreimal",
            "four vier",
            "five funf",
            "six sechs",
            "seven sieben",
            "eight acht",
            "nine neun",
            "ten zehn",
        )
    )
    for word in words.split()
}


@functools.lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return the text in small letters without accents, its words one space apart.

    Only the beginning of a very long text is kept: no word looked for is that long.
    """
    text = text[:MOST_COMPARED]
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text) if " " not in text else text
    bare = unicodedata.normalize("NFKD", split.casefold())
    kept = "".join(c for c in bare if not unicodedata.combining(c))
    return " ".join(kept.replace("_", " ").split())


@functools.lru_cache(maxsize=4096)
def heading_words(heading: str) -> tuple[str, ...]:
    """Return the words of a heading, without a unit in brackets."""
    return tuple(re.findall(r"\w+", plain(_SUFFIX.sub("", heading))))


def heading_unit(heading: str) -> str:
    """Return what stands in brackets at the end of a heading, or nothing."""
    found = _SUFFIX.search(heading)
    return found[1].strip() if found else ""


_HEADINGS = DATE | TIME | EVENTS | SEVERITY | DURATION | SITE | NOTE | MEDICINE


def is_heading(cell: str) -> bool:
    """Tell whether a cell reads like the heading of a diary's column."""
    words = heading_words(cell)
    return len(words) <= 6 and (speaks_of_cramps(cell) or not _HEADINGS.isdisjoint(words))


def speaks_of_cramps(text: str) -> bool:
    """Tell whether a heading or a name has cramps in it, in one of several languages."""
    return any(stem in word for word in heading_words(text) for stem in CRAMP_STEMS)


def is_yes(cell: str) -> bool:
    """Tell whether a cell says yes."""
    return plain(cell) in YES


def is_no(cell: str) -> bool:
    """Tell whether a cell says no, none or nought."""
    return plain(cell) in NO_CRAMP


def is_blank(cell: str) -> bool:
    """Tell whether a cell says nothing: empty, or a mark for not known."""
    return not cell or plain(cell) in NOT_LOGGED


def is_total(cell: str) -> bool:
    """Tell whether a cell heads a line of totals."""
    return not TOTAL.isdisjoint(heading_words(cell))
