"""The files that `spatialhealth.datasets` reads, and the script that made them."""

from __future__ import annotations

__all__: list[str] = []
