#include "replay/postmortem/counterfactual.hpp"

#include <algorithm>

#include "replay/postmortem/words.hpp"
#include "stages/policy/gate.hpp"

namespace virtscale::replay {
namespace {

// What the gate was asked, as the line recorded it.
struct Question {
  policy::Terms terms;
  policy::Usage usage;
  policy::Amounts asked{};
};

Question question_of(const LedgerLine& line) {
  Question question;
  question.terms.overage_percent = static_cast<std::int32_t>(line.overage_percent);
  for (std::size_t i = 0; i < line.projection.size() && i < policy::dimensions_count; ++i) {
    question.terms.quota[i] = line.projection[i].quota;
    question.usage.committed[i] = line.projection[i].committed;
    question.usage.reserved[i] = line.projection[i].reserved;
    question.asked[i] = line.projection[i].asked;
  }
  return question;
}

std::string answer_text(const policy::Verdict& verdict) {
  return verdict.admitted ? "admitted" : "refused: " + std::string(policy::name_of(verdict.binding)) + " binds";
}

std::vector<std::string> row_of(const Question& question, std::int32_t overage) {
  auto terms = question.terms;
  terms.overage_percent = overage;
  const auto verdict = policy::project(terms, question.usage, question.asked);
  const bool is_the_one = overage == question.terms.overage_percent;
  return {"+" + std::to_string(overage) + " %" + (is_the_one ? " (in force)" : ""),
          policy::projection_text(verdict.after, verdict.envelope), answer_text(verdict)};
}

Sentence remedy_of(const LineAt& line, const Question& question) {
  const auto verdict = policy::project(question.terms, question.usage, question.asked);
  if (verdict.admitted) {
    const auto each = std::max<std::int64_t>(1, line.line.to - line.line.from);
    policy::Amounts domain{};
    for (std::size_t i = 0; i < domain.size(); ++i) domain[i] = question.asked[i] / each;
    const auto fit = policy::domains_that_fit(verdict.envelope, question.usage, domain);
    return {"Under the contract in force, " + count_text(fit, "domain") +
                " of this size would have fit at that moment; " + std::to_string(each) +
                (each == 1 ? " was asked for." : " were asked for."),
            cites(line)};
  }
  return {"The smallest change that would have admitted it, as the line says: " + line.line.remedy, cites(line)};
}

}  // namespace

std::vector<Block> counterfactual_of(const LineAt& line) {
  const auto question = question_of(line.line);
  if (line.line.projection.empty())
    return {Paragraph{{{"No contract was in force, so there is none to compare with.", cites(line)}}}};
  if (line.line.code == "beyond_bounds")
    return {Paragraph{{{"The bounds of the service refused, not the contract: " + line.line.remedy, cites(line)}}}};
  if (std::ranges::all_of(question.asked, [](auto amount) { return amount == 0; }))
    return {Paragraph{{{"Nothing more was asked for: every contract admits it.", cites(line)}}}};
  DocumentTable table{{{"Overage", "Usage after the scale, of the envelope", "The gate's answer"}}};
  for (const auto overage : policy::overages_on_offer) table.rows.push_back(row_of(question, overage));
  return {table, Paragraph{{remedy_of(line, question)}}};
}

}  // namespace virtscale::replay
