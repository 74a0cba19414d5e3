"""The key of signed addresses."""

from __future__ import annotations

import stat
import time

import pytest
from gdc_server.signing import Signer

from gdc_jupyter.errors import GdcError


def test_the_key_is_private_and_kept(tmp_path):
    path = tmp_path / "deep" / "signing.key"
    signature, expires = Signer(path, 60).sign("j-1", "a.tif")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert expires == pytest.approx(time.time() + 60, abs=2)
    Signer(path, 60).check(signature, str(expires), "j-1", "a.tif")
    assert [each.name for each in path.parent.iterdir()] == ["signing.key"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"file": "b.tif"}, "PermissionsInsufficient"),
        ({"job_id": "j-2"}, "PermissionsInsufficient"),
        ({"expires": "99999999999"}, "PermissionsInsufficient"),
        ({"expires": "soon"}, "PermissionsInsufficient"),
        ({"signature": ""}, "PermissionsInsufficient"),
        ({"signature": "ü"}, "PermissionsInsufficient"),
    ],
)
def test_each_part_counts(tmp_path, changed, code):
    signer = Signer(tmp_path / "key", 60)
    signature, expires = signer.sign("j-1", "a.tif")
    told = {"signature": signature, "expires": str(expires), "job_id": "j-1", "file": "a.tif"} | changed
    with pytest.raises(GdcError) as caught:
        signer.check(**told)
    assert caught.value.code == code


def test_another_folder_has_another_key(tmp_path):
    signature, expires = Signer(tmp_path / "one", 60).sign("j-1", "a.tif")
    with pytest.raises(GdcError):
        Signer(tmp_path / "two", 60).check(signature, str(expires), "j-1", "a.tif")
