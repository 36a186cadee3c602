#include "replay/postmortem/draft.hpp"

#include <algorithm>
#include <map>

#include "replay/postmortem/facts.hpp"
#include "replay/postmortem/words.hpp"
#include "replay/text.hpp"
#include "topology/contract/note.hpp"

namespace virtscale::replay {
namespace {

// Adds sections to a document.
class Draft {
 public:
  Draft(const Case& of, const Proofs& proofs, const DraftTerms& terms) : of_(of), proofs_(proofs), terms_(terms) {}

  Document write() {
    document_.title = title();
    document_.lead =
        "A draft. Sentences with a place in brackets are derived from the log: a line of the ledger, or a record as "
        "topic/partition@offset. What is for people to write is marked so. It names stages and parts, not persons.";
    add(head());
    section("Summary", summary_facts(of_),
            "In two sentences, for someone who was not there: what happened, and why it matters.");
    section("Impact", impact_facts(of_), "What customers noticed, for how long, and how many of them.");
    section("Detection and times", time_facts(of_), "Was the signal the right one, and did it come early enough?");
    section("Timeline", timeline_facts(of_), "");
    section("Decisions", decision_facts(of_), "");
    section("Rules in force, and changes in the day before", rule_facts(of_), "");
    section("Root cause", {},
            "Why it happened: what had to be true for it to happen, and which of that was not known.");
    section("Resolution", {}, "What ended it, and what is left to do.");
    lessons();
    actions();
    section("How complete this is", completeness(), "");
    section("To reproduce", reproduction(), "");
    section("Appendix: ledger lines and proofs", appendix(), "");
    return std::move(document_);
  }

 private:
  void add(std::vector<Block> blocks) {
    for (auto& block : blocks) document_.blocks.push_back(std::move(block));
  }
  void section(const std::string& heading, std::vector<Block> blocks, const std::string& question) {
    document_.blocks.emplace_back(Heading{heading});
    add(std::move(blocks));
    if (!question.empty()) document_.blocks.emplace_back(ForPeople{question});
  }

  std::string title() const {
    const auto what =
        of_.traces.size() == 1 ? name_of(of_.traces.front()) : std::to_string(of_.traces.size()) + " scale events";
    const auto whose = of_.traces.size() == 1 ? of_.org + "/" + of_.service : of_.org;
    return "Postmortem: " + what + " of " + whose;
  }

  std::string outcome() const {
    std::map<std::string, std::int64_t> counts;
    for (const auto& line : of_.lines) {
      if (!line.line.ends) ++counts[line.line.decision];
    }
    if (counts.empty()) return "open: there is no ledger line yet";
    if (of_.traces.size() == 1) return counts.begin()->first;
    std::string text;
    for (const auto& [decision, count] : counts)
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + decision;
    return text;
  }

  std::string lines_text() const {
    std::string text;
    for (const auto& line : of_.lines) text += (text.empty() ? "" : ", ") + std::to_string(line.line.index);
    return text.empty() ? "none yet" : text + " of " + of_.org;
  }

  std::chrono::sys_days counted_from() const { return day_of(of_.end, terms_.calendar); }
  std::chrono::sys_days due() const { return business_day_after(counted_from(), business_days_due, terms_.calendar); }

  // How the day was found, so that it can be counted again.
  std::string count() const {
    const auto& calendar = terms_.calendar;
    auto text = std::to_string(business_days_due) + " business days after " + to_text(counted_from()) + ", ";
    if (calendar.name.empty())
      return text + "Monday to Friday in UTC: the log had no calendar of the org, so no holiday is left out";
    text += "in " + calendar.zone;
    const auto left_out = holidays_between(counted_from(), due(), calendar);
    for (std::size_t i = 0; i < left_out.size(); ++i)
      text += (i == 0 ? "; left out beside weekends: " : ", ") + to_text(left_out[i]);
    return text + (left_out.empty() ? "; no holiday falls between" : "");
  }

  std::string calendar() const {
    const auto name = name_of(terms_.calendar);
    if (name.empty()) return "none";
    return name + (terms_.calendar.cites.empty() ? "" : " [" + terms_.calendar.cites.front() + "]");
  }

  std::string events() const {
    if (of_.traces.size() == 1) return name_of(of_.traces.front());
    return std::to_string(of_.traces.size()) + ", listed below";
  }

