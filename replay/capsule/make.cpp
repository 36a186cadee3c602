#include "replay/capsule/make.hpp"

#include "replay/capsule/rebuild.hpp"
#include "replay/capsule/segment_file.hpp"
#include "replay/capsule/thread.hpp"
#include "replay/command.hpp"
#include "replay/snapshot.hpp"
#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

Subject subject_of(Log& log, StateIndex& index, const CapsuleOrder& order, const Watch& watch) {
  if (!order.scale) {
    Subject subject{.org = order.org};
    subject.first.at = order.from;
    if (order.to.us != std::numeric_limits<std::int64_t>::max()) subject.last.at = {order.to.us - 1};
    return subject;
  }
  return find_thread(log, index, order.scale, watch);
}

std::vector<Scope> scopes_for(const CapsuleOrder& order) {
  if (order.scale) return {Scope::thread, Scope::org, Scope::window, Scope::whole};
  if (!order.org.empty()) return {Scope::org, Scope::window, Scope::whole};
  return {Scope::window, Scope::whole};
}

// The narrowest cut that stands by itself.
Cut smallest_cut(const LogSource& source, const CapsuleOrder& order, CapsuleReport& report, const Watch& watch) {
  auto& log = *source.log;
  StateIndex index(source);
  const auto subject = subject_of(log, index, order, watch);
  for (const auto scope : scopes_for(order)) {
    auto cut = scope == Scope::thread ? take_thread(log, index, subject) : take_cut(log, index, subject, scope, watch);
    if (cut.records.empty()) throw NotFound("there is no record of this org and time in this log");
    Rebuild rebuild(log.layout(), std::move(cut), nullptr);
    report.scope = scope;
    if (rebuild.run()) return rebuild.take();
    report.widened.push_back(std::string(name_of(scope)) + ": " + rebuild.fault());
  }
  throw CapsuleError("no part of this log stands by itself (`virtscale-replay verify` tells why): " +
                     report.widened.back());
}

Cut redacted(const LogLayout& layout, Cut cut, Redaction& redaction) {
  Rebuild rebuild(layout, std::move(cut), &redaction);
  if (!rebuild.run()) throw CapsuleError("the capsule does not stand once it is redacted: " + rebuild.fault());
  return rebuild.take();
}

std::map<TopicPartition, std::uint64_t> begins_of(const Cut& cut) {
  std::map<TopicPartition, std::uint64_t> begins;
  for (const auto& [inbox, state] : cut.states) begins[inbox] = state.next_offset;
  for (const auto& record : cut.records) begins.try_emplace(record.at.of, record.at.offset);
  return begins;
}

void put_keys(const fs::path& from, const fs::path& into) {
  if (from.empty()) return;
  fs::create_directories(into);
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.path().extension() == ".public") fs::copy_file(entry.path(), into / entry.path().filename());
  }
}

std::string about(const CapsuleOrder& order, const CapsuleReport& report, const Cut& cut) {
  std::string text;
  const auto line = [&text](const std::string& name, const std::string& value) { text += name + ": " + value + "\n"; };
  if (order.scale) line("event", to_string(order.scale));
  if (!order.org.empty()) line("org", order.org);
  line("first", to_text(cut.records.front().timestamp));
  line("last", to_text(cut.records.back().timestamp));
  line("records", std::to_string(cut.records.size()));
  line("scope", std::string(name_of(report.scope)));
  line("events", "each as it was recorded, but for its lane number and its hash");
  if (order.privacy == Privacy::redacted)
    line("redacted", "yes; addresses and mail are pseudonyms, and checkpoints are signed with a key of this capsule");
  return text;
}

}  // namespace

CapsuleReport make_capsule(const LogSource& source, const CapsuleOrder& order, const Watch& watch) {
  const auto layout = source.log->layout();
  CapsuleReport report;
  auto cut = smallest_cut(source, order, report, watch);
  std::optional<Redaction> redaction;
  if (order.privacy == Privacy::redacted) cut = redacted(layout, std::move(cut), redaction.emplace());
  const TemporaryDirectory staging;
  write_segment_log(staging.path() / "log", layout, begins_of(cut), cut.records);
  for (const auto& [inbox, state] : cut.states) write_snapshot(staging.path() / "snapshot", *refold_of(state, layout));
  put_keys(redaction ? redaction->keys() : source.keys, staging.path() / "keys");
  report.hash = pack_capsule(staging.path(), about(order, report, cut), order.out);
  report.records = cut.records.size();
  report.bytes = fs::file_size(order.out);
  report.replaced = redaction ? redaction->replaced() : 0;
  return report;
}

}  // namespace virtscale::replay
