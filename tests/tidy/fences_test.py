"""The fences and the shape checks can fail: each planted violation is found, at its place, and its clean twin is not."""

import os
import tempfile
import unittest

import fences
import shape
from tree import Tree

READMES = {name: "What it is.\n" for name in ("README.md", "stages/README.md", "stages/policy/README.md",
                                              "topology/README.md", "schemas/README.md", "replay/README.md")}


def faults(check, files):
    """What `check` finds in a tree of these files: (file, line) pairs."""
    with tempfile.TemporaryDirectory() as root:
        for file, text in (READMES | files).items():
            path = os.path.join(root, file)
            os.makedirs(os.path.dirname(path) or root, exist_ok=True)
            with open(path, "w", encoding="utf-8") as opened:
                opened.write(text)
        return {(fault.file, fault.line) for fault in check(Tree(root))}


# (file, an include that its row of the table refuses)
FORBIDDEN = [
    ("topology/contract/event.hpp", "<chrono>"),
    ("topology/contract/event.hpp", "<unordered_map>"),
    ("topology/contract/event.hpp", "<flatbuffers/flatbuffers.h>"),
    ("topology/contract/event.hpp", '"schemas/codec.hpp"'),
    ("topology/contract/event.cpp", '"topology/ports/log.hpp"'),
    ("schemas/codec.hpp", '"topology/contract/event.hpp"'),
    ("schemas/codec.hpp", "<boost/json.hpp>"),
    ("stages/policy/fold.hpp", '"topology/ports/log.hpp"'),
    ("stages/policy/fold.hpp", '"topology/host/attempts.hpp"'),
    ("stages/policy/fold.cpp", '"topology/adapters/smtp/smtp.hpp"'),
    ("stages/policy/fold_requests.cpp", "<rocksdb/db.h>"),
    ("stages/policy/fold.cpp", "<chrono>"),
    ("stages/policy/fold.cpp", "<random>"),
    ("stages/policy/fold.cpp", "<thread>"),
    ("stages/policy/fold.cpp", "<fstream>"),
    ("stages/policy/fold.cpp", "<cstdlib>"),
    ("stages/policy/fold.cpp", "<unistd.h>"),
    ("stages/policy/state.hpp", "<unordered_map>"),
    ("stages/policy/invariants.cpp", "<cmath>"),
    ("stages/policy/events.hpp", '"stages/signal/events.hpp"'),
    ("stages/policy/fold.cpp", '"stages/policy/effects.hpp"'),
    ("stages/policy/fold.cpp", '"stages/policy/edges/documents.hpp"'),
    ("topology/ports/log.hpp", "<boost/asio.hpp>"),
    ("topology/ports/log.hpp", '"topology/host/host.hpp"'),
    ("topology/ports/log.hpp", '"stages/policy/fold.hpp"'),
    ("topology/graph.hpp", '"stages/policy/fold.hpp"'),
    ("topology/host/host.cpp", '"topology/adapters/segment/segment.hpp"'),
    ("topology/host/host.cpp", '"stages/policy/fold.hpp"'),
    ("topology/host/host.cpp", "<boost/asio.hpp>"),
    ("topology/adapters/smtp/smtp.cpp", '"topology/adapters/http/http.hpp"'),
    ("topology/adapters/smtp/smtp.cpp", '"topology/host/host.hpp"'),
    ("topology/adapters/smtp/smtp.cpp", '"stages/policy/events.hpp"'),
    ("topology/adapters/smtp/smtp.cpp", "<rocksdb/db.h>"),
    ("topology/adapters/smtp/smtp.hpp", "<curl/curl.h>"),
    ("topology/adapters/nobody/new.cpp", "<nobody/new.h>"),
    ("stages/policy/effects.cpp", '"stages/signal/events.hpp"'),
    ("stages/policy/edges.cpp", '"stages/signal/edges.hpp"'),
    ("stages/policy/main.cpp", '"stages/signal/fold.hpp"'),
    ("stages/policy/main.cpp", '"compose/settings/settings.hpp"'),
    ("stages/policy/edges.cpp", "<curl/curl.h>"),
    ("replay/verify.cpp", '"stages/policy/effects.hpp"'),
    ("replay/verify.cpp", '"topology/adapters/smtp/smtp.hpp"'),
    ("replay/verify.cpp", "<rocksdb/db.h>"),
    ("compose/settings/settings.hpp", "<yaml-cpp/yaml.h>"),
]
ALLOWED = [
    ("topology/contract/event.hpp", "<string>"),
    ("schemas/codec.hpp", "<flatbuffers/flatbuffers.h>"),
    ("stages/policy/fold.cpp", '"schemas/codec.hpp"'),
    ("stages/policy/fold.cpp", '"stages/policy/state.hpp"'),
    ("stages/policy/fold.cpp", '"topology/contract/stage.hpp"'),
    ("topology/ports/log.hpp", '"topology/contract/event.hpp"'),
    ("topology/host/host.cpp", '"schemas/codec.hpp"'),
    ("topology/host/host.cpp", '"topology/graph.hpp"'),
    ("topology/adapters/smtp/smtp.cpp", "<curl/curl.h>"),
    ("stages/policy/effects.cpp", '"topology/host/attempts.hpp"'),
    ("replay/verify.cpp", '"stages/policy/fold.hpp"'),
    ("replay/verify.cpp", '"topology/adapters/segment/segment.hpp"'),
    ("compose/up/up.cpp", '"stages/policy/effects.hpp"'),
]
ENTRY = {"stages/policy/fold.hpp": "#pragma once\n"}


