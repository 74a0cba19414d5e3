"""Map programs use the services: OWSLib, GDAL's WMTS and XYZ drivers, and the openEO client."""

from __future__ import annotations

from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
import requests
from openeo import connect
from PIL import Image

from .conftest import TOKEN
from .test_services import INSIDE, NDVI, make, pixels, tile_url

ZOOM, X, Y = INSIDE
CONFIGURATION = {"colormap": "vegetation", "range": [0, 1]}


@pytest.fixture(scope="module")
def wmts(server):
    service = make(server, type="wmts", title="NDVI <of> & Alps", description='"best"', configuration=CONFIGURATION)
    yield server.get(f"/services/{service}").json()
    server.delete(f"/services/{service}")


@pytest.fixture(scope="module")
def tile(server, wmts):
    return pixels(requests.get(tile_url(server, wmts["id"]), timeout=60))


def asked(wmts, **changes):
    given = {
        "Service": "WMTS",
        "REQUEST": "GetTile",
        "version": "1.0.0",
        "layer": "map",
        "style": "default",
        "format": "image/png",
        "TileMatrixSet": "WebMercatorQuad",
        "TileMatrix": ZOOM,
        "TileRow": Y,
        "TileCol": X,
    }
    kept = {name: value for name, value in (given | changes).items() if value is not None}
    return requests.get(wmts["url"], params=kept, timeout=60)


def test_owslib(wmts, tile, server):
    from owslib.wmts import WebMapTileService

    service = WebMapTileService(wmts["url"])
    assert service.identification.title == "NDVI <of> & Alps"
    layer = service["map"]
    assert layer.boundingBoxWGS84 == pytest.approx(tuple(wmts["attributes"]["bounds"]))
    assert list(layer.tilematrixsetlinks) == ["WebMercatorQuad"]
    limits = layer.tilematrixsetlinks["WebMercatorQuad"].tilematrixlimits[str(ZOOM)]
    assert limits.mintilecol <= X <= limits.maxtilecol
    assert limits.mintilerow <= Y <= limits.maxtilerow
    assert limits.maxtilecol - limits.mintilecol == 2
    matrices = service.tilematrixsets["WebMercatorQuad"].tilematrix
    assert sorted(map(int, matrices)) == list(range(15)), "to the resolution of the data"
    assert matrices["0"].scaledenominator == pytest.approx(559082264.0287178)
    answer = service.gettile(
        layer="map", tilematrixset="WebMercatorQuad", tilematrix=str(ZOOM), row=Y, column=X, format="image/png"
    )
    assert (np.asarray(Image.open(BytesIO(answer.read())).convert("RGBA")) == tile).all()
    address = service.buildTileResource(
        layer="map", tilematrixset="WebMercatorQuad", tilematrix=str(ZOOM), row=Y, column=X
    )
    assert address == tile_url(server, wmts["id"])


def place(file):
    """Return the window of the tile in a map of GDAL's."""
    edge = 2 * np.pi * 6378137 / 2**ZOOM
    west, north = -np.pi * 6378137 + X * edge, np.pi * 6378137 - Y * edge
    row, column = (north - file.bounds.top) / file.transform.e, (west - file.bounds.left) / file.transform.a
    assert file.transform.a == pytest.approx(edge / 256)
    return rasterio.windows.Window(round(column), round(row), 256, 256)


@pytest.mark.parametrize("address", ["{url}?service=WMTS&request=GetCapabilities", "{url}/1.0.0/WMTSCapabilities.xml"])
def test_gdal_reads_the_wmts(wmts, tile, address):
    with rasterio.open("WMTS:" + address.format(**wmts)) as file:
        assert file.crs.to_epsg() == 3857
        found = file.read(window=place(file), boundless=True)
    inside = found[3] > 0
    assert inside.mean() > 0.2
    assert (np.moveaxis(found, 0, -1)[inside] == tile[inside]).all()


def test_gdal_reads_the_tiles(wmts, tile, server):
    half = np.pi * 6378137
    description = f"""<GDAL_WMS>
      <Service name="TMS"><ServerUrl>{server.url}/tiles/{wmts["id"]}/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service>
      <DataWindow><UpperLeftX>{-half}</UpperLeftX><UpperLeftY>{half}</UpperLeftY>
        <LowerRightX>{half}</LowerRightX><LowerRightY>{-half}</LowerRightY>
        <TileLevel>{ZOOM}</TileLevel><TileCountX>1</TileCountX><TileCountY>1</TileCountY><YOrigin>top</YOrigin></DataWindow>
      <Projection>EPSG:3857</Projection><BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>4</BandsCount>
    </GDAL_WMS>"""
    with rasterio.open(description) as file:
        assert (np.moveaxis(file.read(window=place(file)), 0, -1) == tile).all()


