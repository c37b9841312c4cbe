"""What a refusal must look like: one named class, and a message with the labels and the next step."""

from __future__ import annotations

from contextlib import contextmanager

import pytest


@contextmanager
def refusal(kind, *parts):
    """The block must raise this very class, with all these parts in the message."""
    with pytest.raises((ValueError, TypeError)) as caught:
        yield caught
    message = str(caught.value)
    assert type(caught.value) is kind, f"{type(caught.value).__name__}: {message}"
    for part in parts:
        assert part in message, message
    assert message.endswith("."), message
