// Calendars and postmortems: what is drafted, changed, closed and refused, and what the edge shows of it.
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "stages/policy/edges.hpp"
#include "tests/stages/policy/harness.hpp"
#include "tests/stages/policy/kept_answers.hpp"

namespace virtscale::policy {
namespace {

namespace json = boost::json;

const std::string draft_hash(64, 'a');
const std::string final_hash(64, 'b');

schema::CalendarAppliedT calendar_document(std::int64_t version = 1, std::vector<std::string> holidays = {"2026-05-01"},
                                           std::string zone = "Europe/Berlin") {
  schema::CalendarAppliedT calendar;
  calendar.version = version;
  calendar.name = "de-berlin";
  calendar.zone = std::move(zone);
  calendar.holidays = std::move(holidays);
  return calendar;
}

schema::PostmortemDraftedT draft(std::string name = "postmortem-evt-25c0d1feaf2b", std::string sha256 = draft_hash) {
  schema::PostmortemDraftedT drafted;
  drafted.name = std::move(name);
  drafted.sha256 = std::move(sha256);
  drafted.due = "2026-05-06";
  drafted.calendar = "de-berlin, version 1";
  return drafted;
}

schema::PostmortemClosedT closing(std::string name = "postmortem-evt-25c0d1feaf2b", std::string sha256 = final_hash) {
  schema::PostmortemClosedT closed;
  closed.name = std::move(name);
  closed.sha256 = std::move(sha256);
  return closed;
}

std::string code_of(const Done& done) {
  const auto* folded = done.only<schema::DocumentFolded>();
  const bool accepts = folded->code()->str() == "created" || folded->code()->str() == "changed" ||
                       folded->code()->str() == "unchanged" || folded->code()->str() == "closed";
  EXPECT_EQ(folded->accepted(), accepts);
  EXPECT_EQ(accepts, folded->detail() == nullptr || folded->detail()->str().empty()) << "a refusal says why";
  return folded->code()->str();
}

// --- Calendars -----------------------------------------------------------------------------------------------------

TEST(PolicyCalendars, AreTakenInVersionsThatGrow) {
  Harness policy;
  const auto done = policy.fold(calendar_document(3));
  EXPECT_EQ(code_of(done), "created");
  EXPECT_EQ(done.only<schema::DocumentFolded>()->kind()->str(), "Calendar");
  EXPECT_EQ(done.only<schema::DocumentFolded>()->name()->str(), "de-berlin");
  EXPECT_EQ(done.only<schema::DocumentFolded>()->version(), 3);
  EXPECT_EQ(done.emission<schema::DocumentFolded>().answers, policy.last_id());
  EXPECT_EQ(code_of(policy.fold(calendar_document(3))), "unchanged");
  EXPECT_EQ(code_of(policy.fold(calendar_document(3, {"2026-05-14"}))), "stale_version") << "another content";
  EXPECT_EQ(code_of(policy.fold(calendar_document(2))), "stale_version");
  EXPECT_EQ(policy.state.calendars.find("acme-tickets")->version, 3);
  EXPECT_EQ(code_of(policy.fold(calendar_document(4, {"2026-05-14", "2026-05-01", "2026-05-14"}))), "changed");
  EXPECT_EQ(policy.state.calendars.find("acme-tickets")->holidays,
            (std::vector<std::string>{"2026-05-01", "2026-05-14"}))
      << "in their order, each once";
}

TEST(PolicyCalendars, OfOneOrgAreNoOthers) {
  Harness policy;
  policy.fold(calendar_document(5));
  EXPECT_EQ(code_of(policy.fold_of("other", calendar_document(1, {}, "UTC"))), "created");
  EXPECT_EQ(policy.state.calendars.find("acme-tickets")->zone, "Europe/Berlin");
}

TEST(PolicyCalendars, ThatMakeNoSenseAreRefused) {
  Harness policy;
  for (const auto& wrong :
       {calendar_document(0), calendar_document(1, {"2026-02-29"}), calendar_document(1, {"2026-13-01"}),
        calendar_document(1, {"soon"}), calendar_document(1, {"2026-05-1x"}), calendar_document(1, {}, ""),
        calendar_document(1, {}, "../etc/passwd"), calendar_document(1, {}, std::string(65, 'a')),
        calendar_document(1, std::vector<std::string>(holidays_max + 1, "2026-05-01"))})
    EXPECT_EQ(code_of(policy.fold(wrong)), "invalid");
  auto nameless = calendar_document();
  nameless.name = "de/berlin";
  EXPECT_EQ(code_of(policy.fold(nameless)), "invalid");
  EXPECT_EQ(code_of(policy.fold(calendar_document(1, {"2028-02-29"}))), "created") << "a leap year";
  EXPECT_EQ(policy.state.calendars.size(), 1u);
}

// --- Postmortems ---------------------------------------------------------------------------------------------------

TEST(PolicyPostmortems, AreKnownFromTheirDraftToTheirEnd) {
  Harness policy;
  const auto scale = policy.next_scale();
  const auto done = policy.fold(draft(), scale);
  EXPECT_EQ(code_of(done), "created");
  EXPECT_EQ(done.only<schema::DocumentFolded>()->kind()->str(), "Postmortem");
  EXPECT_EQ(done.emission<schema::DocumentFolded>().answers, policy.last_id());
  EXPECT_EQ(done.emission<schema::DocumentFolded>().scale, scale);
  EXPECT_EQ(code_of(policy.fold(draft(), scale)), "unchanged");
  EXPECT_EQ(code_of(policy.fold(draft("postmortem-evt-25c0d1feaf2b", std::string(64, 'c')), scale)), "changed");
  policy.now = night + hours(24);
  EXPECT_EQ(code_of(policy.fold(closing())), "closed");
  const auto* book = policy.state.postmortems.find("acme-tickets/postmortem-evt-25c0d1feaf2b");
  EXPECT_EQ(book->scale, scale.value);
  EXPECT_EQ(book->sha256, std::string(64, 'c'));
  EXPECT_EQ(book->due, "2026-05-06");
  EXPECT_EQ(book->drafted_at_us, night.us);
  EXPECT_EQ(book->closed_sha256, final_hash);
  EXPECT_EQ(book->closed_at_us, policy.now.us);
}

TEST(PolicyPostmortems, StayClosedAsTheyWereClosed) {
  Harness policy;
  EXPECT_EQ(code_of(policy.fold(closing())), "unknown_postmortem");
  policy.fold(draft());
  policy.fold(closing());
  EXPECT_EQ(code_of(policy.fold(closing())), "unchanged");
  EXPECT_EQ(code_of(policy.fold(closing("postmortem-evt-25c0d1feaf2b", draft_hash))), "already_closed");
  EXPECT_EQ(code_of(policy.fold(draft())), "already_closed");
  EXPECT_EQ(policy.state.postmortems.find("acme-tickets/postmortem-evt-25c0d1feaf2b")->closed_sha256, final_hash);
  EXPECT_EQ(code_of(policy.fold_of("other", closing())), "unknown_postmortem") << "another org's";
}

TEST(PolicyPostmortems, ThatMakeNoSenseAreRefused) {
  Harness policy;
  auto undated = draft();
  undated.due = "in ten days";
  auto long_calendar = draft();
  long_calendar.calendar = std::string(256, 'a');
  for (const auto& wrong : {undated, long_calendar, draft(""), draft("a/b"), draft(std::string(256, 'a')),
                            draft("a", "abc"), draft("a", std::string(64, 'A'))})
    EXPECT_EQ(code_of(policy.fold(wrong)), "invalid");
  EXPECT_EQ(policy.state.postmortems.size(), 0u);
  policy.fold(draft());
  EXPECT_EQ(code_of(policy.fold(closing("postmortem-evt-25c0d1feaf2b", "abc"))), "invalid");
}

TEST(PolicyPostmortems, AreBoundedAndTheOneThatWasClosedFirstIsForgottenFirst) {
  Harness policy;
  policy.checks_invariants = false;
  policy.fold_of("other", draft());
  for (std::size_t i = 0; i < postmortems_max; ++i) policy.fold(draft("p" + std::to_string(i)));
  EXPECT_EQ(code_of(policy.fold(draft("one-more"))), "too_many");
  EXPECT_EQ(code_of(policy.fold(draft("p7", final_hash))), "changed") << "no new one";
  policy.fold(closing("p7"));
  policy.now = night + seconds(1);
  policy.fold(closing("p3"));
  EXPECT_EQ(code_of(policy.fold(draft("one-more"))), "created");
  EXPECT_EQ(policy.state.postmortems.find("acme-tickets/p7"), nullptr);
  EXPECT_NE(policy.state.postmortems.find("acme-tickets/p3"), nullptr);
  EXPECT_NE(policy.state.postmortems.find("other/postmortem-evt-25c0d1feaf2b"), nullptr);
  EXPECT_EQ(Fold::violated_invariant(policy.state), "");
}

TEST(PolicyPostmortems, BreakAnInvariantWhenHalfClosed) {
  Harness policy;
  policy.fold(draft());
  policy.state.postmortems.modify("acme-tickets/postmortem-evt-25c0d1feaf2b").closed_at_us = 1;
  EXPECT_THAT(Fold::violated_invariant(policy.state), ::testing::HasSubstr("half closed"));
  policy.state.postmortems.erase("acme-tickets/postmortem-evt-25c0d1feaf2b");
  policy.fold(calendar_document());
  policy.state.calendars.modify("acme-tickets").holidays = {"2026-05-14", "2026-05-01"};
  EXPECT_THAT(Fold::violated_invariant(policy.state), ::testing::HasSubstr("not each once in their order"));
}

// --- The edge ------------------------------------------------------------------------------------------------------

class OneToken final : public Authorizer {
 public:
  Access check(std::string_view token, std::string_view org) const override {
    if (token == "ops") return Access::operator_;
    return token == "acme" ? (org == "acme-tickets" ? Access::org : Access::none) : Access::unknown;
  }
};

HttpResponse get(const Harness& policy, const std::string& org, const std::string& token) {
  const OneToken tokens;
  HttpRequest request{.method = "GET", .path = "/v1/postmortems", .query = {}, .headers = {}, .body = {}};
  if (!org.empty()) request.query["org"] = org;
  request.headers["authorization"] = "Bearer " + token;
  std::vector<HttpResponse> answers;
  postmortems_handler([&](const auto& see) { see(std::array<const State*, 1>{&policy.state}); }, tokens)(
      request, std::make_shared<KeptAnswers>(answers));
  return answers.at(0);
}

TEST(PolicyPostmortemsEdge, ShowsEachWithItsDayAndTheZoneOfIt) {
  Harness policy;
  policy.fold(calendar_document());
  policy.fold(draft(), {0x25c0d1feaf2b});
  policy.fold(draft("second"));
  policy.fold(closing("second"));
  policy.fold_of("other", draft("theirs"));
  const auto all = json::parse(get(policy, "", "ops").body);
  EXPECT_EQ(all.at("complete"), true);
  ASSERT_EQ(all.at("postmortems").as_array().size(), 3u);
  const auto& first = all.at("postmortems").at(0);
  EXPECT_EQ(json::serialize(first),
            R"({"org":"acme-tickets","name":"postmortem-evt-25c0d1feaf2b","event":"evt-25c0d1feaf2b","state":"open",)"
            R"("due":"2026-05-06","calendar":"de-berlin, version 1","zone":"Europe/Berlin","sha256":")" +
                draft_hash + R"(","drafted_at_us":)" + std::to_string(night.us) + "}");
  const auto& second = all.at("postmortems").at(1);
  EXPECT_EQ(second.at("event"), "");
  EXPECT_EQ(second.at("state"), "closed");
  EXPECT_EQ(second.at("closed_sha256").as_string(), final_hash);
  EXPECT_EQ(second.at("closed_at_us"), night.us);
  EXPECT_EQ(all.at("postmortems").at(2).at("zone"), "UTC") << "other has no calendar";
}

