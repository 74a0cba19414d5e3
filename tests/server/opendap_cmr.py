"""A stand-in for CMR's search application, as a process: ``python opendap_cmr.py PORT CATALOGUE LOG``.

It answers in CMR's forms from a catalogue file: collections as JSON, granules by form in pages with
``CMR-Search-After``, variables and services as UMM-JSON. The token ``wrong`` is refused, and the first two requests for
the collection ``C-BUSY`` are answered with 503. Each request is appended to the log as a JSON line; of those for the
collection ``C1-X`` and its granules it tells whether the other one came before this one was answered.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

CATALOGUE = json.loads(Path(sys.argv[2]).read_text())
BUSY = {"left": 2}
ASKED = {"collections": threading.Event(), "granules": threading.Event()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.respond("")

    def do_POST(self):
        self.respond(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def respond(self, body):
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query) | parse_qs(body)
        with Path(sys.argv[3]).open("a") as log:
            line = {"path": parts.path, "body": body, "headers": dict(self.headers)}
            line["together"] = "C1-X" in parts.query + body and self.together(parts.path.rsplit("/", 1)[1])
            log.write(json.dumps(line) + "\n")
        if self.headers.get("Echo-Token") == "wrong":
            return self.send(401, {"errors": ["Token does not exist"]})
        return getattr(self, parts.path.rsplit("/", 1)[1])(asked)

    def together(self, what):
        if what in ASKED:
            ASKED[what].set()
        return all(event.wait(5) for event in ASKED.values())

    def collections(self, asked):
        (concept_id,) = asked["concept_id"]
        if concept_id == "C-BUSY" and BUSY["left"]:
            BUSY["left"] -= 1
            return self.send(503, {"errors": ["Busy"]})
        found = [each for each in CATALOGUE["collections"] if each["id"] == concept_id]
        return self.send(200, {"feed": {"entry": found}})

    def granules(self, asked):
        found = [
            each for each in CATALOGUE["granules"] if each["collection_concept_id"] in asked["collection_concept_id"]
        ]
        if chosen := asked.get("concept_id[]"):
            found = [each for each in found if each["id"] in chosen]
        if box := asked.get("bounding_box"):
            west = float(box[0].split(",")[0])
            if west < -180:
                return self.send(400, {"errors": [f"West must be within [-180.0] and [180.0] but was [{west}]."]})
        start, size = int(self.headers.get("CMR-Search-After", 0)), min(int(asked.get("page_size", ["10"])[0]), 3)
        page = found[start : start + size]
        headers = {"CMR-Hits": str(len(found))}
        if page:
            headers["CMR-Search-After"] = str(start + size)
        return self.send(200, {"feed": {"entry": page}}, headers)

    def variables(self, asked):
        found = [each for each in CATALOGUE["variables"] if each["meta"]["concept-id"] in asked["concept_id[]"]]
        return self.send(200, {"items": found})

    def services(self, asked):
        return self.send(200, {"items": []})

    def send(self, status, document, headers=None):
        text = json.dumps(document).encode()
        self.send_response(status)
        for name, value in (
            {"Content-Type": "application/json", "Content-Length": str(len(text))} | (headers or {})
        ).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
