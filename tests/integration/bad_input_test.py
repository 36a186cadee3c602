"""What the internet may send: each gets an answer that says what is wrong, and leaves no trace but that."""

import json
import socket
import sys
import unittest

from world import OPERATOR, World, cell, contract, documents, main, service, token_of

SCALE = "/v1/orgs/acme/services/web/scale"
ALERTS = "/v1/orgs/acme/alerts"
BODY_BYTES_MAX = 1 << 20


def alert(**changes):
    return {"status": "firing", "labels": {"alertname": "busy", "service": "web"}, "annotations": {},
            "startsAt": "2026-04-21T07:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "f1", **changes}


def webhook(*alerts):
    return {"version": "4", "status": "firing", "alerts": list(alerts)}


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = cls.enterClassContext(World(["acme", "other"])).start()
        cls.world.apply(documents(cell(), contract("acme", 5), service("acme"), contract("other", 5)))

    def tearDown(self):
        """Whatever came: it is up, it has decided nothing, and no record of it was unreadable to a stage."""
        self.assertIsNone(self.world.process.poll())
        self.assertEqual(self.world.ask("GET", "/readyz").status, 200)
        self.assertEqual(self.world.ask("GET", "/v1/deadletters").json["deadletters"], [])
        self.assertEqual(self.world.replicas("acme")["web"]["now"], 0)

    def assert_problem(self, answer, *statuses):
        self.assertIn(answer.status, statuses, answer)
        self.assertEqual(answer.headers.get_content_type(), "application/problem+json", answer)
        self.assertGreater(len(answer.json["detail"]), 10, answer)

    def send(self, data, end=socket.SHUT_WR):
        """Bytes as they are over a connection that then is closed for writing: the answer's status line, or b''."""
        with socket.create_connection(("127.0.0.1", self.world.port), timeout=40) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(end)
                return connection.recv(65536).split(b"\r\n")[0]
            except ConnectionError:
                return b""

    def request(self, length, body, path=ALERTS):
        head = (f"POST {path} HTTP/1.1\r\nHost: virtscale\r\nAuthorization: Bearer {token_of('acme')}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n")
        return head.encode() + body

    def test_who_may_not_is_told_so(self):
        ask = self.world.ask
        self.assert_problem(ask("POST", SCALE, {"change": 1}, token=None), 401)
        self.assert_problem(ask("POST", SCALE, {"change": 1}, token="nobody's"), 401)
        self.assert_problem(ask("POST", SCALE, {"change": 1}, token=token_of("other")), 403)
        self.assert_problem(ask("POST", ALERTS, webhook(alert()), token=token_of("other")), 403)
        self.assert_problem(ask("PUT", "/v1/documents", contract("acme", 500, 2), token=token_of("other")), 401, 403)
        self.assert_problem(ask("GET", "/v1/orgs/acme/ledger/checkpoint", token=token_of("other")), 403)
        self.assert_problem(ask("GET", "/v1/scales?org=acme", token=token_of("other")), 403)
        self.assert_problem(ask("GET", "/v1/status?org=acme", token=token_of("other")), 403)
        self.assert_problem(ask("GET", "/v1/stages", token=token_of("acme")), 403)

    def test_unknown_orgs_services_and_paths_are_told_so(self):
        ask = self.world.ask
        self.assert_problem(ask("POST", "/v1/orgs/nobody/services/web/scale", {"change": 1}, token=OPERATOR), 404)
        self.assert_problem(ask("POST", "/v1/orgs/acme/services/nothing/scale", {"change": 1}), 404)
        self.assert_problem(ask("GET", "/v1/scales/evt-000000000001"), 404)
        self.assert_problem(ask("GET", "/v1/nothing"), 404)
        self.assert_problem(ask("DELETE", SCALE), 405)

    def test_json_that_is_none(self):
        deep = "[" * 5000 + "]" * 5000
        for body in ("", "{", '{"change": 1', "nonsense", deep, '{"change":' + deep + "}", b'{"change": "\xff\xfe"}',
                     '{"change": 1} {"change": 1}', "\0"):
            for path in (SCALE, ALERTS):
                with self.subTest(body=body[:20], path=path):
                    self.assert_problem(self.world.ask("POST", path, body), 400)

    def test_wrong_types_and_amounts(self):
        for body in ([], 1, None, {}, {"change": "1"}, {"change": 1.5}, {"change": None}, {"change": {}},
                     {"change": 1, "replicas": 2}, {"changes": 1}, {"change": 10**30}, {"change": 2**63}):
            with self.subTest(body=body):
                self.assert_problem(self.world.ask("POST", SCALE, json.dumps(body)), 400)
        for body in ({"change": -1}, {"change": -2**31}, {"change": 2**31 - 1}, {"replicas": -1}, {"replicas": 10**9}):
            with self.subTest(body=body):
                self.assert_problem(self.world.ask("POST", SCALE, body), 400, 422)

    def test_alerts_that_are_none(self):
        for body in ({}, {"version": "3", "alerts": []}, {"version": "4"}, webhook(1), webhook({}),
                     webhook(alert(startsAt="yesterday")), webhook(alert(status="smouldering")),
                     webhook(alert(labels=[])), webhook(alert(fingerprint="")), webhook(alert(fingerprint=7)),
                     webhook(alert(labels={f"label{i}": "x" for i in range(30_000)}))):
            with self.subTest(body=str(body)[:60]):
                self.assert_problem(self.world.ask("POST", ALERTS, body), 400)

    def test_a_hundred_thousand_labels(self):
        body = json.dumps(webhook(alert(labels={f"{i}": "" for i in range(100_000)})))
        self.assertGreater(len(body), BODY_BYTES_MAX)
        self.assertIn(self.send(self.request(len(body), body.encode()))[:12], (b"HTTP/1.1 413", b""))

    def test_bodies_beyond_a_mebibyte(self):
        # Told before it has come; chunks do not say how many will follow.
        self.assertIn(b" 413 ", self.send(self.request(BODY_BYTES_MAX + 1, b""), socket.SHUT_WR))
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        head = self.request(0, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        self.assertIn(self.send(head + chunk * 17 + b"0\r\n\r\n")[:12], (b"HTTP/1.1 413", b""))

    def test_requests_that_break_off(self):
        body = json.dumps(webhook(alert())).encode()
        for sent in (0, 1, len(body) // 2, len(body) - 1):
            self.assertNotIn(b" 202 ", self.send(self.request(len(body), body[:sent])))
        for head in (b"", b"\r\n", b"POST", b"POST / HTTP/9.9\r\n\r\n", b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", bytes(range(256)) * 16,
                     self.request(-1, b"{}"), self.request("1e3", b"{}")):
            self.assertNotIn(b" 20", self.send(head))

    def test_documents_that_are_none(self):
        deep = "kind: Contract\norg: " + "[" * 5000 + "]" * 5000
        bomb = "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(50))
        for text in ("", "{", "kind: Nothing\n", deep, bomb, "kind: Contract\norg: acme\n", b"\xff\xfe\0",
                     contract("acme", -1, 2), contract("acme", 10**15, 2), service("acme", least=101)):
            with self.subTest(text=text[:40]):
                answer = self.world.ask("PUT", "/v1/documents", text)
                self.assert_problem(answer, 400)
                self.assertTrue(all(fault["line"] >= 1 for fault in answer.json.get("faults", [])), answer)


if __name__ == "__main__":
    sys.exit(main())
