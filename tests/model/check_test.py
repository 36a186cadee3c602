"""check.py can fail: a wrong expectation is a fault, and a search that was cut short is no verdict."""

import contextlib
import io
import os
import tempfile
import unittest

import check

SMALL = "OWNERS=2 INPUTS=2 "


def faults(switches, holds, breaks):
    with contextlib.redirect_stdout(io.StringIO()):
        return list(check.faults(check.Row("planted", SMALL + switches, holds, breaks)))


class Check(unittest.TestCase):
    def test_finds_what_should_break_and_holds(self):
        self.assertEqual(faults("", ["sound"], []), [])
        self.assertEqual(len(faults("", [], ["each_once_in_order"])), 1)

    def test_finds_what_should_hold_and_breaks(self):
        self.assertEqual(len(faults("NO_DUPLICATE_CHECK", ["sound"], [])), 1)

    def test_a_search_that_was_cut_short_is_no_verdict(self):
        with tempfile.TemporaryDirectory() as folder:
            model = check.Model(check.Row("cut", SMALL, ["sound"], []), folder)
            self.assertEqual(check.verdict(model.search("sound")), "holds")
            self.assertIn("could not be searched", check.verdict(model.search("sound", depth_max=20)))

    def test_a_model_that_spin_cannot_read_is_no_verdict(self):
        with self.assertRaises(SystemExit):
            faults("OWNERS=)", ["sound"], [])

    def test_the_readme_names_every_row_and_every_property(self):
        with open(os.path.join(os.path.dirname(check.MODEL), "README.md"), encoding="utf-8") as opened:
            readme = opened.read()
        for row in check.ROWS + check.LARGER:
            for name in [row.name, *row.holds, *row.breaks]:
                self.assertIn(f"`{name}`", readme)


if __name__ == "__main__":
    unittest.main()
