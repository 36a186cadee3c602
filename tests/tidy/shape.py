"""The shape of files and folders: lengths, counts, words and places that the tree does without."""

import ast
import os
import posixpath
import re

from tree import Fault, without_comments

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
# A header and its .cpp are one noun, as a reader sees a folder.
FOLDER_NOUNS_MAX = 16  # a stage's shape alone is eleven
CODE = (".cpp", ".hpp", ".py", ".fbs", ".sh", "CMakeLists.txt", ".c", ".js", ".css", ".html")
FORBIDDEN_FOLDERS = {"src", "common", "utils", "util", "docs", "scripts", "include", "lib", "misc", "helpers"}
# Spelled in two parts, so that this file does not find itself.
LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
# Where one machine keeps its things; `tmp/b-` are build folders.
MACHINE = re.compile(r"(?<![\w.}])/(?:wo" + r"rk|fa" + r"rm)/|/tm" + r"p/b-|\bfa" + r"rm\b")
TOP_FOLDERS_WITHOUT_README = {".ci", ".github"}
NOT_A_FUNCTION = re.compile(r"^\s*(?:namespace|class|struct|union|enum|extern|if|for|while|switch|catch|do|else|try)\b")


def cpp_functions(text):
    """(first line, last line) of each function body, found by its braces."""
    plain = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda match: re.sub(r"[^\n]", " ", match.group()),
                   without_comments(text, keep_texts=False), flags=re.MULTILINE)
    line, head, stack = 1, "", []
    for letter in plain:
        if letter == "{":
            is_function = "function" not in (kind for kind, _ in stack) and opens_function(head)
            stack.append(("function" if is_function else "other", line))
            head = ""
        elif letter == "}":
            kind, first = stack.pop() if stack else ("other", line)
            if kind == "function":
                yield first, line
            head = ""
        elif letter == ";":
            head = ""
        else:
            head += letter
        line += letter == "\n"


def opens_function(head):
    """Whether what stands before a brace ends a function's declaration."""
    head = re.sub(r"^\s*(?:public|private|protected)\s*:", "", head)
    head = re.sub(r"operator\s*[^\s\w(]+", "operator", re.sub(r"template\s*<[^{]*?>(?=\s*[\w:])", "", head))
    if "(" not in head or NOT_A_FUNCTION.match(head):
        return False
    depth = 0
    for letter in head:
        depth += (letter == "(") - (letter == ")")
        if letter == "=" and depth == 0:
            return False
    return True


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno


def check_lengths(tree):
    for file in tree.sources(*CODE):
        text = tree.read(file)
        lines = text.count("\n")
        if lines > FILE_LINES_MAX:
            yield Fault(file, lines, f"{lines} lines: a file has at most {FILE_LINES_MAX}; split it by noun")
        find = cpp_functions if file.endswith((".cpp", ".hpp")) else python_functions if file.endswith(".py") else None
        for first, last in find(text) if find else ():
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield Fault(file, first, f"a function of {last - first + 1} lines: at most {FUNCTION_LINES_MAX}")


def check_words(tree):
    for file in tree.files:
        if file == "LICENSE" or file.endswith((".png", ".svg", ".bin", ".woff2", ".capsule")):
            continue
        for number, line in enumerate(tree.read(file).splitlines(), 1):
            if LATER.search(line):
                yield Fault(file, number, "a note for later: do it now, or open an issue")
            if MACHINE.search(line):
                yield Fault(file, number, "a path of one machine")


def check_folders(tree):
    nouns = {}
    for file in tree.files:
        folder, name = posixpath.split(file)
        nouns.setdefault(folder, set()).add(re.sub(r"\.(cpp|hpp)$", "", name))
        bad = FORBIDDEN_FOLDERS & set(folder.split("/"))
        if bad:
            yield Fault(file, 1, f"a folder named {bad.pop()}: name what it holds")
    for folder, names in nouns.items():
        # Recordings, scenarios and pages are data: as many as it takes.
        data = folder.startswith(("tests/golden", "tests/scenarios", "tests/corpus", "tests/fuzz/corpus"))
        if len(names) > FOLDER_NOUNS_MAX and not data:
            yield Fault(folder or ".", 1, f"{len(names)} files, a header and its .cpp counted as one: a folder has at most "
                                          f"{FOLDER_NOUNS_MAX}")


def check_readmes(tree):
    folders = {file.split("/")[0] for file in tree.files if "/" in file} - TOP_FOLDERS_WITHOUT_README
    folders |= {"/".join(file.split("/")[:2]) for file in tree.files if re.match(r"stages/[^/]+/", file)}
    for folder in sorted(folders) + [""]:
        if not tree.has(os.path.join(folder, "README.md")):
            yield Fault(folder or ".", 1, "no README.md that says what this is")


def check(tree):
    for each in (check_lengths, check_words, check_folders, check_readmes):
        yield from each(tree)
