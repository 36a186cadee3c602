#include "tests/simulation/checks/mails.hpp"

#include <charconv>

#include "stages/policy/state.hpp"
#include "tests/simulation/checks/books.hpp"

namespace virtscale::simulation {
namespace {

// `<scale>.<partition>.<offset>.<index>@policy.virtscale`: the record of `signals` that the mail was asked at.
struct Origin {
  std::string scale;
  std::uint32_t partition = 0;
  std::uint64_t offset = 0;
};

template <class Number>
const char* read_number(const char* from, const char* end, Number& number) {
  const auto read = std::from_chars(from, end, number);
  return read.ptr == end ? end : read.ptr + 1;
}

Origin origin_of(const std::string& message_id) {
  Origin origin;
  const auto dot = message_id.find('.');
  origin.scale = message_id.substr(0, dot);
  const auto* end = message_id.data() + message_id.size();
  const auto* rest = read_number(message_id.data() + dot + 1, end, origin.partition);
  read_number(rest, end, origin.offset);
  return origin;
}

}  // namespace

void Mails::note_signal(const Recorded& record) {
  const auto* applied = record.event->body_as_ContractApplied();
  if (applied == nullptr) return;
  auto& owner = owners_[record.event->org()->str()];
  // What policy refuses has an overage that is on no offer, or is not newer.
  const auto overage = applied->overage_percent();
  if (applied->version() <= owner.version || (overage != 0 && overage != 5 && overage != 10 && overage != 20)) return;
  owner.version = applied->version();
  owner.is_named[owner.version] = applied->owner() != nullptr && applied->owner()->size() > 0;
}

void Mails::note_outcome(const Recorded& record) {
  const auto scale = to_string(ScaleId{record.event->header()->scale()});
  if (const auto* notified = record.event->body_as_OwnerNotified()) notified_[scale] = notified->sent();
  const auto* decided = record.event->body_as_ScaleDecided();
  if (decided == nullptr || decided->code()->string_view() != "beyond_envelope") return;
  const auto binding = static_cast<int>(decided->binding());
  const auto* row = decided->projection()->Get(static_cast<flatbuffers::uoffset_t>(binding));
  refused_[scale] = {{record.event->org()->str(), decided->service()->str(), binding, decided->contract_version(),
                      row->committed() + row->reserved()},
                     decided->decided_at_us()};
}

void Mails::note_mail(const Received& received) {
  const auto origin = origin_of(received.mail.message_id);
  const auto& durable = view_.records({Topic::signals, origin.partition});
  if (durable.empty() || durable.back().offset < origin.offset)
    story_.violated("nothing acts on what could be forgotten",
                    "the mail " + received.mail.message_id + " was sent before its cause was durable");
  if (!mailed_.emplace(origin.scale, received.mail.message_id).second)
    story_.violated("one mail for each violation", origin.scale + " was mailed under two message ids");
}

void Mails::judge() {
  for (const auto& [scale, id] : mailed_) {
    if (!refused_.contains(scale)) story_.violated("only refusals are mailed", scale);
  }
  for (const auto& [scale, sent] : notified_) {
    if (sent && !mailed_.contains(scale)) story_.violated("who is said to be notified got a mail", scale);
  }
  judge_copies();
  judge_silence();
}

void Mails::judge_silence() {
  std::set<Violation> told;
  for (const auto& [scale, refused] : refused_) {
    if (notified_.contains(scale)) told.insert(refused.violation);
  }
  for (const auto& [scale, refused] : refused_) {
    const auto& [org, service, binding, version, used] = refused.violation;
    if (owners_[org].is_named[version] && !told.contains(refused.violation))
      story_.violated("every violation is mailed", scale + " of " + org + "/" + service + " came to nobody");
  }
}

void Mails::judge_copies() {
  std::map<Violation, std::map<std::int64_t, std::string>> mails;  // by the time of the refusal
  for (const auto& [scale, id] : mailed_) {
    const auto refused = refused_.find(scale);
    if (refused != refused_.end()) mails[refused->second.violation].emplace(refused->second.at_us, scale);
  }
  // A service with more violations than policy tells apart may be mailed again about an old one.
  if (mails.size() > policy::violations_mailed_max) return;
  for (const auto& [violation, by_time] : mails) {
    const std::string* last = nullptr;
    std::int64_t last_us = 0;
    for (const auto& [at_us, scale] : by_time) {
      if (last != nullptr && at_us - last_us < policy::violation_remembered.us)
        story_.violated("one mail for each violation", *last + " and " + scale + " are one violation");
      last = &scale;
      last_us = at_us;
    }
  }
}

}  // namespace virtscale::simulation
