"""readme.py can fail: each planted fault is found, and a README without one is not blamed."""

import os
import tempfile
import unittest

import readme


def console(*lines):
    return "```console\n" + "\n".join(lines) + "\n```\n"


def typed(text):
    # No command here starts Virtscale.
    return readme.faults_of_commands(text, "/bin/false", readme.ROOT)


class Commands(unittest.TestCase):
    def test_those_that_do_as_they_say_are_no_fault(self):
        self.assertEqual(typed(console("$ true", "what it prints", "$ cd / && test $PWD = /", "$ test $PWD = /")), [])

    def test_one_that_fails_is_found(self):
        self.assertIn("`false` ended in 1, not in 0", typed(console("$ true", "$ false", "$ true")))

    def test_one_that_ends_otherwise_than_its_comment_says_is_found(self):
        self.assertEqual(typed(console("$ (exit 3)    # exit status 3")), [])
        self.assertIn("`(exit 4)` ended in 4, not in 3", typed(console("$ (exit 4)    # exit status 3")))

    def test_one_that_never_comes_is_found(self):
        self.assertIn("`exit 0` did not come to an end in 60 s", typed(console("$ exit 0", "$ true")))

    def test_blocks_that_are_not_for_typing_are_left_alone(self):
        self.assertEqual(typed("```sh\n$ false\n```\n" + console("$ true")), [])
        self.assertEqual(typed("```sh\nfalse\n```\n"), ["the README has no commands: nothing was typed"])

    def test_files_are_written_first(self):
        self.assertEqual(typed("```yaml file=a.yml\nkind: A\n```\n" + console("$ grep -q A a.yml")), [])

    def test_what_is_left_running_does_not_hold_the_test(self):
        self.assertEqual(typed(console("$ sleep 1000 &")), [])


class Tree(unittest.TestCase):
    TEXT = "| [a](a/README.md) | one |\n| [b](b/README.md) | other |\n"

    def test_the_list_is_compared_both_ways(self):
        self.assertEqual(readme.faults_of_folders(self.TEXT, {"a", "b"}), [])
        self.assertEqual(readme.faults_of_folders(self.TEXT, {"a", "b", "c"}), ["c/ is not in the README's list"])
        self.assertEqual(readme.faults_of_folders(self.TEXT, {"a"}),
                         ["b/ is in the README's list, and not in the tree"])
        self.assertEqual(readme.faults_of_folders("", {"a"}), ["the README lists no folders"])

    def test_a_link_to_nothing_is_found(self):
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(os.path.join(root, "a"))
            with open(os.path.join(root, "a", "README.md"), "w", encoding="utf-8"):
                pass
            self.assertEqual(readme.faults_of_links(self.TEXT, root),
                             ["the README links to b/README.md, which is not there"])


if __name__ == "__main__":
    unittest.main()
