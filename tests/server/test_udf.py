"""Code of the user over HTTP: where it runs, what it is told of, and where it does not."""

from __future__ import annotations

import json

CODE = """
def apply_datacube(cube, context):
    print("shape", cube.shape)
    return cube * context["factor"]
"""


def test_a_synchronous_request_and_a_job_run_code(server, graphs):
    runtimes = server.get("/udf_runtimes").json()
    python = runtimes["Python"]
    assert "numpy" in python["versions"][python["default"]]["libraries"]
    arguments = {"data": [1, 2.5], "udf": CODE, "runtime": "Python", "version": python["default"]}
    process = graphs.graph(udf=graphs.node("run_udf", **arguments, context={"factor": 2}))
    assert server.post("/result", {"process": process}).json() == [2, 5]
    job = server.start(process, log_level="debug")
    server.wait(job, "finished")
    logs = server.get(f"/jobs/{job}/logs").json()["logs"]
    assert "UDF: shape (2,)" in [entry["message"] for entry in logs]
    faulty = graphs.graph(udf=graphs.node("run_udf", **arguments, context={}))
    answer = server.post("/result", {"process": faulty})
    assert (answer.status_code, answer.json()["code"]) == (400, "UdfFailed")
    assert "KeyError: 'factor' (line 4, in apply_datacube" in answer.json()["message"]
    assert json.loads(server.post("/validation", faulty).text)["errors"][0]["code"] == "UdfFailed"
