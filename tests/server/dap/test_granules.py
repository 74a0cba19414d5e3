"""Lists and pages of granules; items of rasters and Zarr stores."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import netCDF4
import numpy as np
import pytest
import rasterio
import requests

from gdc_jupyter.catalog.catalog import Catalog

from ..conftest import TOKEN
from .answers import SAMPLES, VARIED, ask, read_with_gdal, same


class TestLists:
    def test_collections_and_granules(self, dap):
        token = {"Authorization": f"token {TOKEN}"}
        listed = {each["id"]: each["url"] for each in ask(dap, "").json()["collections"]}
        assert listed["group/varied"] == f"{dap.root}/group/varied"
        assert {"OSTIA_SST", "S2_ALPS", "S2_PATAGONIA", "large"} <= listed.keys()
        assert "secret" not in listed
        assert "secret" in {each["id"] for each in ask(dap, "", headers=token).json()["collections"]}
        granules = requests.get(listed["group/varied"], timeout=30).json()
        assert granules["granules"] == [{"id": "varied", "url": dap.varied}]
        assert ask(dap, "secret").status_code == 401
        assert ask(dap, "secret", headers=token).json()["granules"][0]["id"] == "varied"

    def test_pages_of_granules(self, dap):
        first = ask(dap, "S2_ALPS?limit=10").json()
        (following,) = (link["href"] for link in first["links"] if link["rel"] == "next")
        rest = requests.get(following.replace("limit=10", "limit=1000"), timeout=30).json()
        ids = [each["id"] for each in [*first["granules"], *rest["granules"]]]
        assert len(ids) == len(set(ids)) == 44
        assert "next" not in {link["rel"] for link in rest["links"]}

    def test_a_granule_is_described(self, dap):
        described = ask(dap, f"{VARIED}.html").json()
        assert described == ask(dap, VARIED).json()
        found = {each["path"]: each for each in described["variables"]}
        assert found["/sst"]["constraint"] == "sst[0:1:4][0:1:17][0:1:35]"
        assert found["/model/temperature"]["name"] == "model_temperature"
        assert found["/sst"]["bytes"] == 2 * 5 * 18 * 36
        for link in described["links"]:
            answer = requests.head(link["href"], timeout=30)
            assert answer.status_code == 200

    @pytest.mark.parametrize("path", ["", "group/varied", VARIED, f"{VARIED}.html"])
    def test_pages_for_people(self, dap, path):
        answer = ask(dap, path, headers={"Accept": "text/html"})
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "<h1>" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        for href in re.findall(r'href="(http[^"]+)"', answer.text):
            assert requests.head(href.replace("&amp;", "&"), timeout=30).status_code in (200, 405), href

    def test_catalogues_of_thredds(self, dap):
        space = "{http://www.unidata.ucar.edu/namespaces/thredds/InvCatalog/v1.0}"
        root = ElementTree.fromstring(ask(dap, "catalog.xml").content)
        links = [each.get("{http://www.w3.org/1999/xlink}href") for each in root.iter(f"{space}catalogRef")]
        assert f"{dap.root}/group/varied/catalog.xml" in links
        below = ElementTree.fromstring(ask(dap, "group/varied/catalog.xml").content)
        base = below.find(f"{space}service").get("base")
        (path,) = (each.get("urlPath") for each in below.iter(f"{space}dataset"))
        assert f"{dap.root.partition('/opendap')[0]}{base}{path}" == dap.varied


class TestItemsOfRasters:
    def test_bands_are_variables(self, dap):
        address = f"{dap.root}/S2_PATAGONIA/S2_PATAGONIA"
        for ending in ("", "#dap4"):
            with netCDF4.Dataset(address + ending) as remote:
                remote.set_auto_maskandscale(False)
                for band, suffix in (("B02", ""), ("B04", ""), ("B11", "_2")):
                    with rasterio.open(SAMPLES / "S2_PATAGONIA" / f"S2_PATAGONIA_{band}.tif") as expected:
                        values = expected.read(1)
                        assert same(remote[band][:], values)
                        assert same(remote[band][3:90:7, 5:140:3], values[3:90:7, 5:140:3])
                        x, y = expected.transform * (np.arange(2) + 0.5, np.arange(2) + 0.5)
                        np.testing.assert_allclose(remote[f"x{suffix}"][:2], x)
                        np.testing.assert_allclose(remote[f"y{suffix}"][:2], y)
                    assert remote[band].dimensions == (f"y{suffix}", f"x{suffix}")
                    mapping = remote[remote[band].grid_mapping]
                    assert mapping.grid_mapping_name == "transverse_mercator"
                    assert remote[band].scale_factor == 0.0001
                    assert remote[band]._FillValue == 0
                assert remote["time"].units.startswith("seconds since 1970")

    def test_gdal_knows_where_they_are(self, dap, tmp_path):
        path = tmp_path / "b02.nc"
        path.write_bytes(ask(dap, "S2_PATAGONIA/S2_PATAGONIA.nc4?B02,spatial_ref").content)
        found = read_with_gdal(f'netcdf:"{path}":B02', 1, tmp_path / "band.npy")
        assert found is not None
        values, crs, transform = found
        with rasterio.open(SAMPLES / "S2_PATAGONIA" / "S2_PATAGONIA_B02.tif") as expected:
            assert rasterio.crs.CRS.from_wkt(crs) == expected.crs
            assert transform == list(expected.transform)[:6]
            assert (values == expected.read(1)).all()


def attributes_of(variable):
    return {name: variable.getncattr(name) for name in variable.ncattrs()}


class TestZarr:
    @pytest.mark.parametrize("version", [2, 3])
    def test_a_store_is_a_granule(self, dap, file, tmp_path, version):
        import xarray as xr
        from pydap.client import open_url

        names = ["sst", "wind", "vector_i8", "vector_u2", "time", "lat", "lon"]
        variables = {
            name: (
                file[name].dimensions,
                file[name][:],
                {key: file[name].getncattr(key) for key in file[name].ncattrs()},
            )
            for name in names
        }
        path = tmp_path / f"store{version}.zarr"
        xr.Dataset(variables).to_zarr(path, zarr_format=version, consolidated=version == 2)
        Catalog(dap.server.data).add(path, f"zarr{version}")
        address = f"{dap.root}/zarr{version}/store{version}"
        part = (slice(1, 5, 2), slice(3, 17, 4), slice(0, 36, 5))
        with netCDF4.Dataset(address) as flat:
            flat.set_auto_maskandscale(False)
            whole = open_url(address, protocol="dap4")
            for name in names:
                assert same(flat[name][:], file[name][:])
                assert same(np.asarray(whole[name][:].data), file[name][:])
            assert same(flat["sst"][part], file["sst"][part])
            assert same(np.asarray(whole["sst"][part].data), file["sst"][part])
            assert flat["sst"]._FillValue == -32768
            assert flat["sst"].units == "K"
            assert flat["sst"].dimensions == ("time", "lat", "lon")
