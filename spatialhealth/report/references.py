"""What a report cites: works of one BibTeX file, as a text cites them, as a line of a list, and as entries again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Reference", "bibtex", "cited", "library", "listed"]

_ENTRY = re.compile(r"@\w+\{(\w+),\n.*?\n\}", re.DOTALL)
_FIELD = re.compile(r"^  (\w+) = \{(.*)\},?$", re.MULTILINE)


@dataclass(frozen=True)
class Reference:
    """A work that is cited.

    Parameters
    ----------
    entry : str
        As BibTeX has it.
    fields : mapping of str to str
        Its fields: author, year, title, and journal, volume and pages of an article or publisher of a book.
    """

    entry: str
    fields: Mapping[str, str]

    @property
    def authors(self) -> list[str]:
        """Authors, each "Surname, initials"."""
        return self.fields["author"].split(" and ")

    @property
    def cited(self) -> str:
        """Surnames and year, as a text cites them."""
        surnames = [author.split(",")[0] for author in self.authors]
        names = f"{surnames[0]} et al." if len(surnames) > 2 else " and ".join(surnames)
        return f"{names} {self.fields['year']}"

    def __str__(self) -> str:
        *others, last = self.authors
        authors = f"{', '.join(others)} and {last}" if others else last
        kept = {name: text.strip("{}").replace("--", "–") for name, text in self.fields.items()}
        where = (
            f"{kept['journal']} {kept['volume']}, {kept['pages']}" if "journal" in kept else kept["publisher"]
        )
        return f"{authors} ({kept['year']}). {kept['title']}. {where}."


@cache
def library() -> Mapping[str, Reference]:
    """Read the file.

    Returns
    -------
    mapping of str to Reference
    """
    text = (files("spatialhealth.report") / "templates" / "references.bib").read_text(encoding="utf-8")
    return {
        entry[1]: Reference(entry[0], {field[1]: field[2] for field in _FIELD.finditer(entry[0])})
        for entry in _ENTRY.finditer(text)
    }


def cited(key: str) -> str:
    """Cite a work within a sentence.

    Examples
    --------
    >>> cited("lesage_pace_2009")
    'LeSage and Pace 2009'
    """
    return library()[key].cited


def listed(keys: Iterable[str]) -> list[str]:
    """Give the lines of a list of references, by author and year.

    Examples
    --------
    >>> listed(["theil_1967", "holm_1979"])[1]
    'Theil, H. (1967). Economics and Information Theory. North-Holland.'
    """
    return sorted(str(library()[key]) for key in set(keys))


def bibtex(keys: Iterable[str]) -> str:
    """Give works as a BibTeX file.

    Examples
    --------
    >>> print(bibtex(["theil_1967"]))
    @book{theil_1967,
      author = {Theil, H.},
      year = {1967},
      title = {{Economics and Information Theory}},
      publisher = {North-Holland}
    }
    <BLANKLINE>
    """
    return "\n\n".join(library()[key].entry for key in sorted(set(keys))) + "\n"
