"""Rates are learned from runs, kept whole, and never lead far astray."""

import json

import pytest

from gdc_jupyter.graph import meter
from gdc_jupyter.graph.meter import DEFAULTS, FILE, METER, Meter, learn, metered, read_rates


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(meter, "METER", Meter())


def done(name, size, seconds):
    meter.METER.add(name, size, seconds)


def test_before_any_run_rates_are_usual_ones(tmp_path):
    rates = read_rates(tmp_path)
    assert rates.of("read CogSource") == DEFAULTS["read CogSource"]
    assert rates.of("read SomethingElse") == DEFAULTS["read"]
    assert rates.of("compute anything(mean)") == DEFAULTS["compute"]
    assert "nothing was measured" in rates.origin


def test_a_run_is_learned_from(tmp_path):
    done("read CogSource", 5e9, 1.0)
    before = meter.METER.sums()
    done("read CogSource", 500e6, 1.0)
    done("compute reduce_dimension(median)", 300e6, 1.0)
    done("write GTiff", 10, 0.0001)
    learn(tmp_path, before)
    rates = read_rates(tmp_path)
    assert rates.of("read CogSource") == pytest.approx(500e6)
    assert rates.of("compute reduce_dimension(median)") == pytest.approx(300e6)
    # What has not run yet is as fast as the slowest of its kind.
    assert rates.of("compute something_new") == pytest.approx(300e6)
    # What took no time tells nothing.
    assert rates.of("write GTiff") == DEFAULTS["write"]
    assert rates.origin == "measured in 1 run on this computer"


def test_the_newest_run_counts_most_but_one_does_not_change_all(tmp_path):
    done("read CogSource", 400e6, 1.0)
    learn(tmp_path, {})
    before = meter.METER.sums()
    done("read CogSource", 800e6, 1.0)
    learn(tmp_path, before)
    assert read_rates(tmp_path).of("read CogSource") == pytest.approx(0.7 * 400e6 + 0.3 * 800e6)
    before = meter.METER.sums()
    done("read CogSource", 10e6, 100.0)
    learn(tmp_path, before)
    # The slowest that is believed is a quarter of what was known.
    assert read_rates(tmp_path).of("read CogSource") == pytest.approx(520e6 * (0.7 + 0.3 / 4))
    assert read_rates(tmp_path).jobs == 3


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rates": 5, "jobs": 1}', '{"rates": {"read": "fast"}, "jobs": 1}'])
def test_a_spoilt_file_is_as_none(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert read_rates(tmp_path).jobs == 0
    done("read CogSource", 400e6, 1.0)
    learn(tmp_path, {})
    assert json.loads((tmp_path / FILE).read_text())["jobs"] == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_where_nothing_can_be_written_nothing_is_learned(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    done("read CogSource", 400e6, 1.0)
    learn(file, {})
    assert file.read_text() == ""


def test_work_is_metered():
    before = METER.sums().get("compute test", (0.0, 0.0))
    import numpy as np

    meter.METER = METER
    assert metered("compute test", lambda: np.ones(1000, "float32"), 500).sum() == 1000
    size, seconds = METER.sums()["compute test"]
    assert size - before[0] == 4500
    assert 0 < seconds - before[1] < 5
