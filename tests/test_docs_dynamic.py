"""The page on dynamic models keeps its word: its example runs and gives the figures it tells."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent / "docs" / "dynamic.md").read_text()


def test_the_example_runs_and_gives_the_figures_of_the_text(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    scope = {}
    exec(compile(code, "dynamic.md", "exec"), scope)
    assert "long-run total" in capsys.readouterr().out
    model, effects = scope["model"], scope["effects"]
    for name in ("tau", "eta", "rho"):
        shown = rf"{name} = {model.params_[name]:.4f} \({model.std_errors_[name]:.4f}\)"
        assert re.search(shown, PAGE)
    now, lasting = effects.short_run.estimates[0, 2], effects.long_run.estimates[0, 2]
    assert f"by {-now:.2f} per cent within the year" in PAGE
    assert f"{-lasting:.2f} per cent once" in PAGE
