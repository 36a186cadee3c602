"""What the folds' archives ask of the linker, and what they keep between two calls.

purity.py --language ARCHIVE... --folds ARCHIVE...: a fold may need the language's symbols (contract, schemas), its own,
and those of ALLOWED; and it has no object that can be written. Ends in 1 if one does.
"""

import argparse
import re
import subprocess
import sys

# Of the C and C++ run-time: memory, strings, ordered containers, exceptions and integers; nothing that can tell the
# time, draw, wait, read the surroundings or reach outside the process.
STANDARD_ERRORS = (r"std::(exception|bad_alloc|bad_cast|bad_optional_access|bad_variant_access|bad_function_call|"
                   r"bad_array_new_length|logic_error|length_error|out_of_range|invalid_argument|runtime_error)")
ALLOWED = re.compile("|".join([
    r"operator (new|delete)(\[\])?\(.*", r"mem(cpy|move|set|cmp|chr)", r"bcmp", r"str(len|ncmp)", r"abort", r"__assert_fail",
    r"__cxa_(allocate_exception|free_exception|throw|rethrow|begin_catch|end_catch|pure_virtual|bad_cast|"
    r"throw_bad_array_new_length)", r"__gxx_personality_v0", r"_Unwind_Resume", r"__stack_chk_fail",
    r"__(u?div|u?mod|u?divmod|mul|popcount|clz|ctz|ashl|ashr|lshr)\w*[sdt]i\d", r"_GLOBAL_OFFSET_TABLE_",
    r"__cpu_(model|features2|indicator_init)",  # which instructions there are: another path to the same digest
    r"std::terminate\(\)", r"std::__throw_\w+\(.*", r"std::_Rb_tree_\w+\(.*", r"std::__detail::_List_node_base::.*",
    r"std::__cxx11::basic_string<char, .*>::.*", STANDARD_ERRORS + r"::.*",
    r"(typeinfo|vtable)( name)? for (" + STANDARD_ERRORS + r"|__cxxabiv1::\w+)",
]))
WRITABLE = re.compile(r"\.(data(?!\.rel\.ro)|bss|tdata|tbss)\b.*|\*COM\*")
# A pointer that the compiler makes for exceptions, and FlatBuffers' zero byte that empty vectors point to.
COMPILERS_OWN = re.compile(r"DW\.ref\.__gxx_personality_v0|flatbuffers::data<.*>\(.*\)::t")


def symbols(archive):
    """(member, name, section) of each symbol of an archive; the section of what it needs is *UND*."""
    text = subprocess.run(["nm", "-C", "-f", "sysv", archive], check=True, capture_output=True, text=True).stdout
    member = ""
    for line in text.splitlines():
        if found := re.match(r"Symbols from .*\[(.*)\]:$", line):
            member = found.group(1)
        # The name may hold a '|' of its own; the six columns after it do not.
        columns = line.rsplit("|", 6)
        if len(columns) == 7 and columns[0].strip() != "Name":
            yield member, columns[0].strip(), columns[6].strip()


def faults_of(archive, known):
    found = list(symbols(archive))
    if not found:
        yield f"{archive}: holds no symbols: nothing was checked"
    own = {name for _, name, section in found if section != "*UND*"}
    for member, name, section in found:
        if section == "*UND*" and name not in own and name not in known and not ALLOWED.fullmatch(name):
            yield f"{archive}({member}): needs {name}: a fold may not"
        if WRITABLE.fullmatch(section) and name != section and not COMPILERS_OWN.fullmatch(name):
            yield f"{archive}({member}): {name} can be written ({section}): a fold keeps nothing but its tables"


def check(language, folds):
    known = {name for archive in language for _, name, section in symbols(archive) if section != "*UND*"}
    return sorted({fault for archive in [*language, *folds] for fault in faults_of(archive, known)})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", nargs="+", default=[], metavar="ARCHIVE")
    parser.add_argument("--folds", nargs="+", required=True, metavar="ARCHIVE")
    options = parser.parse_args()
    faults = check(options.language, options.folds)
    for fault in faults:
        print(fault)
    print(f"purity: {len(options.folds)} folds, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