TEST(PolicyPostmortemsEdge, OpensAnOrgsToItsOwnTokenOnly) {
  Harness policy;
  policy.fold(draft());
  policy.fold_of("acme-tickets2", draft("theirs"));
  const auto own = get(policy, "acme-tickets", "acme");
  EXPECT_EQ(own.status, 200u);
  EXPECT_THAT(own.body, ::testing::Not(::testing::HasSubstr("theirs"))) << "a prefix is another name";
  EXPECT_EQ(get(policy, "acme-tickets2", "acme").status, 403u);
  EXPECT_EQ(get(policy, "", "acme").status, 403u);
  EXPECT_EQ(get(policy, "acme-tickets", "nobody").status, 401u);
  EXPECT_EQ(json::parse(get(policy, "unheard-of", "ops").body).at("postmortems").as_array().size(), 0u);
}

TEST(PolicyPostmortemsEdge, SaysSoWhenThereAreMoreThanItLists) {
  Harness policy;
  policy.checks_invariants = false;
  for (std::size_t org = 0; org < 6; ++org) {
    for (std::size_t i = 0; i < postmortems_max; ++i)
      policy.fold_of("org" + std::to_string(org), draft("p" + std::to_string(i)));
  }
  const auto shown = json::parse(get(policy, "", "ops").body);
  EXPECT_EQ(shown.at("complete"), false);
  EXPECT_EQ(shown.at("postmortems").as_array().size(), postmortems_listed_max);
}

}  // namespace
}  // namespace virtscale::policy
