// A peer: somebody else's program that does the same work on this machine, in this run.
//
// The one thing to know: each lives in a folder of its own here, with a script `run` that builds it into build/peers
// when it must, works, and prints one JSON object of numbers as its last line. Exit status 77 says that what it is
// built with is not installed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace virtscale::bench {

/// What a program measured, by name.
using PeerFigures = std::map<std::string, double, std::less<>>;

/// Runs a program of the tree, by its path from the root, where `./run bench` starts: it prints one JSON object of
/// numbers as its last line. Nothing if it fails: stderr says in one line that it is left out, after what it said
/// itself.
std::optional<PeerFigures> run_program(const std::string& path, const std::vector<std::string>& arguments);

/// The same for the peer of this name.
std::optional<PeerFigures> run_peer(const std::string& name, const std::vector<std::string>& arguments);

}  // namespace virtscale::bench
