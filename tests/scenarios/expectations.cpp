#include <gmock/gmock.h>

#include "tests/scenarios/verbs.hpp"

namespace virtscale::test {
namespace {

// One member of the outermost object a line, so that a difference is seen at a glance.
std::string unfolded(const std::string& json) {
  std::string text;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    text += c;
    if (c == '"' && (i == 0 || json[i - 1] != '\\')) quoted = !quoted;
    if (quoted) continue;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c == ',' && depth == 1) text += '\n';
  }
  return text + "\n";
}

std::string line_of(World& world, const Command& command) {
  const auto lines = world.ledger(command.words.at(2));
  const auto index = std::stoul(command.words.at(3));
  if (index < lines.size()) return lines[index];
  ADD_FAILURE() << "the ledger has " << lines.size() << " lines";
  return {};
}

void expect_lines(World& world, const Command& command) {
  EXPECT_THAT(world.ledger(command.words.at(2)), testing::SizeIs(std::stoul(command.words.at(3))));
}

void expect_line(World& world, const Command& command) {
  EXPECT_EQ(unfolded(line_of(world, command)), command.block);
}

void expect_in_line(World& world, const Command& command) {
  EXPECT_THAT(line_of(world, command), testing::HasSubstr(rest_of(command, 4)));
}

void expect_requests(World& world, const Command& command) {
  std::size_t count = 0;
  for (const auto& [name, stage] : world.stages) {
    for (const auto& request : stage->requests())
      count += schema::name_of(event_of(*request).body_type()) == command.words.at(2) ? 1 : 0;
  }
  EXPECT_EQ(count, std::stoul(command.words.at(3)));
}

void expect_events(World& world, const Command& command) {
  std::size_t count = 0;
  world.each_event([&](Topic, const schema::Event& event) {
    count += schema::name_of(event.body_type()) == command.words.at(2) ? 1 : 0;
  });
  EXPECT_EQ(count, std::stoul(command.words.at(3)));
}

void expect_document(World& world, const Command& command) {
  std::string code = "none was folded";
  world.each_event([&](Topic, const schema::Event& event) {
    const auto* folded = event.body_as_DocumentFolded();
    if (folded == nullptr) return;
    if (folded->kind()->str() == command.words.at(2) && folded->name()->str() == command.words.at(3))
      code = folded->code()->str();
  });
  EXPECT_EQ(code, command.words.at(4));
}

void expect_mail(World& world, const Command& command) {
  const auto& requests = world.stages.at("policy")->requests();
  ASSERT_FALSE(requests.empty()) << "no mail waits to be sent";
  const auto* mail = event_of(*requests.front()).body_as_SendMail();
  EXPECT_THAT(mail->to()->str() + "\n" + mail->subject()->str() + "\n" + mail->text()->str(),
              testing::HasSubstr(rest_of(command, 2)));
}

}  // namespace

const Verbs& expectations() {
  static const Verbs verbs = {{"lines", expect_lines},       {"line", expect_line},     {"in_line", expect_in_line},
                              {"requests", expect_requests}, {"events", expect_events}, {"document", expect_document},
                              {"mail", expect_mail}};
  return verbs;
}

}  // namespace virtscale::test
