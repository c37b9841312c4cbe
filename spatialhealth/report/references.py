"""What a report cites: each work once, as a line of a list and for BibTeX."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

__all__ = ["REFERENCES", "Reference", "bibtex", "cited", "listed"]


@dataclass(frozen=True)
class Reference:
    """A work that is cited.

    Parameters
    ----------
    authors : tuple of str
        "Surname, initials", in order.
    year : int
    title : str
    journal, volume, pages : str
        Of an article.
    publisher : str
        Of a book.
    """

    authors: tuple[str, ...]
    year: int
    title: str
    journal: str = ""
    volume: str = ""
    pages: str = ""
    publisher: str = ""

    @property
    def names(self) -> str:
        """Surnames, as a text cites them."""
        surnames = [author.split(",")[0] for author in self.authors]
        if len(surnames) > 2:
            return f"{surnames[0]} et al."
        return " and ".join(surnames)

    def __str__(self) -> str:
        if len(self.authors) > 1:
            authors = f"{', '.join(self.authors[:-1])} and {self.authors[-1]}"
        else:
            authors = self.authors[0]
        where = f"{self.journal} {self.volume}" if self.journal else self.publisher
        pages = f", {self.pages.replace('-', '–')}" if self.pages else ""
        return f"{authors} ({self.year}). {self.title}. {where}{pages}."

    def bibtex(self, key: str) -> str:
        """Give the entry of a BibTeX file."""
        fields = {
            "author": " and ".join(self.authors),
            "year": str(self.year),
            "title": f"{{{self.title}}}",
            "journal": self.journal,
            "volume": self.volume,
            "pages": self.pages.replace("-", "--"),
            "publisher": self.publisher,
        }
        kind = "article" if self.journal else "book"
        lines = [f"  {name} = {{{_tex(text)}}}" for name, text in fields.items() if text]
        return f"@{kind}{{{key},\n" + ",\n".join(lines) + "\n}"


def cited(key: str) -> str:
    """Cite a work within a sentence.

    Examples
    --------
    >>> cited("lesage_pace_2009")
    'LeSage and Pace 2009'
    """
    work = REFERENCES[key]
    return f"{work.names} {work.year}"


def listed(keys: list[str]) -> list[str]:
    """Give the lines of a list of references, by author and year."""
    return sorted(str(REFERENCES[key]) for key in dict.fromkeys(keys))


def bibtex(keys: list[str]) -> str:
    """Give a BibTeX file.

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
    return "\n\n".join(REFERENCES[key].bibtex(key) for key in sorted(set(keys))) + "\n"


def _tex(text: str) -> str:
    """Write letters with accents, dashes and ampersands as every BibTeX reads them."""
    accents = {"\u0301": "'", "\u0300": "`", "\u0308": '"', "\u0303": "~", "\u0302": "^"}
    written = ""
    for letter in unicodedata.normalize("NFD", text.replace("–", "--").replace("&", r"\&")):
        if letter in accents:
            written = f"{written[:-1]}{{\\{accents[letter]}{written[-1]}}}"
        else:
            written += letter
    return written


def _article(
    authors: str, year: int, title: str, journal: str, volume: str = "", pages: str = ""
) -> Reference:
    return Reference(tuple(authors.split("; ")), year, title, journal, volume, pages)


_JOE = "Journal of Econometrics"
_SPRINGER, _KLUWER, _CRC = "Springer", "Kluwer", "CRC Press"

