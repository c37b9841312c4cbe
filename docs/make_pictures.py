"""Make the pictures of the README and the docs from the embedded data."""

from __future__ import annotations

from pathlib import Path

import spatialhealth as sh

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    model.fit_formula("log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", panel)
    figure = sh.maps.impacts(cities, model.impacts(), "log(tertiary)")
    figure.savefig(IMAGES / "impacts.png", dpi=110, metadata={"Software": None})
    model.fit_formula(
        "log(inflow) ~ log(tertiary) * digital + log(primary) + log(gdp) + log(tertiary):port_developed",
        panel,
    )
    figure = sh.maps.moderation(model, "log(tertiary)", "digital", at={"port_developed": 0})
    figure.savefig(IMAGES / "moderation.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    main()
