"""The command `jupyter gdc`."""

from __future__ import annotations

from gdc_server.app import GdcApp, main


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
