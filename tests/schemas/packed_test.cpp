// What is packed encodes to the bytes of what it was packed from, whatever the document says.
#include <gtest/gtest.h>

#include <limits>

#include "schemas/packed_service.hpp"

namespace virtscale::schema {
namespace {

std::unique_ptr<ScaleRuleT> rule(std::string on, std::string cron, std::int32_t amount) {
  auto rule = std::make_unique<ScaleRuleT>();
  rule->on = std::move(on);
  rule->cron = std::move(cron);
  rule->amount = amount;
  return rule;
}

// Every field of every table says something.
ServiceSpecT full() {
  ServiceSpecT spec;
  spec.name = "web";
  spec.cell = "prod-eu-a";
  spec.domain = Resources(10'000, 49'152, 100);
  spec.domain_template = "<domain/>";
  spec.command = {"serve", "", "--port={port}"};
  spec.replicas_min = 2;
  spec.replicas_max = 40;
  spec.rules.push_back(rule("Hot", "", 2));
  spec.rules.push_back(rule("", "0 8 * * 1-5", -1));
  spec.rules.back()->zone = "Europe/Berlin";
  spec.rules.back()->mode = ScaleMode::to;
  spec.rules.back()->every_us = 30'000'000;
  spec.cooldown_out_us = 60'000'000;
  spec.cooldown_in_us = 300'000'000;
  spec.health = std::make_unique<HealthT>();
  spec.health->path = "/healthz";
  spec.health->every_us = 1'000'000;
  spec.health->deadline_us = 60'000'000;
  spec.vip = "10.0.0.1";
  spec.haproxy_backend = "be_web";
  return spec;
}

ServiceSpecT bare() {
  ServiceSpecT spec;
  spec.name = "web";
  spec.cell = "c";
  return spec;
}

void expect_the_same_bytes(const ServiceSpecT& spec, const std::vector<std::string_view>& names) {
  const PackedSpec packed(spec);
  // Names of every length modulo eight: what stands before the spec moves its padding.
  for (std::string service = "s"; service.size() < 10; service += "s") {
    ScaleAdmittedT admission;
    admission.service = service;
    admission.spec = std::make_unique<ServiceSpecT>(spec);
    admission.from = 3;
    admission.to = 5;
    admission.names.assign(names.begin(), names.end());
    const PackedAdmission at_rest{.service = service, .spec = packed, .from = 3, .to = 5, .names = names};
    EXPECT_EQ(encode(at_rest, "acme"), encode(admission, "acme")) << service;
  }
}

TEST(PackedService, EncodesAnAdmissionAsTheDecodedDocumentDoes) {
  expect_the_same_bytes(full(), {"web-1", "web-2"});
  expect_the_same_bytes(full(), {});
  expect_the_same_bytes(bare(), {"a-domain-of-a-longer-name-than-others"});
}

TEST(PackedService, TellsADocumentWithAnEmptyPartFromOneWithoutIt) {
  auto spec = bare();
  spec.health = std::make_unique<HealthT>();
  spec.rules.push_back(std::make_unique<ScaleRuleT>());
  spec.command = {""};
  expect_the_same_bytes(spec, {});
  EXPECT_FALSE(PackedSpec(spec) == PackedSpec(bare()));
}

TEST(PackedService, KeepsNumbersOfAnySize) {
  auto spec = full();
  for (const auto number : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
                            std::int64_t{-1}, std::int64_t{-64}, std::int64_t{64}, std::int64_t{1} << 35}) {
    spec.domain = Resources(number, -number / 2, number / 3);
    spec.cooldown_in_us = number;
    spec.replicas_min = static_cast<std::int32_t>(number);
    expect_the_same_bytes(spec, {});
  }
}

TEST(PackedService, AnswersWhatADecisionAsks) {
  const PackedSpec spec(full());
  EXPECT_EQ(spec.name(), "web");
  EXPECT_EQ(spec.cell(), "prod-eu-a");
  const auto limits = spec.limits();
  EXPECT_EQ(limits.domain.vcpu_milli(), 10'000);
  EXPECT_EQ(limits.domain.ram_mib(), 49'152);
  EXPECT_EQ(limits.domain.disk_gib(), 100);
  EXPECT_EQ(limits.replicas_min, 2);
  EXPECT_EQ(limits.replicas_max, 40);
  EXPECT_EQ(limits.cooldown_out_us, 60'000'000);
  EXPECT_EQ(limits.cooldown_in_us, 300'000'000);
}

TEST(PackedService, IsEqualIfItSaysTheSame) {
  EXPECT_TRUE(PackedSpec(full()) == PackedSpec(full()));
  auto other = full();
  other.rules.back()->amount = -2;
  EXPECT_FALSE(PackedSpec(full()) == PackedSpec(other));
}

// Who adds a field packs it too, and fills it in full() above.
TEST(PackedService, KnowsEveryFieldOfADocument) {
  EXPECT_EQ(ServiceSpecTypeTable()->num_elems, 13U);
  EXPECT_EQ(ScaleRuleTypeTable()->num_elems, 6U);
  EXPECT_EQ(HealthTypeTable()->num_elems, 3U);
  EXPECT_EQ(ResourcesTypeTable()->num_elems, 3U);
  EXPECT_EQ(ScaleAdmittedTypeTable()->num_elems, 5U);
}

}  // namespace
}  // namespace virtscale::schema
