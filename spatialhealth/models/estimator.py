"""The estimator contract of scikit-learn, without scikit-learn."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from spatialhealth.errors import OptionError

__all__ = ["Estimator"]

Self = TypeVar("Self", bound="Estimator")


class Estimator:
    """An object whose constructor only stores its arguments.

    `sklearn.base.clone`, pipelines and grid search accept it.
    """

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give the constructor's arguments by name.

        Parameters
        ----------
        deep : bool, default True
            Taken for compatibility; nothing is nested.

        Returns
        -------
        dict
        """
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self: Self, **params: Any) -> Self:
        """Set the constructor's arguments by name.

        Parameters
        ----------
        **params
            Arguments of the constructor.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        OptionError
            If there is no such argument.
        """
        allowed = self._parameter_names()
        for name, value in params.items():
            if name not in allowed:
                raise OptionError(
                    f"{type(self).__name__} has no argument {name!r}. It has: {', '.join(allowed)}."
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        shown = []
        for name, value in self.get_params().items():
            if name == "weights":
                shown += [] if value is None else [f"weights=<{type(value).__name__}>"]
            elif repr(value) != repr(defaults[name].default):
                shown.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what kind of estimator this is."""
        from sklearn.utils import RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True),
            regressor_tags=RegressorTags(),
            requires_fit=True,
        )

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether the estimator has been fitted."""
        return "_result" in self.__dict__