class Fences(unittest.TestCase):
    def test_find_each_planted_include(self):
        for file, name in FORBIDDEN:
            with self.subTest(file=file, name=name):
                found = faults(fences.check, ENTRY | {file: f"// What it is.\n\n#include {name}\n"})
                self.assertEqual(found, {(file, 3)})

    def test_let_what_is_allowed_pass(self):
        for file, name in ALLOWED:
            with self.subTest(file=file, name=name):
                self.assertEqual(faults(fences.check, ENTRY | {file: f"#include {name}\n"}), set())

    def test_follow_a_fold_into_files_of_other_names(self):
        files = {"stages/policy/fold.cpp": '#include "stages/policy/gate.hpp"\n',
                 "stages/policy/gate.hpp": "#include <string>\n", "stages/policy/gate.cpp": "#include <random>\n"}
        self.assertEqual(faults(fences.check, files), {("stages/policy/gate.cpp", 1)})

    def test_leave_a_file_that_only_the_shell_uses_its_clock(self):
        files = {"stages/policy/effects.cpp": '#include "stages/policy/pace.hpp"\n',
                 "stages/policy/pace.hpp": "#include <chrono>\n"}
        self.assertEqual(faults(fences.check, files), set())

    def test_see_an_include_in_any_spelling(self):
        for text in ("#  include <random>\n", "\t#include\t<random>\n", "#include<random>\n", "#include /* so */ <random>\n",
                     "#include HIDDEN\n"):
            with self.subTest(text=text):
                self.assertEqual(faults(fences.check, {"topology/contract/event.hpp": text}),
                                 {("topology/contract/event.hpp", 1)})

    def test_do_not_see_an_include_in_a_comment(self):
        text = "/*\n#include <random>\n*/\n// #include <random>\n"
        self.assertEqual(faults(fences.check, {"topology/contract/event.hpp": text}), set())


def cpp(lines):
    return "namespace a {\nint f(int b = 1) {\n" + "  g();\n" * (lines - 2) + "}\n}  // namespace a\n"


class Shape(unittest.TestCase):
    def found(self, files):
        return {file for file, _ in faults(shape.check, files)}

    def test_a_clean_tree_has_no_fault(self):
        self.assertEqual(self.found({"replay/a.cpp": cpp(70), "replay/b.py": "def f():\n" + "    g()\n" * 69}), set())

    def test_finds_a_function_that_is_too_long(self):
        member = "struct A {\n  A() : a_{1}, b_(2) {\n" + "    g();\n" * 70 + "  }\n};\n"
        for text in (cpp(71), member, "TEST(A, B) {\n" + "  if (a) {\n  }\n" * 40 + "}\n"):
            with self.subTest(text=text[:40]):
                self.assertEqual(self.found({"replay/a.cpp": text}), {"replay/a.cpp"})
        self.assertEqual(self.found({"replay/a.py": "def f():\n" + "    g()\n" * 70}), {"replay/a.py"})

    def test_takes_a_long_table_for_no_function(self):
        text = "constexpr std::array table = {\n" + "  row(1, '{', \"}\"),\n" * 90 + "};\nclass A {\n" + "  int a(int);\n" * 90 + "};\n"
        self.assertEqual(self.found({"replay/a.hpp": text}), set())

    def test_finds_a_file_that_is_too_long(self):
        self.assertEqual(self.found({"replay/a.cpp": "int a;\n" * 501}), {"replay/a.cpp"})

    def test_finds_a_folder_that_is_too_full(self):
        pairs = {f"replay/a{n}.{end}": "" for n in range(shape.FOLDER_NOUNS_MAX - 1) for end in ("hpp", "cpp")}
        self.assertEqual(self.found(pairs), set())
        self.assertEqual(self.found(pairs | {"replay/b.cpp": ""}), {"replay"})

    def test_finds_notes_for_later_and_paths_of_a_machine(self):
        for text in ("// TO" "DO: all of it", "// FIX" "ME", "see /wo" "rk/notes", "in /tm" "p/b-mine/bin"):
            with self.subTest(text=text):
                self.assertEqual(self.found({"replay/a.cpp": text + "\n"}), {"replay/a.cpp"})

    def test_finds_folders_that_name_nothing(self):
        for folder in ("src", "replay/common", "replay/utils", "stages/policy/scripts"):
            with self.subTest(folder=folder):
                self.assertIn(folder + "/a.cpp", self.found({folder + "/a.cpp": ""}))

    def test_finds_a_folder_without_a_readme(self):
        self.assertEqual(self.found({"compose/a.cpp": ""}), {"compose"})
        self.assertEqual(self.found({"stages/audit/fold.cpp": ""}), {"stages/audit"})


if __name__ == "__main__":
    unittest.main()
