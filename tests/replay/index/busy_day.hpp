// A day on which much happens: three orgs that grow and shrink all the time, and a fourth whose refusal stands from the
// beginning to shortly before the end.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "schemas/codec.hpp"
#include "tests/replay/town/town.hpp"

namespace virtscale::test {

/// For progress that nobody looks at.
inline void nothing(std::uint64_t, std::uint64_t) {}

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Some ten thousand records.
inline void record_a_busy_day(const std::filesystem::path& directory, const LogLayout& layout, std::uint64_t seed = 1) {
  Town town(directory, layout, seed);
  const std::vector<std::string> orgs = {"acme", "bolt", "crux"};
  town.build_cell(30);
  for (const auto& org : orgs) town.sign_contract(org, 100);
  for (const auto& org : orgs) town.open_service(org);
  town.sign_contract("full", 10);
  town.open_service("full");
  town.pass(seconds(120));
  town.alert("full", "hot", 95);
  for (int round = 0; round < 60; ++round) {
    for (const auto& org : orgs) {
      town.request(org, 2);
      town.pass(seconds(3));
    }
    town.pass(seconds(70));
    for (const auto& org : orgs) town.request(org, -2);
    town.pass(seconds(70));
  }
  town.resolve("full", "hot");
  town.pass(seconds(200));
  for (const auto& org : orgs) town.request(org, 1);
  town.pass(seconds(200));
  town.sync();
}

struct Decision {
  ScaleId scale;
  std::string org;
};

inline std::vector<Decision> decisions_in(Log& log) {
  std::vector<Decision> decisions;
  for (std::uint32_t p = 0; p < log.layout().partitions[static_cast<std::size_t>(Topic::outcomes)]; ++p) {
    log.read({Topic::outcomes, p}, 0, SIZE_MAX, [&](const LogRecord& record) {
      const auto* event = schema::verify_event(record.value);
      if (event->body_as_ScaleDecided() != nullptr)
        decisions.push_back({{event->header()->scale()}, event->org()->str()});
      return true;
    });
  }
  return decisions;
}

}  // namespace virtscale::test
