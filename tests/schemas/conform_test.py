"""conform.py can fail: each planted break is found, and growth at the end is not one."""

import os
import tempfile
import unittest

import conform

RELEASED = """
namespace shop;
enum Colour : uint8 { red, green }
struct Place { row: int32; shelf: int32; }
table Apple { weight: int64; name: string (required); size: int32 = 3; }
table Pear { weight: int64; }
union Fruit { Apple, Pear }
table Basket { colour: Colour; place: Place; fruit: Fruit; }
root_type Basket;
"""

GROWTH = [
    ("", ""),
    ("size: int32 = 3;", "size: int32 = 3; ripe: bool;"),
    ("{ red, green }", "{ red, green, blue }"),
    ("{ Apple, Pear }", "{ Apple, Pear, Basket }"),
    ("table Pear", "table Plum { weight: int64; }\ntable Pear"),
]

# What changes, and a word of the fault.
BREAKS = [
    ("size: int32 = 3;", "", "Apple.size is gone"),
    ("weight: int64; name", "name", "Apple.weight is gone"),
    ("weight: int64; name", "mass: int64; name", "Apple.weight is gone"),
    ("weight: int64; name: string (required);", "name: string (required); weight: int64;", "has moved"),
    ("size: int32 = 3;", "ripe: bool; size: int32 = 3;", "has moved"),
    ("{ red, green }", "{ red }", "Colour.green is gone"),
    ("{ red, green }", "{ green, red }", "has moved"),
    ("{ Apple, Pear }", "{ Pear, Apple }", "has moved"),
    ("shelf: int32; }", "shelf: int32; box: int32; }", "a struct cannot grow"),
    ("size: int32 = 3;", "size: int32 = 3; seed: string (required);", "seed is required now"),
    ("table Pear { weight: int64; }", "table Pear { weight: int64; colour: string (required); }", "is required now"),
    ("name: string (required)", "name: string", "is not required any more"),
    ("fruit: Fruit; }", "}", "Basket.fruit is gone"),
    # These are flatc's.
    ("size: int32 = 3;", "size: int32 = 4;", "flatc"),
    ("size: int32 = 3;", "size: int16 = 3;", "flatc"),
    ("table Pear { weight: int64; }", "table Pear { weight: string; }", "flatc"),
    ("table Pear { weight: int64; }", "table Pear { weight: int64 }", "flatc"),
]


def faults(released, today):
    with tempfile.TemporaryDirectory() as root:
        for folder, files in (("released", released), ("today", today)):
            os.mkdir(os.path.join(root, folder))
            for name, text in files.items():
                with open(os.path.join(root, folder, name), "w", encoding="utf-8") as opened:
                    opened.write(text)
        return conform.check(os.path.join(root, "released"), os.path.join(root, "today"))


class Conform(unittest.TestCase):
    def test_growth_at_the_end_is_no_fault(self):
        for old, new in GROWTH:
            with self.subTest(new=new):
                self.assertEqual(faults({"a.fbs": RELEASED}, {"a.fbs": RELEASED.replace(old, new, 1)}), [])

    def test_each_break_is_found(self):
        for old, new, word in BREAKS:
            with self.subTest(old=old, new=new):
                self.assertIn(old, RELEASED)
                found = faults({"a.fbs": RELEASED}, {"a.fbs": RELEASED.replace(old, new, 1)})
                self.assertTrue(any(word in fault for fault in found), found)

    def test_a_table_that_is_gone_is_found(self):
        fewer = RELEASED.replace("table Pear { weight: int64; }\n", "").replace("{ Apple, Pear }", "{ Apple }")
        self.assertIn("a.fbs: table Pear is gone", faults({"a.fbs": RELEASED}, {"a.fbs": fewer}))

    def test_a_file_that_is_gone_is_found(self):
        self.assertEqual(faults({"a.fbs": RELEASED, "b.fbs": ""}, {"a.fbs": RELEASED}), ["b.fbs: the file is gone"])


if __name__ == "__main__":
    unittest.main()
