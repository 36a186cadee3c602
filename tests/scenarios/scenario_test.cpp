// Runs every *.scn of this folder; README.md has the commands.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "compose/settings/documents.hpp"
#include "tests/scenarios/script.hpp"
#include "tests/scenarios/world.hpp"

namespace virtscale::test {
namespace {

using schema::Body;

const std::filesystem::path folder = "tests/scenarios";

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

class Scenario {
 public:
  explicit Scenario(std::filesystem::path file) : file_(std::move(file)) {}

  void run() {
    for (const auto& command : read_script(file_)) {
      SCOPED_TRACE(file_.string() + ":" + std::to_string(command.line));
      if (command.at) world_.clock.set(*command.at);
      ASSERT_NO_FATAL_FAILURE(perform(command));
    }
    refold_in_chunks_of(1);
    refold_in_chunks_of(7);
  }

 private:
  using Words = std::vector<std::string>;

  void perform(const Command& command) {
    const auto& words = command.words;
    const auto found = verbs_.find(words[0]);
    ASSERT_NE(found, verbs_.end()) << "there is no command `" << words[0] << "`: see README.md";
    (this->*found->second)(command);
  }

  void apply(const Command& command) {
    std::ifstream in(folder / command.words.at(1));
    std::stringstream text;
    text << in.rdbuf();
    auto parsed = parse_documents(text.str(), command.words[1]);
    for (const auto& fault : parsed.faults) ADD_FAILURE() << fault.line << ":" << fault.column << ": " << fault.message;
    for (auto& document : parsed.documents) world_.append(document.to, document.key, std::move(document.event));
  }

  void alert(const Command& command) {
    const auto& words = command.words;
    schema::AlertRaisedT raised;
    raised.service = words.at(2);
    raised.name = words.at(3);
    raised.fingerprint = words[2] + words[3];
    raised.starts_at_us = world_.clock.now().us;
    raised.value_milli = std::stoll(words.at(4)) * 1'000;
    if (words.size() == 7) raised.queue_depth = std::stoll(words[6]);
    world_.append(Topic::alerts, words[1] + "/" + words[2], encode(raised, words[1]));
  }

  void resolve(const Command& command) {
    const auto& words = command.words;
    schema::AlertResolvedT resolved;
    resolved.service = words.at(2);
    resolved.name = words.at(3);
    resolved.fingerprint = words[2] + words[3];
    resolved.starts_at_us = resolved.ends_at_us = world_.clock.now().us;
    world_.append(Topic::alerts, words[1] + "/" + words[2], encode(resolved, words[1]));
  }

  void request(const Command& command) {
    const auto& words = command.words;
    schema::ScaleRequestedT requested;
    requested.service = words.at(2);
    requested.mode = words.at(3)[0] == '=' ? schema::ScaleMode::to : schema::ScaleMode::by;
    requested.amount = std::stoi(words[3][0] == '=' ? words[3].substr(1) : words[3]);
    requested.requester = "org";
    world_.append(Topic::alerts, words[1] + "/" + words[2], encode(requested, words[1]));
  }

  void fold(const Command& command) { world_.stages.at(command.words.at(1))->fold(world_.log, SIZE_MAX); }
  void ring(const Command& command) { world_.ring(command.words.at(1)); }

  void spawned(const Command& command) {
    const auto colon = command.words.at(1).find(':');
    schema::DomainSpawnedT spawned;
    spawned.address = command.words[1].substr(0, colon);
    spawned.port = static_cast<std::uint16_t>(std::stoi(command.words[1].substr(colon + 1)));
    answer_domain("orchestration", Body::StartDomain, spawned);
  }
  void alive(const Command& command) {
    schema::LivenessPassedT passed;
    passed.attempts = static_cast<std::uint32_t>(std::stoul(command.words.at(1)));
    answer_domain("dataplane", Body::ProbeDomain, passed);
  }
  void joined(const Command& command) {
    schema::BackendAddedT added;
    added.backends = static_cast<std::uint32_t>(std::stoul(command.words.at(1)));
    answer_domain("dataplane", Body::AddBackend, added);
  }
  void drained(const Command& command) {
    schema::BackendDrainedT gone;
    gone.backends = static_cast<std::uint32_t>(std::stoul(command.words.at(1)));
    answer_domain("dataplane", Body::DrainBackend, gone);
  }
  void halted(const Command&) { answer_domain("orchestration", Body::StopDomain, schema::DomainHaltedT()); }
  void mailed(const Command&) {
    schema::MailSentT sent;
    sent.attempts = 1;
    ASSERT_TRUE(world_.answer("policy", Body::SendMail, encode(sent, "")));
  }
  void signed_(const Command&) { ASSERT_TRUE(sign()) << "no checkpoint waits to be signed"; }

