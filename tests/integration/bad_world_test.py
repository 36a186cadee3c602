"""Disks, directories, files and documents that are not as they should be: each is told, and nothing is lost."""

import http.client
import os
import sys
import unittest

from processes import run
from world import World, cell, contract, documents, main, service, wait_until


def a_world(test, *, lines=3, **options):
    """A running world whose org `acme` may have two domains, and has so many lines already."""
    world = test.enterContext(World(**options)).start()
    world.apply(documents(cell(), contract("acme", 2), service("acme")))
    for _ in range(lines):
        world.scale("acme", +1)
    world.wait_settled(["acme"], lines)
    return world


class Disk(unittest.TestCase):
    """A small file system of its own."""

    def mount(self, world, size):
        world.data.mkdir()
        status, _, err = run(["mount", "-t", "tmpfs", "-o", f"size={size}", "virtscale-test", world.data])
        if status != 0:
            self.skipTest(f"this user may not mount a small file system: {err.strip()}")
        self.addCleanup(run, ["umount", "--lazy", world.data])

    def ask_until_it_fails(self, world):
        """The events that were acknowledged, and the answer that was none, or None if there was not even that."""
        events = []
        while True:
            try:
                answer = world.scale("acme", +1)
            except (OSError, http.client.HTTPException):
                return events, None
            if answer.status not in (202, 429):
                return events, answer
            events.append(answer.json["event"])

    def test_that_is_full_stops_virtscale_with_a_reason_and_loses_nothing(self):
        world = self.enterContext(World(settings="log: {segment_size: 1MiB}\n"))
        self.mount(world, "24M")
        world.start()
        world.apply(documents(cell(), contract("acme", 1), service("acme")))
        ballast = world.data / "ballast"
        room = os.statvfs(world.data)
        ballast.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - (300 << 10))))
        events, answer = self.ask_until_it_fails(world)
        if answer is not None:
            self.assertEqual(answer.status, 503, answer)
        status = world.process.wait(25)
        print(f"{len(events)} requests acknowledged before the disk was full; then {answer}")
        self.assertEqual(status, 1)
        self.assertIn("No space left on device", world.output())
        self.assertIn(str(world.data), world.output())
        ballast.unlink()
        world.start()
        world.wait_settled(["acme"], len(events))
        self.assertLessEqual(set(events), {line["event"] for line in world.lines("acme")})
        world.verify_ledger("acme")


class Directory(unittest.TestCase):
    def test_that_cannot_be_written_is_named(self):
        # Root may write anywhere, unless it has given that up.
        root = ["/usr/bin/setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
        world = self.enterContext(World(wrapper=root))
        world.data.mkdir(mode=0o555)
        status, said = world.run_to_end()
        self.assertEqual(status, 1)
        self.assertIn(str(world.data), said)
        self.assertIn("Permission denied", said)

    def test_is_one_virtscales_at_a_time(self):
        world = a_world(self)
        first, world.process = world.process, None
        status, said = world.run_to_end()
        world.process = first
        self.assertEqual(status, 1)
        self.assertIn(str(world.data), said)
        self.assertIn(str(first.pid), said)
        self.assertEqual(world.scale("acme", -1).status, 202)


class Log(unittest.TestCase):
    def setUp(self):
        self.world = a_world(self)
        self.assertEqual(self.world.stop()[0], 0)
        logs = sorted((self.world.data / "log").iterdir())
        self.segment = max(logs, key=lambda file: file.stat().st_size)
        self.content = self.segment.read_bytes()
        self.end = len(self.content.rstrip(b"\0"))

    def assert_refused(self, damaged):
        """It does not start, says which file, changes nothing; with the right bytes back it goes on."""
        self.segment.write_bytes(damaged)
        status, said = self.world.run_to_end()
        print(said.strip())
        self.assertEqual(status, 1)
        self.assertIn(str(self.segment), said)
        self.assertEqual(self.segment.read_bytes(), damaged)
        self.segment.write_bytes(self.content)
        self.assert_whole()

    def assert_whole(self):
        self.world.start()
        self.assertEqual(len(self.world.lines("acme")), 3)
        self.assertEqual(self.world.scale("acme", -1).status, 202)
        self.world.wait_settled(["acme"], 4)
        self.world.verify_ledger("acme")

    def test_with_a_segment_cut_in_the_middle_is_not_opened(self):
        self.assert_refused(self.content[:self.end // 2])

    def test_with_a_flipped_bit_is_not_opened(self):
        damaged = bytearray(self.content)
        damaged[self.end // 2] ^= 0x10
        self.assert_refused(bytes(damaged))

    def test_with_a_torn_tail_is_cut_and_goes_on(self):
        with self.segment.open("r+b") as file:
            file.seek(self.end + 8 - self.end % 8)
            file.write(os.urandom(500))
        self.assert_whole()
        self.assertIn("torn tail", self.world.output())


class Cell(unittest.TestCase):
    def test_without_nodes_keeps_scales_waiting_and_then_fails_them(self):
        world = self.enterContext(World()).start()
        world.apply(documents("kind: Cell\nname: local\nnodes: []\n", "kind: Cell\nname: later\nnodes: []\n",
                              contract("acme", 5), service("acme"), service("acme", "patient", cell="later")))
        hopeless, patient = world.scale("acme", 1).json["event"], world.scale("acme", 1, "patient").json["event"]
        self.assertEqual(world.domain_processes(), {})
        world.apply(cell().replace("name: local", "name: later"))
        world.wait_settled(["acme"], 1)
        self.assertEqual([(line["event"], line["decision"]) for line in world.lines("acme")], [(patient, "admitted")])
        wait_until("the hopeless one has failed", lambda: len(world.lines("acme")) == 2, 60)
        line = world.lines("acme")[1]
        self.assertEqual((line["event"], line["decision"]), (hopeless, "failed"))
        self.assertIn("no capacity in cell local", line["reason"])
        self.assertEqual(world.replicas("acme")["web"]["now"], 0)


class Contract(unittest.TestCase):
    def test_that_shrinks_below_what_is_used_kills_nothing_and_admits_no_growth(self):
        world = self.enterContext(World()).start()
        world.apply(documents(cell(), contract("acme", 5), service("acme", least=4)))
        world.wait_settled(["acme"], 1)
        running = world.domain_processes()
        world.apply(contract("acme", 2, version=2))
        answer = world.scale("acme", +1)
        self.assertEqual(answer.status, 429)
        self.assertEqual((answer.json["contract_version"], answer.json["dimension"]), (2, "vcpu"))
        self.assertTrue(world.org("acme")["over_by_shrink"])
        world.wait_settled(["acme"], 2)
        told = world.must("explain", answer.json["event"])
        for word in ("vcpu", "5 of 2 vCPU", answer.json["remedy"]):
            self.assertIn(word, told)
        self.assertEqual(world.domain_processes(), running)

    def test_of_a_stale_version_is_refused(self):
        world = self.enterContext(World()).start()
        world.apply(contract("acme", 5, version=3))
        answer = world.ask("PUT", "/v1/documents", contract("acme", 9, version=2))
        self.assertEqual(answer.status, 409, answer)
        status, _, err = world.command("apply", "-f", str(world.write("stale.yml", contract("acme", 9, version=2))))
        self.assertEqual(status, 1)
        self.assertIn("stale.yml", err)
        self.assertIn("version", err)
        self.assertEqual(world.org("acme")["contract"]["version"], 3)


if __name__ == "__main__":
    sys.exit(main())
