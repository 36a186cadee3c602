// What HAProxy prints, read; and what is to be done next, decided from it.
#include "topology/adapters/haproxy/stat.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topology/adapters/haproxy/plan.hpp"

namespace virtscale::haproxy {
namespace {

using testing::HasSubstr;

Plan plan_of(Aim aim) {
  return {.aim = aim,
          .backend = "web",
          .server = "d1",
          .target = {.address = "127.0.0.1", .port = 80},
          .options = "check inter 200ms"};
}

StatRow row_with(std::string status, std::string check, std::int64_t sessions = 0, std::int64_t queued = 0) {
  return {.proxy = "web",
          .name = "d1",
          .status = std::move(status),
          .check = std::move(check),
          .address = "127.0.0.1:80",
          .sessions = sessions,
          .queued = queued};
}

/// What comes next in a few letters: the command, `wait` or `done`.
std::string next(Aim aim, std::optional<StatRow> row) {
  const auto step = next_of(plan_of(aim), row ? &*row : nullptr);
  if (step.kind == Next::Kind::done) return "done";
  return step.kind == Next::Kind::wait ? "wait" : step.command;
}

TEST(HaproxyStat, ReadsColumnsByNameWhateverTheirOrder) {
  const auto rows = parse_stat(
      "# svname,pxname,scur,qcur,new_column,addr,check_status,status\n"
      "d1,web,3,4,\"a, \"\"quoted\"\" text\",127.0.0.1:80,L7OK,UP\n\n");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1U);
  const auto& row = rows->front();
  EXPECT_EQ(row.proxy + " " + row.name + " " + row.status, "web d1 UP");
  EXPECT_EQ(row.check + " " + row.address, "L7OK 127.0.0.1:80");
  EXPECT_EQ(row.sessions, 3);
  EXPECT_EQ(row.queued, 4);
}

TEST(HaproxyStat, RefusesWhatIsNoTableOfIt) {
  EXPECT_FALSE(parse_stat(""));
  EXPECT_FALSE(parse_stat("No such proxy.\n"));
  EXPECT_FALSE(parse_stat("# pxname,svname,status\nweb,d1,UP\n"));
}

TEST(HaproxyStat, ReadsShortRowsAsEmptyFields) {
  const auto rows = parse_stat("# pxname,svname,status,check_status,addr,scur,qcur\nweb,d1\n");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->front().status, "");
  EXPECT_EQ(rows->front().sessions, 0);
}

TEST(HaproxyPlan, BringsAServerInByTheSequenceThatDropsNothing) {
  EXPECT_EQ(next(Aim::in, std::nullopt), "add server web/d1 127.0.0.1:80 check inter 200ms");
  EXPECT_EQ(next_of(plan_of(Aim::in), nullptr).then, "enable health web/d1; set server web/d1 state drain");
  EXPECT_EQ(next(Aim::in, row_with("DRAIN", "INI")), "wait");
  EXPECT_EQ(next(Aim::in, row_with("DOWN", "L4CON")), "wait");
  EXPECT_EQ(next(Aim::in, row_with("DRAIN", "L7OK")), "set server web/d1 state ready");
  EXPECT_EQ(next(Aim::in, row_with("DRAIN", "L4OK")), "set server web/d1 state ready");
  EXPECT_EQ(next(Aim::in, row_with("UP 1/3", "INI")), "wait");
  EXPECT_EQ(next(Aim::in, row_with("UP", "L7OK")), "done");
}

TEST(HaproxyPlan, ReplacesAServerOfAnotherAddressOrOneLeftInMaintenance) {
  auto other = row_with("UP", "L7OK");
  other.address = "127.0.0.1:81";
  EXPECT_EQ(next(Aim::in, other), "set server web/d1 state drain");
  other.status = "DRAIN";
  EXPECT_EQ(next(Aim::in, other), "set server web/d1 state maint; del server web/d1");
  EXPECT_EQ(next(Aim::in, row_with("MAINT", "")), "del server web/d1");
}

