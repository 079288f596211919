"""English words from texts that are on every machine with Python and g2p-en: nothing is fetched."""

import builtins
import keyword
import re
from collections import Counter
from pathlib import Path
from pydoc_data.topics import topics

_WORD = re.compile(r"(?<![\w.'\"`*\\(/<>=-])[a-z]{3,}(?=[ ,;:]|\.?\s)")
_CODE = {*keyword.kwlist, *dir(builtins), "https"}


def english_words(homographs: Path) -> list[str]:
    """Return distinct words, sorted.

    They are the words that occur at least twice in the prose of Python's own help texts, and those
    that the package lists because their spelling has two pronunciations.
    """
    prose = [
        paragraph
        for text in topics.values()
        for paragraph in re.split(r"\n\s*\n", text)
        if not paragraph.startswith("   ")  # indented: program text
    ]
    counts = Counter(_WORD.findall("\n".join(prose)))
    found = {word for word, count in counts.items() if count > 1 and word not in _CODE}
    for line in homographs.read_text(encoding="utf-8").splitlines():
        headword = line.partition("|")[0].lower()
        if headword.isalpha():
            found.add(headword)
    return sorted(found)
