"""The formula of OUS on random global grids: no cell of a box is missed, no index is outside, and few are too many."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gdc_jupyter.opendap.ous.indices import index_range

LIMITS = {"longitude": [(-180.0, 180.0), (0.0, 360.0)], "latitude": [(-90.0, 90.0)]}
sizes = st.one_of(st.integers(2, 400), st.sampled_from([180, 181, 361, 576, 720, 1440, 3600, 17999, 18000, 36000]))


@settings(max_examples=500, deadline=None)
@given(
    size=sizes,
    limits=st.sampled_from([each for those in LIMITS.values() for each in those]),
    edges=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    turned=st.booleans(),
)
def test_no_cell_of_a_box_is_missed(size, limits, edges, turned):
    span = limits[1] - limits[0]
    low, high = (limits[0] + span * each for each in sorted(edges))
    assume(high - low > 1e-6 * span)
    first, last = index_range((low, high), size, limits, turned)
    assert 0 <= first <= last < size
    # Cells that share more than a hair with the box, in exact numbers.
    start, end = ((Fraction(each) - Fraction(limits[0])) * size / Fraction(span) for each in (low, high))
    lowest, highest = math.floor(start + Fraction(1, 10**6)), math.ceil(end - Fraction(1, 10**6)) - 1
    if turned:
        lowest, highest = size - 1 - highest, size - 1 - lowest
    assert first <= lowest
    assert last >= highest
    assert last - first <= highest - lowest + 3
