"""A granule on a DAP server: its variables as they are declared, and hyperslabs of them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.remote.access import Access, shown

#: Texts of any length.
TEXT = np.dtype(object)
#: First and last index, and the step, along each dimension.
Slab = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, eq=False)
class Declared:
    """A variable as a server declares it.

    Parameters
    ----------
    name : str
        With its groups, without a slash at the beginning.
    dtype : numpy.dtype
        In the byte order of this computer; ``object`` for texts.
    dimensions : tuple of str
        Names, with their groups.
    shape : tuple of int
    attributes : mapping
    """

    name: str
    dtype: np.dtype[Any]
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many values there are."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Remote(ABC):
    """A granule.

    Parameters
    ----------
    access : Access
    address : str
        Without suffix and constraint.
    variables : dict of str to Declared
    attributes : mapping
    """

    access: Access
    address: str
    variables: dict[str, Declared]
    attributes: Mapping[str, Any]

    @abstractmethod
    def read(self, slabs: Mapping[str, Slab | None]) -> dict[str, NDArray[Any]]:
        """Return hyperslabs, in one request.

        Parameters
        ----------
        slabs : mapping of str to Slab or None
            What is wanted of each variable, None for all of it.

        Raises
        ------
        GdcError
            ``DataNotReadable``, with what the server says or what is wrong with its answer.
        """

    def shape_of(self, name: str, slab: Slab | None) -> tuple[int, ...]:
        """Return the shape of a hyperslab."""
        if slab is None:
            return self.variables[name].shape
        return tuple(len(range(first, last + 1, step)) for first, last, step in slab)


def brackets(slab: Slab | None) -> str:
    """Return a hyperslab as constraints have it, encoded, for not all servers take brackets as they are."""
    return quote("".join(f"[{first}:{step}:{last}]" for first, last, step in slab or ()), safe=":")


def unreadable(address: str, reason: object) -> GdcError:
    """Return the error of an answer that cannot be understood."""
    return GdcError("DataNotReadable", f"The answer of {shown(address)} cannot be read: {reason}")


def tidy(values: Sequence[Any]) -> Any:
    """Return the values of an attribute: a list of texts, an array, or the value where it is one."""
    if len(values) == 1:
        return values[0]
    return list(values) if values and isinstance(values[0], str) else np.array(values)