  // What a signer would say; the signature itself is tried where the signer is.
  bool sign() {
    auto& requests = world_.stages.at("audit")->requests();
    if (requests.empty()) return false;
    const auto* asked =
        schema::GetEvent(reinterpret_cast<const std::uint8_t*>(requests[0]->event.data()))->body_as_SignCheckpoint();
    schema::CheckpointSignedT checkpoint;
    checkpoint.size = asked->size();
    checkpoint.key = "policy-gate-2026-q1";
    checkpoint.note = asked->origin()->str() + "\n" + std::to_string(asked->size()) + "\n";
    return world_.answer("audit", Body::SignCheckpoint, encode(checkpoint, ""));
  }

  void settle(const Command& command) {
    world_.settle();
    if (command.words.size() < 2) return;
    const Command nine{.line = 0, .at = {}, .words = {"", "10.0.0.1:80"}, .block = {}};
    const Command one{.line = 0, .at = {}, .words = {"", "1"}, .block = {}};
    for (int turn = 0; turn < 1'000 && any_request(); ++turn) {
      if (waits("orchestration", Body::StartDomain)) spawned(nine);
      if (waits("dataplane", Body::ProbeDomain)) alive(one);
      if (waits("dataplane", Body::AddBackend)) joined(one);
      if (waits("dataplane", Body::DrainBackend)) drained(one);
      if (waits("orchestration", Body::StopDomain)) halted(one);
      if (waits("policy", Body::SendMail)) mailed(one);
      sign();
      world_.settle();
    }
    ASSERT_FALSE(any_request());
  }

  void expect(const Command& command) {
    const auto& what = command.words.at(1);
    if (what == "lines") return expect_lines(command);
    if (what == "line") return expect_line(command);
    if (what == "requests") return expect_requests(command);
    if (what == "mail") return expect_mail(command);
    ADD_FAILURE() << "cannot expect `" << what << "`";
  }
  void expect_lines(const Command& command) {
    EXPECT_THAT(world_.ledger(command.words.at(2)), testing::SizeIs(std::stoul(command.words.at(3))));
  }
  void expect_line(const Command& command) {
    const auto lines = world_.ledger(command.words.at(2));
    const auto index = std::stoul(command.words.at(3));
    ASSERT_LT(index, lines.size());
    EXPECT_EQ(unfolded(lines[index]), command.block);
  }
  void expect_requests(const Command& command) {
    std::size_t count = 0;
    for (const auto& [name, stage] : world_.stages) {
      for (const auto& request : stage->requests()) count += body_name(*request) == command.words.at(2) ? 1 : 0;
    }
    EXPECT_EQ(count, std::stoul(command.words.at(3)));
  }
  void expect_mail(const Command& command) {
    std::string wanted = command.words.at(2);
    for (std::size_t i = 3; i < command.words.size(); ++i) wanted += " " + command.words[i];
    ASSERT_TRUE(waits("policy", Body::SendMail));
    const auto& request = *world_.stages.at("policy")->requests().front();
    const auto* mail =
        schema::GetEvent(reinterpret_cast<const std::uint8_t*>(request.event.data()))->body_as_SendMail();
    EXPECT_THAT(mail->to()->str() + "\n" + mail->subject()->str() + "\n" + mail->text()->str(),
                testing::HasSubstr(wanted));
  }

