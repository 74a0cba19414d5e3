"""The command `jupyter gdc`."""

from __future__ import annotations

from gdc_server.app import GdcApp, main

from gdc_jupyter.settings import MapSettings, map_settings


def test_commands_are_not_servers(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GDC_DATA_DIR", str(tmp_path))
    assert main(["list"]) == 0
    assert "S2_ALPS" in capsys.readouterr().out
    assert main(["remove", "NOT_THERE"]) == 1
    assert "NOT_THERE" in capsys.readouterr().err


def test_everything_else_is_the_server(monkeypatch):
    launched = []
    monkeypatch.setattr(GdcApp, "launch_instance", launched.append)
    options = ["--ServerApp.port=8899", "--IdentityProvider.token=secret", "--no-browser"]
    assert main(options) == 0
    assert launched == [options]


def test_the_data_folder_is_that_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("GDC_DATA_DIR", str(tmp_path))
    assert GdcApp().data_dir == str(tmp_path)


def test_how_maps_look_is_passed_on_to_kernels(monkeypatch):
    for name in ("GDC_MAP_TILES", "GDC_MAP_ATTRIBUTION", "GDC_MAP_HOME"):
        monkeypatch.setenv(name, "before")
    GdcApp(map_tiles="https://tiles.example.org/{z}/{x}/{y}.png", map_home="Alps").configure_maps()
    assert map_settings() == MapSettings("https://tiles.example.org/{z}/{x}/{y}.png", "before", "Alps")
