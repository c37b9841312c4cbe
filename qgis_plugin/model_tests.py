"""Tests of a specification for the report: spatial dependence of least squares, fixed against random effects."""

from .model_options import INSTRUMENTAL, code_of
from .tool import tr

EXPECTED_UP_TO = 2_000  # units, whose whole inverse the expected information needs


TESTS = ("none", "some", "all")


def tests_of(fit, weights, which):
    """Give the sections of the report, and the lines of Python that give the same.

    `weights` are those of the fitted model, so that what is known of them is not computed again.
    """
    special = {"dynamic", "missing"} & set(fit.options)
    if which == "none" or fit.kind == INSTRUMENTAL or special:
        return [], []  # instruments have tests of their own in the summary, the others none
    if fit.options["effects"] == "random":
        return _hausman(fit, weights)
    return _sequence(fit) if which == "all" else _dependence(fit, weights)


def _sequence(fit):
    """Run the tests that lead from least squares to a spatial model."""
    from spatialhealth.diagnostics import ladder

    heading = tr("From least squares to a spatial model: the sequence of tests")
    return [(heading, ladder(fit.model)._repr_html_())], ["print(sh.diagnostics.ladder(model))"]


def _dependence(fit, weights):
    """Test the residuals of least squares with the same effects."""
    from spatialhealth.diagnostics import lm, moran

    options = {"effects": fit.options["effects"], "durbin": False}
    options |= {name: fit.options[name] for name in ("correction",) if name in fit.options}
    base = _fitted("SLX", weights, options, fit)
    tests = [moran(base)[0], *lm(base)]
    heading = tr("Spatial dependence of least squares without spatial terms")
    code = [
        f"base = {code_of('SLX', options)}",
        "print(sh.diagnostics.moran(base)[0])",
        "print(sh.diagnostics.lm(base))",
    ]
    return [(heading, _table(tests, lm(base).note))], code


def _hausman(fit, weights):
    """Compare fixed and random effects."""
    from spatialhealth.diagnostics import hausman

    options = dict(fit.options)
    if options["cov_type"] == "observed" and fit.result.n_entities <= EXPECTED_UP_TO:
        options["cov_type"] = "expected"  # the difference of two observed ones is noise in good part
    both = [options | {"effects": effects} for effects in ("entity", "random")]
    heading = tr("Fixed against random effects of units")
    try:
        tests = hausman(*(_fitted(fit.kind, weights, each, fit) for each in both))
    except ValueError as error:
        if type(error).__module__ != "spatialhealth.errors":
            raise
        return [(heading, _paragraph(tr("Not tested: {}").format(error)))], []
    code = [f"fixed, random = {', '.join(code_of(fit.kind, each) for each in both)}"]
    return [(heading, _table(tests, tests.note))], [*code, "print(sh.diagnostics.hausman(fixed, random))"]


def _fitted(kind, weights, options, fit):
    """Fit another model to the same data."""
    from spatialhealth import models

    y, x, names, periods, response = fit.data
    return getattr(models, kind)(weights, **options).fit_arrays(y, x, names, periods, response)


def _table(tests, note):
    from spatialhealth.diagnostics.table import StatisticTable

    return StatisticTable("", tuple(tests), note)._repr_html_().replace("<h4></h4>", "")


def _paragraph(text):
    import html

    return f"<p class='note'>{html.escape(text)}</p>"
