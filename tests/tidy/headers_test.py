"""The check of headers can fail: one that leans on another's includes, or warns, is found; a change is seen again."""

import os
import tempfile
import unittest

import headers

COMMAND = [os.environ.get("CXX", "g++"), "-std=c++20", "-Wall", "-Wconversion", "-Werror", "-I."]
SOUND = "#pragma once\n#include <cstdint>\ninline std::uint8_t f() { return 1; }\n"
LEANS = "#pragma once\ninline std::uint8_t g() { return 1; }\n"
WARNS = "#pragma once\ninline char h(int a) { return a; }\n"


class Headers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        os.makedirs(os.path.join(self.root, "build"))

    def write(self, file, text):
        with open(os.path.join(self.root, file), "w", encoding="utf-8") as opened:
            opened.write(text)

    def check(self):
        faults, count, compiled = headers.check(self.root, os.path.join(self.root, "build"), COMMAND)
        return {fault.split(":")[0] for fault in faults}, count, compiled

    def test_finds_what_leans_and_what_warns_and_nothing_else(self):
        self.write("sound.hpp", SOUND)
        self.write("leans.hpp", LEANS)
        self.write("warns.hpp", WARNS)
        self.assertEqual(self.check(), ({"leans.hpp", "warns.hpp"}, 3, 3))

    def test_leaves_to_the_build_only_what_comes_first_in_its_own_source(self):
        self.write("leans.hpp", LEANS)
        self.write("leans.cpp", '// What it is.\n#include "leans.hpp"\n\n#include <cstdint>\n')
        self.assertEqual(self.check(), (set(), 1, 0))
        self.write("leans.cpp", '#include <cstdint>\n#include "leans.hpp"\n')
        self.assertEqual(self.check(), ({"leans.hpp"}, 1, 1))

    def test_compiles_again_what_has_changed_below_it(self):
        self.write("sound.hpp", SOUND)
        self.write("upper.hpp", '#pragma once\n#include "sound.hpp"\ninline auto u() { return f(); }\n')
        self.assertEqual(self.check(), (set(), 2, 2))
        self.assertEqual(self.check(), (set(), 2, 0))
        self.write("sound.hpp", SOUND.replace("f()", "g()"))
        self.assertEqual(self.check(), ({"upper.hpp"}, 2, 2))
        self.assertEqual(self.check(), ({"upper.hpp"}, 2, 1))


if __name__ == "__main__":
    unittest.main()