def test_the_openeo_client(server, tile):
    connection = connect(server.url).authenticate_basic("jupyter", TOKEN)
    assert set(connection.list_service_types()) == {"XYZ", "WMTS"}
    service = connection.create_service(
        NDVI["process_graph"], "XYZ", title="of the client", configuration=CONFIGURATION
    )
    described = service.describe_service()
    assert described["title"] == "of the client"
    assert service.service_id in [each["id"] for each in connection.list_services()]
    assert (pixels(requests.get(described["url"].format(z=ZOOM, x=X, y=Y), timeout=60)) == tile).all()
    assert list(service.logs()) == []
    service.delete_service()
    assert service.service_id not in [each["id"] for each in connection.list_services()]


@pytest.mark.parametrize(
    ("changes", "status", "code", "locator"),
    [
        ({"Service": None}, 400, "MissingParameterValue", "service"),
        ({"Service": "WMS"}, 400, "InvalidParameterValue", "service"),
        ({"REQUEST": None}, 400, "MissingParameterValue", "request"),
        ({"REQUEST": "GetFeatureInfo"}, 501, "OperationNotSupported", "request"),
        ({"version": "2.0.0"}, 400, "InvalidParameterValue", "version"),
        ({"layer": None}, 400, "MissingParameterValue", "layer"),
        ({"layer": "other"}, 400, "InvalidParameterValue", "layer"),
        ({"style": "red"}, 400, "InvalidParameterValue", "style"),
        ({"format": "image/jpeg"}, 400, "InvalidParameterValue", "format"),
        ({"TileMatrixSet": "WorldCRS84Quad"}, 400, "InvalidParameterValue", "tilematrixset"),
        ({"TileMatrix": "EPSG:3857:1"}, 400, "InvalidParameterValue", "tilematrix"),
        ({"TileRow": -1}, 400, "InvalidParameterValue", "tilerow"),
        ({"TileCol": None}, 400, "MissingParameterValue", "tilecol"),
        ({"TileCol": 1 << 20}, 400, "TileOutOfRange", "TileMatrix"),
        ({"TileMatrix": 15}, 400, "TileOutOfRange", "TileMatrix"),
    ],
)
def test_refusals_are_exception_reports(wmts, changes, status, code, locator):
    answer = asked(wmts, **changes)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/xml")
    report = ElementTree.fromstring(answer.content)
    assert report.tag == "{http://www.opengis.net/ows/1.1}ExceptionReport"
    assert (report[0].get("exceptionCode"), report[0].get("locator")) == (code, locator)
    assert report[0][0].text


def test_a_tile_by_key_and_value(wmts, tile):
    assert (pixels(asked(wmts)) == tile).all()
    assert (pixels(asked(wmts, version=None, style=None)) == tile).all()


def test_larger_tiles_have_half_the_scale(server):
    service = make(server, type="WMTS", configuration=CONFIGURATION | {"tile_size": 512, "minzoom": 3, "maxzoom": 5})
    url = server.get(f"/services/{service}").json()["url"]
    text = requests.get(url, params={"service": "WMTS", "request": "getcapabilities"}, timeout=10).text
    assert "WebMercatorQuad512" in text
    scales = [float(each.text) for each in ElementTree.fromstring(text).iter() if each.tag.endswith("ScaleDenominator")]
    assert scales == pytest.approx([559082264.0287178 / 2 / 2**zoom for zoom in (3, 4, 5)])
    assert pixels(requests.get(tile_url(server, service, (5, 17, 11)), timeout=30)).shape == (512, 512, 4)
    server.delete(f"/services/{service}")


def test_a_service_that_is_none_of_wmts(server, wmts):
    xyz = make(server, configuration=CONFIGURATION)
    for service, message in ((xyz, "is of the type XYZ, and not WMTS"), ("s-0", "does not exist")):
        answer = requests.get(f"{server.url}/wmts/{service}?service=WMTS&request=GetCapabilities", timeout=10)
        assert answer.status_code == 404
        assert message in ElementTree.fromstring(answer.content)[0][0].text
    server.delete(f"/services/{xyz}")