  template <class Answered>
  void answer_domain(std::string_view stage, Body asked, Answered answer) {
    for (const auto& request : world_.stages.find(stage)->second->requests()) {
      if (body_of(*request) != asked) continue;
      answer.domain = domain_of(*request);
      break;
    }
    ASSERT_TRUE(world_.answer(stage, asked, encode(answer, "")))
        << "no " << schema::name_of(asked) << " waits for an answer";
  }

  static const schema::Event& event_of(const EffectRequest& request) {
    return *schema::GetEvent(reinterpret_cast<const std::uint8_t*>(request.event.data()));
  }
  static Body body_of(const EffectRequest& request) { return event_of(request).body_type(); }
  static std::string_view body_name(const EffectRequest& request) { return schema::name_of(body_of(request)); }
  static std::string domain_of(const EffectRequest& request) {
    const auto& event = event_of(request);
    switch (event.body_type()) {
      case Body::StartDomain:
        return event.body_as_StartDomain()->domain()->str();
      case Body::StopDomain:
        return event.body_as_StopDomain()->domain()->str();
      case Body::ProbeDomain:
        return event.body_as_ProbeDomain()->domain()->str();
      case Body::AddBackend:
        return event.body_as_AddBackend()->domain()->str();
      default:
        return event.body_as_DrainBackend()->domain()->str();
    }
  }
  bool waits(std::string_view stage, Body asked) const {
    const auto& requests = world_.stages.find(stage)->second->requests();
    return std::any_of(requests.begin(), requests.end(),
                       [&](const auto& request) { return body_of(*request) == asked; });
  }
  bool any_request() const {
    return std::any_of(world_.stages.begin(), world_.stages.end(),
                       [](const auto& stage) { return !stage.second->requests().empty(); });
  }

  // What each stage emitted depends on its inbox alone, not on how it was cut.
  void refold_in_chunks_of(std::size_t records) {
    for (const auto& [name, stage] : world_.stages) {
      MemoryLog copy{LogLayout{}, world_.clock};
      const auto again = make_stage(name);
      copy_records(stage->inbox(), copy);
      while (again->fold(copy, records) > 0 && again->emitted().size() < stage->emitted().size()) {
      }
      ASSERT_EQ(again->emitted(), stage->emitted()) << name << " in chunks of " << records;
    }
  }

  void copy_records(Topic topic, MemoryLog& to) {
    ManualClock& clock = world_.clock;
    const auto now = clock.now();
    world_.log.read({topic, 0}, 0, SIZE_MAX, [&](const LogRecord& record) {
      clock.set(record.timestamp);
      const LogAppend append{record.from, record.key, record.value};
      to.append({&append, 1});
      return true;
    });
    clock.set(now);
  }

  using Verb = void (Scenario::*)(const Command&);
  const std::map<std::string, Verb> verbs_ = {
      {"apply", &Scenario::apply},     {"alert", &Scenario::alert},   {"resolve", &Scenario::resolve},
      {"request", &Scenario::request}, {"fold", &Scenario::fold},     {"ring", &Scenario::ring},
      {"spawned", &Scenario::spawned}, {"alive", &Scenario::alive},   {"joined", &Scenario::joined},
      {"drained", &Scenario::drained}, {"halted", &Scenario::halted}, {"mailed", &Scenario::mailed},
      {"signed", &Scenario::signed_},  {"settle", &Scenario::settle}, {"expect", &Scenario::expect}};
  std::filesystem::path file_;
  World world_;
};

class Scenarios : public testing::TestWithParam<std::string> {};

TEST_P(Scenarios, GoAsWritten) {
  Scenario(folder / (GetParam() + ".scn")).run();
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".scn") all.push_back(entry.path().stem());
  }
  std::sort(all.begin(), all.end());
  return all;
}

INSTANTIATE_TEST_SUITE_P(Files, Scenarios, testing::ValuesIn(names()), [](const auto& name) { return name.param; });

}  // namespace
}  // namespace virtscale::test