REFERENCES: dict[str, Reference] = {
    "anselin_1988": Reference(("Anselin, L.",), 1988, "Spatial Econometrics: Methods and Models", publisher=_KLUWER),
    "anselin_1990": _article("Anselin, L.", 1990, "Spatial dependence and spatial structural instability in applied "
        "regression analysis", "Journal of Regional Science", "30", "185-207"),
    "anselin_1995": _article("Anselin, L.", 1995, "Local indicators of spatial association – LISA",
        "Geographical Analysis", "27", "93-115"),
    "anselin_1996": _article("Anselin, L.; Bera, A. K.; Florax, R.; Yoon, M. J.", 1996, "Simple diagnostic tests for "
        "spatial dependence", "Regional Science and Urban Economics", "26", "77-104"),
    "arellano_1987": _article("Arellano, M.", 1987, "Computing robust standard errors for within-groups estimators",
        "Oxford Bulletin of Economics and Statistics", "49", "431-434"),
    "baltagi_2003": _article("Baltagi, B. H.; Song, S. H.; Koh, W.", 2003, "Testing panel data regression models with "
        "spatial error correlation", _JOE, "117", "123-150"),
    "castro_singer_2006": _article("Caldas de Castro, M.; Singer, B. H.", 2006, "Controlling the false discovery rate: "
        "a new application to account for multiple and dependent tests in local statistics of spatial association",
        "Geographical Analysis", "38", "180-208"),
    "chow_1960": _article("Chow, G. C.", 1960, "Tests of equality between sets of coefficients in two linear "
        "regressions", "Econometrica", "28", "591-605"),
    "debarsy_ertur_2010": _article("Debarsy, N.; Ertur, C.", 2010, "Testing for spatial autocorrelation in a fixed "
        "effects panel data model", "Regional Science and Urban Economics", "40", "453-470"),
    "driscoll_kraay_1998": _article("Driscoll, J. C.; Kraay, A. C.", 1998, "Consistent covariance matrix estimation "
        "with spatially dependent panel data", "Review of Economics and Statistics", "80", "549-560"),
    "efron_1987": _article("Efron, B.", 1987, "Better bootstrap confidence intervals",
        "Journal of the American Statistical Association", "82", "171-185"),
    "elhorst_2003": _article("Elhorst, J. P.", 2003, "Specification and estimation of spatial panel data models",
        "International Regional Science Review", "26", "244-268"),
    "elhorst_2010": _article("Elhorst, J. P.", 2010, "Applied spatial econometrics: raising the bar",
        "Spatial Economic Analysis", "5", "9-28"),
    "elhorst_2014": Reference(("Elhorst, J. P.",), 2014, "Spatial Econometrics: From Cross-Sectional Data to Spatial "
        "Panels", publisher=_SPRINGER),
    "fu_lu_2025": _article("Fu, H.; Lu, J.", 2025, "Structural imbalance of medical resources amid population mobility "
        "and digital empowerment", "Frontiers in Public Health", "13", "1613293"),
    "halleck_vega_elhorst_2015": _article("Halleck Vega, S.; Elhorst, J. P.", 2015, "The SLX model",
        "Journal of Regional Science", "55", "339-363"),
    "holm_1979": _article("Holm, S.", 1979, "A simple sequentially rejective multiple test procedure",
        "Scandinavian Journal of Statistics", "6", "65-70"),
    "imai_2010": _article("Imai, K.; Keele, L.; Yamamoto, T.", 2010, "Identification, inference and sensitivity "
        "analysis for causal mediation effects", "Statistical Science", "25", "51-71"),
    "kakwani_1997": _article("Kakwani, N.; Wagstaff, A.; van Doorslaer, E.", 1997, "Socioeconomic inequalities in "
        "health: measurement, computation, and statistical inference", _JOE, "77", "87-103"),
    "kapoor_2007": _article("Kapoor, M.; Kelejian, H. H.; Prucha, I. R.", 2007, "Panel data models with spatially "
        "correlated error components", _JOE, "140", "97-130"),
    "kelejian_prucha_1998": _article("Kelejian, H. H.; Prucha, I. R.", 1998, "A generalized spatial two-stage least "
        "squares procedure for estimating a spatial autoregressive model with autoregressive disturbances",
        "Journal of Real Estate Finance and Economics", "17", "99-121"),
    "lee_2004": _article("Lee, L.-F.", 2004, "Asymptotic distributions of quasi-maximum likelihood estimators for "
        "spatial autoregressive models", "Econometrica", "72", "1899-1925"),
    "lee_yu_2010": _article("Lee, L.-F.; Yu, J.", 2010, "Estimation of spatial autoregressive panel data models with "
        "fixed effects", _JOE, "154", "165-185"),
    "lerman_yitzhaki_1989": _article("Lerman, R. I.; Yitzhaki, S.", 1989, "Improving the accuracy of estimates of Gini "
        "coefficients", _JOE, "42", "43-47"),
    "lesage_2014": _article("LeSage, J. P.", 2014, "What regional scientists need to know about spatial econometrics",
        "Review of Regional Studies", "44", "13-32"),
    "lesage_pace_2009": Reference(("LeSage, J.", "Pace, R. K."), 2009, "Introduction to Spatial Econometrics",
        publisher=_CRC),
    "liu_1988": _article("Liu, R. Y.", 1988, "Bootstrap procedures under some non-i.i.d. models", "Annals of Statistics",
        "16", "1696-1708"),
    "ord_1975": _article("Ord, K.", 1975, "Estimation methods for models of spatial interaction",
        "Journal of the American Statistical Association", "70", "120-126"),
    "rey_anselin_2007": _article("Rey, S. J.; Anselin, L.", 2007, "PySAL: A Python library of spatial analytical "
        "methods", "Review of Regional Studies", "37", "5-27"),
    "simonsohn_2020": _article("Simonsohn, U.; Simmons, J. P.; Nelson, L. D.", 2020, "Specification curve analysis",
        "Nature Human Behaviour", "4", "1208-1214"),
    "theil_1967": Reference(("Theil, H.",), 1967, "Economics and Information Theory", publisher="North-Holland"),
    "ubaru_2017": _article("Ubaru, S.; Chen, J.; Saad, Y.", 2017, "Fast estimation of tr(f(A)) via stochastic Lanczos "
        "quadrature", "SIAM Journal on Matrix Analysis and Applications", "38", "1075-1099"),
    "wilson_1927": _article("Wilson, E. B.", 1927, "Probable inference, the law of succession, and statistical "
        "inference", "Journal of the American Statistical Association", "22", "209-212"),
    "yu_2008": _article("Yu, J.; de Jong, R.; Lee, L.-F.", 2008, "Quasi-maximum likelihood estimators for spatial "
        "dynamic panel data with fixed effects when both n and T are large", _JOE, "146", "118-134"),
}  # fmt: skip
