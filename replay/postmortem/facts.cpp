#include "replay/postmortem/facts.hpp"

#include <algorithm>
#include <map>

#include "replay/postmortem/counterfactual.hpp"
#include "replay/postmortem/figures.hpp"
#include "replay/postmortem/words.hpp"
#include "replay/text.hpp"
#include "schemas/candidates.hpp"
#include "stages/policy/gate.hpp"

namespace virtscale::replay {
namespace {

std::string text(const flatbuffers::String* string) {
  return string == nullptr ? std::string() : string->str();
}

// Each line that a decision wrote; the second line of a refusal that stood is not another decision.
std::vector<LineAt> decisions_of(const Case& of) {
  std::vector<LineAt> lines;
  std::ranges::copy_if(of.lines, std::back_inserter(lines), [](const LineAt& line) { return !line.line.ends; });
  return lines;
}

Instant signal_of(const LineAt& line) {
  return line.line.steps.empty() ? line.at : line.line.steps.front().at;
}

std::string share_text(std::int64_t part_us, std::int64_t whole_us) {
  return policy::percent_text(part_us, std::max<std::int64_t>(1, whole_us));
}

// --- Summary -------------------------------------------------------------------------------------------------------

Sentence signal_sentence(const Case& of, const LineAt& line) {
  const auto& it = line.line;
  auto at = cites(line);
  const auto& trace = trace_of(of, line);
  at.push_back(cites(trace.records.front().kept.at).front());
  const auto moment = " at " + moment_text(signal_of(line)) + " UTC";
  if (it.signal_kind == "alert") {
    return {"The alert " + it.signal_name + " fired on " + it.service + moment + ": value " +
                milli_text(it.value_milli) +
                (it.queue_depth < 0 ? "" : ", queue depth " + std::to_string(it.queue_depth)) + ".",
            at};
  }
  if (it.signal_kind == "schedule")
    return {"The schedule " + it.signal_name + " of " + it.service + " was due" + moment + ".", at};
  return {"A scale of " + it.service + " was requested" + moment +
              (it.requester.empty() ? "" : " by role " + it.requester) + ".",
          at};
}

Sentence decision_sentence(const LineAt& line) {
  const auto& it = line.line;
  const auto verb = it.decision == "refused" ? "refused" : "admitted";
  return {"Contract version " + std::to_string(it.contract_version) + ", overage +" +
              std::to_string(it.overage_percent) + " %: policy " + verb + " the scale from " + std::to_string(it.from) +
              " to " + count_text(it.to, "replica") + "." + (it.decision == "failed" ? "" : " " + it.reason),
          cites(line)};
}

Sentence end_sentence(const LineAt& line) {
  const auto after = seconds_text(line.line.elapsed_us) + " after the signal";
  if (line.line.decision == "failed")
    return {"It did not come about: " + line.line.reason + ". The line was written " + after + ".", cites(line)};
  if (line.line.decision == "refused") return {"Nothing was started. The line was written " + after + ".", cites(line)};
  return {"It was carried out, and its line was written " + after + ".", cites(line)};
}

std::vector<Sentence> boot_sentence(const Case& of, const LineAt& line) {
  const auto boot = boot_of(of, line);
  if (!boot) return {};
  const auto us = (boot->to - boot->from).us;
  return {{"The boot of the domain took " + seconds_text(us) + " of it, " + share_text(us, line.line.elapsed_us) +
               " of the whole.",
           cites(line)}};
}

DocumentTable lines_table(const Case& of) {
  DocumentTable table{{{"Line:", "Scale event", "Signal (UTC)", "Service", "Decision", "Replicas", "End to end:"}}};
  for (const auto& line : of.lines) {
    table.rows.push_back({std::to_string(line.line.index), line.line.event, moment_text(signal_of(line)),
                          line.line.service, line.line.ends ? "refusal ended" : line.line.decision,
                          std::to_string(line.line.from) + " to " + std::to_string(line.line.to),
                          seconds_text(line.line.elapsed_us)});
  }
  return table;
}

// --- Impact --------------------------------------------------------------------------------------------------------

// Domains that were wanted and did not serve yet.
Sentence short_sentence(const LineAt& line) {
  const auto serving = std::ranges::find(line.line.steps, "dataplane", &LedgerStep::name);
  const auto until = serving == line.line.steps.end() ? line.at : serving->at;
  const auto served = std::ranges::count(line.line.domains, "serving", &LedgerDomain::outcome);
  const auto wanted = line.line.to - line.line.from;
  if (line.line.decision == "failed") {
    return {count_text(wanted, "domain") + " wanted, " + std::to_string(served) +
                " serving when the line was written, " + seconds_text(line.line.elapsed_us) +
                " after the signal: the service stayed short of " + count_text(wanted - served, "domain") + ".",
            cites(line)};
  }
  return {count_text(wanted, "domain") + " wanted, " + std::to_string(served) + " serving " +
              seconds_text((until - signal_of(line)).us) +
              " after the signal: for that long the service was short of at most " + count_text(wanted, "domain") + ".",
          cites(line)};
}

std::vector<Sentence> mail_sentences(const Case& of, const LineAt& line) {
  const auto& trace = trace_of(of, line);
  const auto* notified = first_of<schema::OwnerNotified>(trace);
  if (notified == nullptr) return {};
  const auto& mail = *body_of<schema::OwnerNotified>(*notified);
  const auto after = seconds_text((notified->kept.timestamp - signal_of(line)).us);
  const auto said = mail.sent() ? "The org's owner had mail " + after + " after the signal; the bound is 30 s."
                                : "The org's owner could not be mailed, which was known " + after +
                                      " after the signal: " + text(mail.detail()) + ".";
  return {{said, cites(notified->kept.at)}};
}

std::vector<Sentence> impact_sentences(const Case& of, const LineAt& line) {
  std::vector<Sentence> sentences;
  const auto& it = line.line;
  if (it.decision == "refused") {
    sentences.push_back(
        {count_text(it.to - it.from, "domain") + " asked for and not started; what ran went on. " + it.remedy,
         cites(line)});
  } else if (it.to > it.from) {
    sentences.push_back(short_sentence(line));
  } else {
    sentences.push_back({"The service gave back " + count_text(it.from - it.to, "domain") + ".", cites(line)});
  }
  for (const auto& domain : it.domains) {
    if (domain.outcome == "failed")
      sentences.push_back({"Domain " + domain.name + " failed: " + domain.reason + ".", cites(line)});
  }
  for (auto& sentence : mail_sentences(of, line)) sentences.push_back(std::move(sentence));
  return sentences;
}

// --- Times ---------------------------------------------------------------------------------------------------------

std::vector<Sentence> detection_sentences(const Case& of) {
  const auto* raised = first_of<schema::AlertRaised>(of.traces.front());
  if (raised == nullptr) return {};
  const auto began = body_of<schema::AlertRaised>(*raised)->starts_at_us();
  const auto late = raised->kept.timestamp.us - began;
  if (began == 0 || late < 0) return {};
  return {{"The alert says that it began at " + moment_text({began}) + " UTC; it was in the log " + seconds_text(late) +
               " later.",
           cites(raised->kept.at)}};
}

std::vector<Sentence> usual_sentences(const Case& of) {
  if (of.elapsed_us.empty())
    return {
        {"This log has no other scale-out of the org that was admitted in the 24 hours before, to compare with.", {}}};
  const auto at = [&](std::size_t percent) { return of.elapsed_us[(of.elapsed_us.size() - 1) * percent / 100]; };
  const auto count = static_cast<std::int64_t>(of.elapsed_us.size());
  return {{"To compare: in the 24 hours before, the org had " + std::to_string(count) +
               (count == 1 ? " admitted scale-out, which took " + seconds_text(at(50)) + " from signal to line."
                           : " admitted scale-outs; from signal to line p50 was " + seconds_text(at(50)) + " and p99 " +
                                 seconds_text(at(99)) + "."),
           {"ledger of " + of.org}}};
}

DocumentTable stretches_table(const Case& of, const LineAt& line) {
  DocumentTable table{{{"Part of the loop", "From (UTC)", "To (UTC)", "Took:", "Share:"}}};
  for (const auto& stretch : stretches_of(of, line)) {
    const auto us = (stretch.to - stretch.from).us;
    table.rows.push_back({stretch.name, time_text(stretch.from), time_text(stretch.to), seconds_text(us),
                          share_text(us, line.line.elapsed_us)});
  }
  table.rows.push_back(
      {"end to end", time_text(signal_of(line)), time_text(line.at), seconds_text(line.line.elapsed_us), ""});
  return table;
}

// --- Decisions -----------------------------------------------------------------------------------------------------

// A dimension's unit as people say it. RAM is GiB if every amount of the row is a whole number of them.
struct ShownUnit {
  std::string_view name;
  std::int64_t divisor = 1;
};

ShownUnit unit_of(const LedgerProjection& one) {
  if (one.dimension == "vcpu") return {"vCPU", 1'000};
  if (one.dimension != "ram") return {"disk, GiB"};
  const auto amounts = {one.committed, one.reserved, one.asked, one.quota, one.envelope};
  const bool is_whole = std::ranges::all_of(amounts, [](std::int64_t amount) { return amount % 1'024 == 0; });
  return is_whole ? ShownUnit{"RAM, GiB", 1'024} : ShownUnit{"RAM, MiB"};
}

std::string amount_text(const ShownUnit& unit, std::int64_t amount) {
  return unit.divisor == 1'000 ? milli_text(amount) : std::to_string(amount / unit.divisor);
}

DocumentTable projection_table(const LedgerLine& line) {
  DocumentTable table{{{"Dimension", "Committed:", "Reserved:", "Asked:", "After:", "Quota:", "Envelope:", "Used:"}}};
  for (const auto& one : line.projection) {
    const auto after = one.committed + one.reserved + one.asked;
    const auto unit = unit_of(one);
    const auto amount = [&](std::int64_t value) { return amount_text(unit, value); };
    const bool binds = line.decision == "refused" && one.dimension == line.binding;
    table.rows.push_back({std::string(unit.name) + (binds ? " (binds)" : ""), amount(one.committed),
                          amount(one.reserved), amount(one.asked), amount(after), amount(one.quota),
                          amount(one.envelope), policy::percent_text(after, one.envelope)});
  }
  return table;
}

std::string passed_over_text(const schema::DomainPlaced& placed) {
  std::string said;
  if (placed.candidates() == nullptr) return said;
  const auto all = text(placed.candidate_names());
  schema::CandidateNames names(all);
  for (const auto* candidate : *placed.candidates()) {
    names.next(candidate->zone_bytes());
    const auto node = names.next(candidate->node_bytes());
    if (candidate->passed_over() == schema::PassedOver::no) continue;
    said += " Passed over: " + std::string(node) + " NUMA node " + std::to_string(candidate->numa()) + " (" +
            std::string(text_of(candidate->passed_over())) + ").";
  }
  return said;
}

std::vector<Sentence> placement_sentences(const Case& of, const LineAt& line) {
  std::vector<Sentence> sentences;
  for (const auto& record : trace_of(of, line).records) {
    const auto* placed = record.relation == Relation::own ? body_of<schema::DomainPlaced>(record) : nullptr;
    if (placed == nullptr) continue;
    auto said = phrase_of(record) + ", of " + count_text(placed->candidates_total(), "NUMA node") + " looked at.";
    sentences.push_back({said + passed_over_text(*placed), cites(record.kept.at)});
  }
  return sentences;
}

}  // namespace

std::vector<Block> summary_facts(const Case& of) {
  if (of.lines.size() > 2) return {lines_table(of)};
  std::vector<Block> blocks;
  for (const auto& line : decisions_of(of)) {
    std::vector<Sentence> sentences = {signal_sentence(of, line), decision_sentence(line), end_sentence(line)};
    for (auto& sentence : boot_sentence(of, line)) sentences.push_back(std::move(sentence));
    blocks.emplace_back(Paragraph{std::move(sentences)});
  }
  for (const auto& line : of.lines) {
    if (line.line.ends)
      blocks.emplace_back(Paragraph{
          {{"The refusal stood until " + moment_text(line.at) + " UTC. Its last line says: " + line.line.reason,
            cites(line)}}});
  }
  if (of.lines.empty())
    blocks.emplace_back(Paragraph{{{"The scale event has no ledger line yet: it is not over.",
                                    cites(of.traces.front().records.front().kept.at)}}});
  return blocks;
}

std::vector<Block> impact_facts(const Case& of) {
  Items items;
  for (const auto& line : decisions_of(of)) {
    const bool is_named = of.lines.size() > 2;
    for (auto& sentence : impact_sentences(of, line)) {
      if (is_named) sentence.text = line.line.event + ": " + sentence.text;
      items.sentences.push_back(std::move(sentence));
    }
  }
  if (items.sentences.empty()) return {};
  return {items};
}

std::vector<Block> time_facts(const Case& of) {
  std::vector<Block> blocks;
  auto sentences = detection_sentences(of);
  for (auto& sentence : usual_sentences(of)) sentences.push_back(std::move(sentence));
  blocks.emplace_back(Paragraph{std::move(sentences)});
  if (of.lines.empty()) return blocks;
  blocks.emplace_back(loop_figure(of));
  if (decisions_of(of).size() == 1) blocks.emplace_back(stretches_table(of, decisions_of(of).front()));
  if (auto figure = replicas_figure(of)) blocks.emplace_back(*std::move(figure));
  if (auto figure = values_figure(of)) blocks.emplace_back(*std::move(figure));
  return blocks;
}

std::vector<Block> timeline_facts(const Case& of) {
  DocumentTable table{{{"UTC", "Since signal:", "By", "What happened", "Record"}}};
  const bool is_one_day = moment_text(of.begin).substr(0, 10) == moment_text(of.end).substr(0, 10);
  for (const auto& trace : of.traces) {
    for (const auto& record : trace.records) {
      const auto at_text = is_one_day ? time_text(record.kept.timestamp) : moment_text(record.kept.timestamp);
      const bool is_end = body_of<schema::LineAppended>(record) || body_of<schema::ScaleDecided>(record);
      if (record.relation == Relation::copy || (of.traces.size() > 1 && !is_end)) continue;
      const auto& at = record.kept.at;
      table.rows.push_back({at_text, seconds_text((record.kept.timestamp - of.begin).us), author_of(record),
                            (of.traces.size() > 1 ? name_of(trace) + ": " : "") + phrase_of(record),
                            place(at.of, at.offset)});
    }
  }
  return {table};
}

std::vector<Block> decision_facts(const Case& of) {
  std::vector<Block> blocks;
  for (const auto& line : decisions_of(of)) {
    // Of many, those are told that did not go as they were asked.
    if (of.lines.size() > 2 && line.line.decision == "admitted") continue;
    if (of.lines.size() > 2) blocks.emplace_back(Heading{line.line.event, 3});
    blocks.emplace_back(Paragraph{{decision_sentence(line)}});
    if (!line.line.projection.empty()) blocks.emplace_back(projection_table(line.line));
    auto placements = placement_sentences(of, line);
    if (!placements.empty()) blocks.emplace_back(Items{std::move(placements)});
    blocks.emplace_back(Heading{"What another contract would have decided", 3});
    for (auto& block : counterfactual_of(line)) blocks.push_back(std::move(block));
  }
  if (blocks.empty()) blocks.emplace_back(Paragraph{{{"Every scale of the range was admitted and carried out.", {}}}});
  return blocks;
}

std::vector<Block> rule_facts(const Case& of) {
  std::map<std::string, std::uint32_t> epochs;
  for (const auto& trace : of.traces) {
    for (const auto& record : trace.records) {
      if (author_of(record) != "outside") epochs[author_of(record)] = record.event().header()->epoch();
    }
  }
  std::string said;
  for (const auto& [stage, epoch] : epochs) said += (said.empty() ? "" : ", ") + stage + " " + std::to_string(epoch);
  std::vector<Block> blocks = {Paragraph{{{"Epochs of the folds that decided: " + said + ".", {"record headers"}}}}};
  Items items;
  for (const auto& applied : of.applied) {
    if (applied.at <= of.end)
      items.sentences.push_back(
          {moment_text(applied.at) + " UTC: " + applied.what + " was applied.", cites(applied.place)});
  }
  if (items.sentences.empty())
    items.sentences.push_back(
        {"This log has no contract, service or cell of the org that was applied in the 24 hours before the signal.",
         {}});
  blocks.emplace_back(items);
  return blocks;
}

}  // namespace virtscale::replay
