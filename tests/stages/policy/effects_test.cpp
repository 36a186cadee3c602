// The mail effect: attempts in time, and one final answer.
#include "stages/policy/effects.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <vector>

#include "schemas/codec.hpp"

namespace virtscale::policy {
namespace {

// Time that passes when nothing is left to do.
class SteppedExecutor final : public Executor {
 public:
  void post(std::function<void()> run) override { after({}, std::move(run)); }
  void after(Duration delay, std::function<void()> run) override { due_.emplace(now + delay, std::move(run)); }
  void run_until_idle() {
    while (!due_.empty()) {
      const auto first = due_.begin();
      now = std::max(now, first->first);
      const auto run = std::move(first->second);
      due_.erase(first);
      run();
    }
  }
  Instant now;

 private:
  std::multimap<Instant, std::function<void()>> due_;
};

// A mail server that fails until the attempt number `succeeds_at`, or for ever.
class FlakyMail final : public Mail {
 public:
  explicit FlakyMail(SteppedExecutor& clock) : clock_(clock) {}
  void send(const MailOrder& order, Sent done) override {
    orders.push_back(order);
    times.push_back(clock_.now);
    clock_.post([this, number = orders.size(), done = std::move(done)] {
      if (number >= succeeds_at) return done(nullptr);
      done(&failure);
    });
  }
  std::size_t succeeds_at = 1'000;
  Failure failure{.reason = "connection refused by 127.0.0.1:25; is the mail server up?"};
  std::vector<MailOrder> orders;
  std::vector<Instant> times;

 private:
  SteppedExecutor& clock_;
};

class OwnerMailTest : public ::testing::Test {
 protected:
  std::vector<std::byte> perform() {
    schema::SendMailT mail;
    mail.to = "owner@acme-tickets.example";
    mail.subject = "Not scaled";
    mail.text = "Text.\n";
    const auto request = std::make_shared<EffectRequest>(EffectRequest{
        {41, 2, 1, Source::policy}, ScaleId{0x7f3a91c04be2}, "acme-tickets", encode(mail, "acme-tickets")});
    const auto effects = make_effects(server, executor);
    std::vector<std::vector<std::byte>> answers;
    effects->perform(request, [&](std::vector<std::byte> event) { answers.push_back(std::move(event)); });
    executor.run_until_idle();
    EXPECT_EQ(answers.size(), 1u) << "exactly one answer";
    return answers.empty() ? std::vector<std::byte>() : answers.front();
  }

  SteppedExecutor executor;
  FlakyMail server{executor};
};

TEST_F(OwnerMailTest, SendsAtOnceAndAnswers) {
  server.succeeds_at = 1;
  const auto answer = perform();
  const auto* event = schema::verify_event(answer);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->org()->str(), "acme-tickets");
  ASSERT_NE(event->body_as_MailSent(), nullptr);
  EXPECT_EQ(event->body_as_MailSent()->attempts(), 1u);
  EXPECT_EQ(server.orders[0].to, "owner@acme-tickets.example");
  EXPECT_EQ(server.orders[0].subject, "Not scaled");
  EXPECT_EQ(server.orders[0].text, "Text.\n");
  EXPECT_EQ(server.orders[0].message_id, "evt-7f3a91c04be2.2.41.1@policy.virtscale");
}

TEST_F(OwnerMailTest, TriesFiveTimesWithinTheFirst30Seconds) {
  server.succeeds_at = 5;
  const auto answer = perform();
  ASSERT_NE(schema::verify_event(answer)->body_as_MailSent(), nullptr);
  EXPECT_EQ(schema::verify_event(answer)->body_as_MailSent()->attempts(), 5u);
  EXPECT_LE(server.times.back(), Instant{} + seconds(30));
  EXPECT_EQ(server.orders.front().message_id, server.orders.back().message_id) << "a receiver can tell a copy";
}

TEST_F(OwnerMailTest, GoesOnSlowlyForTenMinutesAndThenSaysWhyNot) {
  const auto answer = perform();
  const auto* failed = schema::verify_event(answer)->body_as_MailFailed();
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->reason()->str(), server.failure.reason);
  EXPECT_EQ(failed->attempts(), server.orders.size());
  EXPECT_GT(server.times.back(), Instant{} + seconds(500));
  EXPECT_LE(server.times.back(), Instant{} + seconds(600));
  EXPECT_LE(server.orders.size(), mail_budget.attempts_max);
}

TEST_F(OwnerMailTest, DoesNotInsistWhenTheServerSaysNever) {
  server.failure = {.reason = "550 no such user", .temporary = false};
  const auto answer = perform();
  ASSERT_NE(schema::verify_event(answer)->body_as_MailFailed(), nullptr);
  EXPECT_EQ(schema::verify_event(answer)->body_as_MailFailed()->attempts(), 1u);
}

}  // namespace
}  // namespace virtscale::policy