TEST(HaproxyPlan, TakesAServerOutOnceNothingIsLeftOfIt) {
  EXPECT_EQ(next(Aim::out, row_with("UP", "L7OK")), "set server web/d1 state drain");
  EXPECT_EQ(next(Aim::out, row_with("no check", "")), "set server web/d1 state drain");
  EXPECT_EQ(next(Aim::out, row_with("DRAIN", "L7OK", 1)), "wait");
  EXPECT_EQ(next(Aim::out, row_with("DRAIN", "L7OK", 0, 1)), "wait");
  EXPECT_EQ(next(Aim::out, row_with("DRAIN", "L7OK")), "set server web/d1 state maint; del server web/d1");
  EXPECT_EQ(next(Aim::out, row_with("DOWN", "L4CON", 2)), "set server web/d1 state drain");
  EXPECT_EQ(next(Aim::out, row_with("DOWN", "L4CON")), "set server web/d1 state maint; del server web/d1");
  EXPECT_EQ(next(Aim::out, row_with("MAINT", "", 1)), "wait");
  EXPECT_EQ(next(Aim::out, std::nullopt), "done");
}

TEST(HaproxyPlan, TellsARefusalFromAWorldThatHasMoved) {
  const auto plan = plan_of(Aim::in);
  const auto kind = [&](std::string_view reply) { return verdict_of(plan, reply).kind; };
  EXPECT_EQ(kind("New server registered.\n\n\n\n"), Verdict::Kind::taken);
  EXPECT_EQ(kind("\n"), Verdict::Kind::taken);
  EXPECT_EQ(kind("\nServer deleted.\n\n"), Verdict::Kind::taken);
  EXPECT_EQ(kind("\nServer still has connections attached to it, cannot remove it.\n"), Verdict::Kind::again);
  EXPECT_EQ(kind("Already exists a server with the same name in backend.\n"), Verdict::Kind::again);
  EXPECT_EQ(kind("No such server.\n"), Verdict::Kind::again);
  const auto refusal = verdict_of(plan, "Backend must use a dynamic load balancing to support dynamic servers.\n");
  EXPECT_EQ(refusal.kind, Verdict::Kind::refused);
  EXPECT_FALSE(refusal.failure.temporary);
  EXPECT_THAT(refusal.failure.reason, HasSubstr("`balance leastconn`"));
  EXPECT_THAT(verdict_of(plan, "Permission denied\n").failure.reason, HasSubstr("`level admin`"));
}

TEST(HaproxyPlan, LetsNoNameSmuggleACommandIn) {
  auto plan = plan_of(Aim::in);
  EXPECT_EQ(fault_of(plan), "");
  for (const std::string bad : {"", "web;del", "web d1", "web\nd1", "web/d1", "wéb"}) {
    plan.backend = bad;
    EXPECT_THAT(fault_of(plan), HasSubstr("`haproxy.backend` of the service")) << bad;
  }
  plan = plan_of(Aim::in);
  plan.server = std::string(name_bytes_max + 1, 'd');
  EXPECT_THAT(fault_of(plan), HasSubstr("is not a name for HAProxy"));
  plan = plan_of(Aim::in);
  for (const std::string bad : {"", "host.example", "127.1", "1;quit", "::g"}) {
    plan.target.address = bad;
    EXPECT_THAT(fault_of(plan), HasSubstr("not an IP address and a port")) << bad;
  }
}

TEST(HaproxyPlan, WritesAddressesAsHaproxyPrintsThem) {
  EXPECT_EQ(address_of({.address = "10.0.0.7", .port = 80}), "10.0.0.7:80");
  EXPECT_EQ(address_of({.address = "0:0:0:0:0:0:0:1", .port = 80}), "[::1]:80");
}

}  // namespace
}  // namespace virtscale::haproxy
