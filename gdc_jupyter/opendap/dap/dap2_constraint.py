"""Constraint expressions of DAP2: `v[0:9][0:2:9],lat[0:9]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote

from gdc_jupyter.opendap.dap.dap2 import Declared, Field, Grid, Part, View, escaped, not_exact
from gdc_jupyter.opendap.dap.dataset import Slab
from gdc_jupyter.opendap.dap.slabs import invalid, parse_slab, shown, split_slabs, unknown


@dataclass
class _Wanted:
    """What is wanted of a grid or of an array: all of it by one slab, or members of it."""

    whole: Slab | None = None
    members: dict[str, Slab] = field(default_factory=dict)


def constrained(view: View, query: str) -> list[Declared]:
    """Return what a constraint expression wants, in the order of the dataset; everything where it is empty.

    Parameters
    ----------
    view : View
    query : str
        The query of the address, percent-encoded.

    Raises
    ------
    GdcError
        ``ConstraintInvalid`` or ``VariableNotFound``.
    """
    projection, *selections = query.split("&")
    if "=" in projection and projection.startswith("token="):
        projection = ""
    selections = [each for each in selections if each and not each.startswith("token=")]
    if selections:
        raise invalid(f"'&{shown(unquote(selections[0]))}' is a selection; there are none of arrays, but hyperslabs.")
    text = unquote(projection).strip()
    if not text:
        return view.everything()
    wanted: dict[str, _Wanted] = {}
    for each in text.split(","):
        _add(view, each.strip(), wanted)
    return [_declared(view, view.fields[name], wanted[name]) for name in view.fields if name in wanted]


def _add(view: View, text: str, wanted: dict[str, _Wanted]) -> None:
    if "(" in text or ")" in text:
        raise invalid(f"'{shown(text)}' calls a function; this server has none.")
    if any(sign in text for sign in "<>=!~"):
        raise invalid(f"'{shown(text)}' is a selection; there are none of arrays, but hyperslabs.")
    name, slabs = split_slabs(text)
    found = _lookup(view, name)
    owner = found[0]
    entry = wanted.setdefault(owner.name, _Wanted())
    slab = parse_slab(slabs, found[-1].shape, name)
    if len(found) == 1:
        if entry.whole not in (None, slab) or entry.members:
            raise _twice(name)
        entry.whole = slab
    else:
        if entry.whole is not None or entry.members.get(found[1].name, slab) != slab:
            raise _twice(name)
        entry.members[found[1].name] = slab


def _lookup(view: View, name: str) -> tuple[Field] | tuple[Field, Field]:
    """Return a field, or the field of a grid and which of its members is meant."""
    names = {escaped(each): each for each in view.fields} | {each: each for each in view.fields}
    if name in names:
        return (view.fields[names[name]],)
    for grid, maps in view.maps.items():
        for own in {grid, escaped(grid)}:
            if name.startswith(f"{own}."):
                member = name[len(own) + 1 :]
                members = {each.name: each for each in (view.fields[grid], *maps)}
                members |= {escaped(key): each for key, each in members.items()}
                if member in members:
                    return view.fields[grid], members[member]
    if name in view.left_out:
        raise not_exact(name)
    raise unknown(name, list(view.fields))


def _twice(name: str) -> Exception:
    return invalid(f"'{shown(name)}' is wanted twice, with hyperslabs that are not the same.")


def _declared(view: View, owner: Field, wanted: _Wanted) -> Declared:
    if wanted.whole is not None:
        return view.with_maps(owner, wanted.whole)
    array = Part(owner, wanted.members[owner.name]) if owner.name in wanted.members else None
    maps = tuple(Part(each, wanted.members[each.name]) for each in view.maps[owner.name] if each.name in wanted.members)
    complete = array is not None and len(maps) == len(view.maps[owner.name])
    fits = complete and array is not None and array.slab == tuple(part.slab[0] for part in maps)
    return Grid(owner.name, array, maps, whole=fits)
