#include "tests/scenarios/scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/scenarios/verbs.hpp"

namespace virtscale::test {

std::string rest_of(const Command& command, std::size_t first) {
  std::string text;
  for (std::size_t i = first; i < command.words.size(); ++i) text += (i == first ? "" : " ") + command.words[i];
  return text;
}

const schema::Event& event_of(const EffectRequest& request) {
  return *schema::GetEvent(reinterpret_cast<const std::uint8_t*>(request.event.data()));
}

void Scenario::run() {
  for (const auto& command : read_script(file_)) {
    SCOPED_TRACE(file_.string() + ":" + std::to_string(command.line));
    if (command.at) world_.clock.set(*command.at);
    ASSERT_NO_FATAL_FAILURE(perform(command));
  }
}

void Scenario::perform(const Command& command) {
  const auto& name = command.words[0];
  if (name == "settle") return settle(command);
  if (name == "ring") return world_.ring(command.words.at(1));
  if (name == "fold") return void(world_.stages.at(command.words.at(1))->fold(world_.log, SIZE_MAX));
  const bool expects = name == "expect";
  for (const auto* verbs : expects ? std::vector{&expectations()} : std::vector{&producer_verbs(), &answer_verbs()}) {
    const auto verb = verbs->find(command.words.at(expects ? 1 : 0));
    if (verb != verbs->end()) return verb->second(world_, command);
  }
  ADD_FAILURE() << "there is no command `" << rest_of(command, 0) << "`: see README.md";
}

void Scenario::settle(const Command& command) {
  world_.settle();
  if (command.words.size() < 2) return;
  for (int turn = 0; turn < 1'000 && answer_well(world_); ++turn) world_.settle();
  EXPECT_FALSE(answer_well(world_)) << "something is asked again and again";
}

void Scenario::refold_in_chunks_of(std::size_t records) {
  for (const auto& [name, stage] : world_.stages) {
    MemoryLog copy{LogLayout{}, world_.clock};
    const auto again = make_stage(name);
    copy_records(stage->inbox(), copy);
    while (again->fold(copy, records) > 0 && again->emitted().size() < stage->emitted().size()) {
    }
    ASSERT_EQ(again->emitted(), stage->emitted()) << name << " in chunks of " << records;
  }
}

void Scenario::copy_records(Topic topic, MemoryLog& to) {
  const auto now = world_.clock.now();
  world_.log.read({topic, 0}, 0, SIZE_MAX, [&](const LogRecord& record) {
    world_.clock.set(record.timestamp);
    const LogAppend append{record.from, record.key, record.value};
    to.append({&append, 1});
    return true;
  });
  world_.clock.set(now);
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(scenarios_folder)) {
    if (entry.path().extension() == ".scn") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::filesystem::path scenario_file(const std::string& name) {
  return scenarios_folder / (name + ".scn");
}

}  // namespace virtscale::test
