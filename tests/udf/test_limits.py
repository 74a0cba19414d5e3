"""What code of the user may use: time, memory, secrets, a place to work; and that nothing of it stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.settings import Permissions
from gdc_jupyter.udf import runtime
from gdc_jupyter.udf.runtime import Runtime

RETURN = "\ndef apply_datacube(cube, context):\n"


def call(body, data=1.0, context=None, log=lambda level, message: None, **limits):
    """Run one function in a process of its own and return what comes back."""
    code = Runtime(Permissions(**limits), log)
    try:
        result = code.run(RETURN + "".join(f"    {line}\n" for line in body.splitlines()), data, context or {})
    finally:
        code.close()
    return result


def failure(body, **more):
    with pytest.raises(GdcError) as caught:
        call(body, **more)
    assert caught.value.code == "UdfFailed"
    return caught.value.message


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def soon(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def noted_pids(path, count):
    assert soon(lambda: path.exists() and len(path.read_text().split()) == count, 30)
    return [int(word) for word in path.read_text().split()]


@pytest.mark.parametrize("wait", ["while True: pass", "import time; time.sleep(100)"])
def test_time_of_the_clock(tmp_path, wait):
    note = tmp_path / "pids"
    body = f"""
import os, subprocess, sys
child = subprocess.Popen(["sleep", "100"])
open({str(note)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
{wait}"""
    call("return cube")  # The host is warm.
    started = time.monotonic()
    message = failure(body, udf_seconds=0.6)
    assert "longer than the 0.6 s" in message
    assert "udf_seconds" in message
    assert time.monotonic() - started < 3
    assert all(soon(lambda pid=pid: is_gone(pid)) for pid in noted_pids(note, 2))


def test_time_of_the_processor(monkeypatch):
    # The clock alone would not stop several threads or processes at work.
    monkeypatch.setattr(runtime.Worker, "ask", lambda self, request, seconds, largest: ask(self, request, 60, largest))
    message = failure("while True: pass", udf_seconds=0.2)
    assert "processor time" in message


ask = runtime.Worker.ask


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit")
def test_memory():
    small = 100 << 20
    message = failure("return cube + float(np.ones(10**9)[5])", udf_memory=small)
    assert "more than the 100 MiB" in message
    assert "udf_memory" in message
    # What is allowed is what the code uses, without what the process has from its start.
    assert call("return float(np.ones(80 << 17).sum()) * cube", udf_memory=small) == 80 << 17


def test_a_result_may_not_be_larger_than_the_memory():
    assert "UDF" in failure("return xarray.DataArray(np.broadcast_to(1.0, (4, 10**7)))", udf_memory=100 << 20)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import os; os._exit(3)", "ended its process with code 3"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("return input()", "EOFError"),
        ("return lambda: 1", "type function cannot be passed on"),
        ("import os; [os.close(n) for n in range(3, 50)]", "process"),
    ],
)
def test_ends_that_are_no_results(body, words):
    assert words in failure(body)


def test_a_process_serves_block_after_block_and_another_takes_the_place_of_a_lost_one():
    code = Runtime(Permissions(udf_seconds=20), lambda level, message: None)
    source = RETURN + "    import os\n    return os._exit(1) if context['die'] else cube * 0 + os.getpid()\n"
    try:
        first = code.run(source, np.float64(1), {"die": False})
        assert code.run(source, np.float64(1), {"die": False}) == first
        with pytest.raises(GdcError):
            code.run(source, np.float64(1), {"die": True})
        assert code.run(source, np.float64(1), {"die": False}) not in (first, os.getpid())
    finally:
        code.close()
    assert is_gone(int(first))


def test_the_working_directory_is_its_own_and_goes_with_the_run(tmp_path):
    body = "import os\nopen('made', 'w').write('x')\nreturn np.array([os.getcwd()], dtype=object)"
    (folder,) = call(f"{body}", scratch=tmp_path)
    assert Path(folder).parents[1] == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_floods_of_output_are_cut():
    log = []
    call("print('line\\n' * 50_000)\nreturn cube", log=lambda level, message: log.append((level, message)))
    assert len(log) == 101
    assert log[-1][0] == "warning"


def test_secrets_are_not_in_the_environment(monkeypatch):
    secrets = ("JUPYTER_TOKEN", "JPY_API_TOKEN", "AWS_SECRET_ACCESS_KEY", "MY_PASSWORD", "GITHUB_TOKEN")
    for name in secrets:
        monkeypatch.setenv(name, "hush-hush")
    monkeypatch.setenv("HARMLESS", "yes")
    fresh = runtime.Host()
    monkeypatch.setattr(runtime, "_host", fresh)
    try:
        seen = call(
            "import os\n"
            "return np.array([open('/proc/self/environ').read(), repr(dict(os.environ)), "
            "open(f'/proc/{os.getppid()}/environ').read()], dtype=object)"
        )
    finally:
        fresh.close()
    assert "hush-hush" not in "".join(seen)
    assert "HARMLESS" in seen[1]


def test_when_the_job_dies_its_code_dies(tmp_path):
    note = tmp_path / "pids"
    program = f"""
from gdc_jupyter.settings import Permissions
from gdc_jupyter.udf.runtime import Runtime
Runtime(Permissions(), print).run('''
def apply_datacube(cube, context):
    import os, signal, subprocess
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(["sleep", "100"])
    open({str(note)!r}, "w").write(f"{{os.getpid()}} {{os.getppid()}} {{child.pid}}")
    while True: pass
''', 1, {{}})
"""
    with subprocess.Popen([sys.executable, "-c", program]) as job:
        pids = noted_pids(note, 3)
        job.send_signal(signal.SIGKILL)
    assert all(soon(lambda pid=pid: is_gone(pid)) for pid in pids)
