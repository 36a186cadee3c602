"""Purity can fail: planted folds that tell the time, draw, read the surroundings or remember are each caught."""

import os
import subprocess
import sys
import tempfile
import unittest

import purity

CXX = os.environ.get("CXX", "g++")
CLEAN = """
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>
namespace language { int known(int); }
constexpr std::string_view names[] = {"a", "b"};
struct Shape { virtual ~Shape() = default; virtual int area() const { return 1; } };
int fold(std::map<std::string, int>& table, const Shape& shape, __int128 big) {
  table["a"] += language::known(static_cast<int>(big / table.size())) + shape.area();
  std::vector<std::string> words(table.size());
  if (words.at(0) == names[table.size() % 2]) throw std::length_error("long");
  return static_cast<int>(words.size());
}
"""
# What each fold does beside folding, and what must be named.
PLANTED = {
    "time": ("#include <ctime>\nlong f() { return time(nullptr); }", "needs time"),
    "steady clock": ("#include <chrono>\nauto f() { return std::chrono::steady_clock::now(); }", "steady_clock::now"),
    "rand": ("#include <cstdlib>\nint f() { return rand(); }", "needs rand"),
    "random device": ("#include <random>\nunsigned f() { return std::random_device()(); }", "random_device"),
    "getenv": ("#include <cstdlib>\nconst char* f() { return getenv(\"A\"); }", "needs getenv"),
    "file": ("#include <cstdio>\nvoid f() { fopen(\"a\", \"r\"); }", "needs fopen"),
    "hash table": ("#include <unordered_set>\nbool f(std::unordered_set<int>& s, int i) { return s.insert(i).second; }",
                   "_Prime_rehash_policy"),
    "sine": ("#include <cmath>\ndouble f(double a) { return std::sin(a); }", "needs sin"),
    "counter": ("int f() { static int counter; return ++counter; }", "counter"),
    "global": ("int total = 7;\nint f() { return ++total; }", "total can be written"),
    "thread local": ("thread_local int mine;\nint f() { return ++mine; }", "mine"),
    "late constant": ("#include <string>\nconst std::string late = std::string(99, 'a');\nauto f() { return late; }", "late"),
    "unknown function": ("namespace virtscale { int adapter(); }\nint f() { return virtscale::adapter(); }", "adapter()"),
}


class Purity(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def archive(self, name, source):
        path = os.path.join(self.folder.name, name)
        with open(path + ".cpp", "w", encoding="utf-8") as file:
            file.write(source + "\n")
        subprocess.run([CXX, "-std=c++20", "-O1", "-w", "-c", path + ".cpp", "-o", path + ".o"], check=True)
        subprocess.run(["ar", "rc", path + ".a", path + ".o"], check=True)
        return path + ".a"

    def language(self):
        return self.archive("language", "namespace language { int known(int a) { return a; } }")

    def test_lets_a_clean_fold_pass(self):
        self.assertEqual(purity.check([self.language()], [self.archive("clean", CLEAN)]), [])

    def test_needs_the_language_for_what_is_the_languages(self):
        self.assertIn("language::known(int)", "\n".join(purity.check([], [self.archive("clean", CLEAN)])))

    def test_catches_each_planted_fold(self):
        for name, (source, named) in PLANTED.items():
            with self.subTest(name):
                self.assertIn(named, "\n".join(purity.check([], [self.archive("planted", source)])))

    def test_catches_what_is_planted_in_the_language(self):
        language = self.archive("language", "#include <ctime>\nnamespace language { long known(int) { return time(nullptr); } }")
        self.assertIn("needs time", "\n".join(purity.check([language], [self.archive("clean", CLEAN)])))

    def test_fails_on_an_archive_that_holds_nothing(self):
        self.assertTrue(purity.check([], [self.archive("empty", "")]))

    def test_ends_in_1_for_a_fault(self):
        archive = self.archive("planted", PLANTED["time"][0])
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "purity.py")
        ended = subprocess.run([sys.executable, script, "--folds", archive], stdout=subprocess.DEVNULL, check=False)
        self.assertEqual(ended.returncode, 1)

    def test_a_fold_that_needs_a_vendor_does_not_link_alone(self):
        """The flags of the link test in CMakeLists.txt, on a clean fold and on one that calls RocksDB."""
        main = self.archive("main", "int main() {}")[:-2] + ".o"
        for source, links in ((CLEAN, True), ("namespace rocksdb { int open(); }\nint f() { return rocksdb::open(); }", False)):
            fold = self.archive("fold", source)
            ended = subprocess.run([CXX, main, "-Wl,--whole-archive", fold, "-Wl,--no-whole-archive", self.language(), "-o",
                                    os.path.join(self.folder.name, "alone")], stderr=subprocess.DEVNULL, check=False)
            self.assertEqual(ended.returncode == 0, links)


if __name__ == "__main__":
    unittest.main()
