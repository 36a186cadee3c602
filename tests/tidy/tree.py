"""The files of the tree, and what a check reports about them."""

import os
import re
from dataclasses import dataclass

# What tools write, at the top only.
NOT_OURS = {".git", "build", "var"}


@dataclass(frozen=True, order=True)
class Fault:
    file: str
    line: int
    what: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.what}"


class Tree:
    """A directory with our sources; paths are relative to it, with '/'."""

    def __init__(self, root):
        self.root = root
        self.files = sorted(self.walk())

    def walk(self):
        for folder, folders, files in os.walk(self.root):
            relative = os.path.relpath(folder, self.root)
            folders[:] = [name for name in folders if name != "__pycache__" and not
                          (relative == "." and name in NOT_OURS)]
            for name in files:
                yield os.path.normpath(os.path.join(relative, name))

    def read(self, file):
        with open(os.path.join(self.root, file), encoding="utf-8", errors="replace") as opened:
            return opened.read()

    def has(self, file):
        return os.path.isfile(os.path.join(self.root, file))

    def sources(self, *endings):
        return [file for file in self.files if file.endswith(endings)]


COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n]){1,4}\'', re.DOTALL)


def without_comments(text, keep_texts):
    """C++ with comments blanked, and texts as well unless they are kept; lines stay where they are."""
    def blank(match):
        found = match.group()
        if keep_texts and not found.startswith(("//", "/*")):
            return found
        return re.sub(r"[^\n]", " ", found)
    return COMMENT_OR_TEXT.sub(blank, text)
