"""Tests of a specification for the report: spatial dependence of least squares, fixed against random effects."""

import html

from .model_options import INSTRUMENTAL, code_of
from .page import below
from .tool import is_ours
from .translate import tr

TESTS = ("none", "some", "all")
EXPECTED_UP_TO = 2_000  # units, whose whole inverse the expected information needs


def tests_of(fit, which):
    """Give the sections of the report, and the lines of Python that give the same."""
    special = {"dynamic", "missing"} & set(fit.options)
    if which == "none" or fit.kind == INSTRUMENTAL or special:
        return [], []  # instruments have tests of their own in the summary, the others none
    heading, run = (tr("Spatial dependence of least squares without spatial terms"), _dependence)
    if fit.options["effects"] == "random":
        heading, run = tr("Fixed against random effects of units"), _hausman
    elif which == "all":
        heading, run = tr("From least squares to a spatial model: the sequence of tests"), _sequence
    try:
        body, code = run(fit)
    except ValueError as error:
        if not is_ours(error):
            raise
        said = html.escape(tr("Not tested: {}").format(error))
        body, code = f"<p class='note'>{said}</p>", []
    return [(heading, body)], code


def _sequence(fit):
    """Run the tests that lead from least squares to a spatial model."""
    from spatialhealth.diagnostics import ladder

    return ladder(fit.model)._repr_html_(), ["print(sh.diagnostics.ladder(model))"]


def _dependence(fit):
    """Test the residuals of least squares with the same effects."""
    from spatialhealth.diagnostics import lm, moran

    options = {"effects": fit.options["effects"], "durbin": False}
    options |= {name: fit.options[name] for name in ("correction",) if name in fit.options}
    base = _fitted("SLX", options, fit)
    multipliers = lm(base)
    code = [
        f"base = {code_of('SLX', options)}",
        "print(sh.diagnostics.moran(base)[0])",
        "print(sh.diagnostics.lm(base))",
    ]
    return _table([moran(base)[0], *multipliers], multipliers.note), code


def _hausman(fit):
    """Compare fixed and random effects."""
    from spatialhealth.diagnostics import hausman

    options = dict(fit.options)
    if options["cov_type"] == "observed" and fit.result.n_entities <= EXPECTED_UP_TO:
        options["cov_type"] = "expected"  # the difference of two observed ones is noise in good part
    both = [options | {"effects": effects} for effects in ("entity", "random")]
    tests = hausman(*(_fitted(fit.kind, each, fit) for each in both))
    code = [
        f"fixed, random = {', '.join(code_of(fit.kind, each) for each in both)}",
        "print(sh.diagnostics.hausman(fixed, random))",
    ]
    return _table(tests, tests.note), code


def _fitted(kind, options, fit):
    """Fit another model to the same data and weights, of which what is known is not computed again."""
    from spatialhealth import models

    if kind == fit.kind and options == fit.options:
        return fit.model
    y, x, names, periods, response = fit.data
    return getattr(models, kind)(fit.result.operator, **options).fit_arrays(y, x, names, periods, response)


def _table(tests, note):
    from spatialhealth.diagnostics.table import StatisticTable

    return below(StatisticTable("", tuple(tests), note)._repr_html_())