  // `virtscale postmortem add` reads Due, Calendar, Org and Scale event again.
  std::vector<Block> head() const {
    return {DocumentTable{{{"", ""},
                           {"Status", "Draft"},
                           {"Due", to_text(due())},
                           {"Counted", count()},
                           {"Calendar", calendar()},
                           {"Org", of_.org},
                           {"Service", of_.service},
                           {"Scale event", events()},
                           {"Decision", outcome()},
                           {"From, to (UTC)", moment_text(of_.begin) + ", " + moment_text(of_.end)},
                           {"Ledger lines", lines_text()},
                           {"Authors", to_be_written},
                           {"Reviewers", to_be_written}}}};
  }

  void lessons() {
    section("Lessons", {}, "What went well.");
    document_.blocks.emplace_back(ForPeople{"What went wrong."});
    document_.blocks.emplace_back(ForPeople{"Where we were lucky."});
  }

  void actions() {
    section("Actions",
            {DocumentTable{{{"Action", "Kind", "Owner", "Due"},
                            {to_be_written, "prevent, detect or mitigate", to_be_written, to_be_written}}}},
            "");
  }

  std::vector<Block> completeness() const {
    std::size_t records = 0;
    std::size_t copies = 0;
    bool settled = true;
    for (const auto& trace : of_.traces) {
      records += trace.records.size();
      copies += static_cast<std::size_t>(std::ranges::count(trace.records, Relation::copy, &TracedRecord::relation));
      settled = settled && trace.settled;
    }
    Items items;
    items.sentences = {
        {"The log holds " + count_text(static_cast<std::int64_t>(records), "record") + " of this case, " +
             (copies == 0 ? "none" : std::to_string(copies)) + " of them a copy that a restart left.",
         {"trace"}},
        {settled ? "Signed checkpoints cover all of its ledger lines."
                 : "Not all of its ledger lines are covered by a signed checkpoint in this log.",
         {"trace"}},
        {"That these records are what the folds decide, to the byte, is what the last command below proves. It was not "
         "run for this draft.",
         {}}};
    if (of_.is_cut) {
      items.sentences.push_back(
          {"The log is a capsule: it holds what the decision depends on, and not what else there was.", {}});
    }
    return {items};
  }

  std::vector<Block> reproduction() const {
    const auto log = " --log " + terms_.log;
    const Instant after{of_.end.us + 1};
    auto text = "virtscale-replay postmortem " + terms_.arguments + log + "\n";
    for (const auto& trace : of_.traces) {
      if (of_.traces.size() <= 3) text += "virtscale-replay trace " + name_of(trace) + log + "\n";
    }
    text +=
        "virtscale-replay verify --org " + of_.org + " --from " + to_text(of_.begin) + " --to " + to_text(after) + log;
    std::vector<Block> blocks = {Verbatim{text}};
    const auto note = parse_note(proofs_.checkpoint);
    const auto checkpoint = note ? parse_checkpoint(note->text) : std::nullopt;
    if (checkpoint) {
      blocks.emplace_back(
          Paragraph{{{"The root to expect of " + checkpoint->origin + " at " + std::to_string(checkpoint->tree.size) +
                          " lines: " + base64(checkpoint->tree.root) + ".",
                      {"checkpoint"}}}});
    }
    return blocks;
  }

  std::vector<Block> appendix() const {
    std::vector<Block> blocks = {Paragraph{{{proofs_.verdict, {}}}}};
    for (const auto& line : of_.lines) {
      blocks.emplace_back(Heading{"Line " + std::to_string(line.line.index) + ", " + cites(line.place).front(), 3});
      blocks.emplace_back(Verbatim{line.text});
    }
    if (proofs_.proofs.empty()) return blocks;
    std::string text;
    for (const auto& file : terms_.proof_files)
      text += (text.empty() ? "" : "\n") + ("virtscale ledger check-proof " + file) + " --key KEYFILE";
    blocks.emplace_back(
        Paragraph{{{"Beside this document, each line has a proof (C2SP tlog-proof) that leads to the checkpoint below; "
                    "it is checked with the public key alone, on any machine:",
                    {}}}});
    blocks.emplace_back(Verbatim{text});
    blocks.emplace_back(Verbatim{proofs_.checkpoint});
    return blocks;
  }

  const Case& of_;
  const Proofs& proofs_;
  const DraftTerms& terms_;
  Document document_;
};

}  // namespace

Document draft_of(const Case& of, const Proofs& proofs, const DraftTerms& terms) {
  return Draft(of, proofs, terms).write();
}

}  // namespace virtscale::replay
