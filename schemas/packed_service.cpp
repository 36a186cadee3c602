#include "schemas/packed_service.hpp"

#include <algorithm>
#include <array>

namespace virtscale::schema {
namespace {

using BuiltTexts = flatbuffers::Offset<flatbuffers::Vector<BuiltText>>;

// Room for what a vector is built from, in place for as many as a document usually has.
template <class Built>
class Offsets {
 public:
  explicit Offsets(std::size_t count) : count_(count) {
    if (count > near_.size()) far_.resize(count);
  }
  Built* begin() { return far_.empty() ? near_.data() : far_.data(); }
  Built* end() { return begin() + count_; }
  flatbuffers::Offset<flatbuffers::Vector<Built>> build(Builder& builder) {
    return count_ == 0 ? 0 : builder.CreateVector(begin(), count_);
  }

 private:
  std::size_t count_;
  std::array<Built, 16> near_;
  std::vector<Built> far_;
};

void pack_limits(Packing& packing, const ServiceSpecT& spec) {
  packing.number(spec.domain.vcpu_milli());
  packing.number(spec.domain.ram_mib());
  packing.number(spec.domain.disk_gib());
  packing.number(spec.replicas_min);
  packing.number(spec.replicas_max);
  packing.number(spec.cooldown_out_us);
  packing.number(spec.cooldown_in_us);
}

std::int32_t narrow(std::int64_t number) {
  return static_cast<std::int32_t>(number);
}

ServiceLimits limits_in(Unpacking& packed) {
  ServiceLimits limits;
  limits.domain.mutate_vcpu_milli(packed.number());
  limits.domain.mutate_ram_mib(packed.number());
  limits.domain.mutate_disk_gib(packed.number());
  limits.replicas_min = narrow(packed.number());
  limits.replicas_max = narrow(packed.number());
  limits.cooldown_out_us = packed.number();
  limits.cooldown_in_us = packed.number();
  return limits;
}

void pack_health(Packing& packing, const HealthT* health) {
  packing.number(health == nullptr ? 0 : 1);
  if (health == nullptr) return;
  packing.text(health->path);
  packing.number(health->every_us);
  packing.number(health->deadline_us);
}

flatbuffers::Offset<Health> build_health(Builder& builder, Unpacking& packed) {
  if (packed.number() == 0) return 0;
  const auto path = build_text(builder, packed);
  const auto every_us = packed.number();
  return CreateHealth(builder, path, every_us, packed.number());
}

flatbuffers::Offset<ScaleRule> build_rule(Builder& builder, Unpacking& packed) {
  const auto on = build_text(builder, packed);
  const auto cron = build_text(builder, packed);
  const auto zone = build_text(builder, packed);
  const auto mode = static_cast<ScaleMode>(packed.number());
  const auto amount = narrow(packed.number());
  return CreateScaleRule(builder, on, cron, zone, mode, amount, packed.number());
}

void pack_texts(Packing& packing, const std::vector<std::string>& texts) {
  packing.number(static_cast<std::int64_t>(texts.size()));
  for (const auto& text : texts) packing.text(text);
}

BuiltTexts build_texts(Builder& builder, Unpacking& packed) {
  Offsets<BuiltText> texts(static_cast<std::size_t>(packed.number()));
  for (auto& text : texts) text = builder.text(packed.text());
  return texts.build(builder);
}

}  // namespace

void pack_rules(Packing& packing, const std::vector<std::unique_ptr<ScaleRuleT>>& rules) {
  packing.number(static_cast<std::int64_t>(rules.size()));
  for (const auto& rule : rules) {
    packing.text(rule->on);
    packing.text(rule->cron);
    packing.text(rule->zone);
    packing.number(static_cast<std::int64_t>(rule->mode));
    packing.number(rule->amount);
    packing.number(rule->every_us);
  }
}

RuleView rule_in(Unpacking& packed) {
  RuleView rule{.on = packed.text(), .cron = packed.text(), .zone = packed.text()};
  rule.mode = static_cast<ScaleMode>(packed.number());
  rule.amount = narrow(packed.number());
  rule.every_us = packed.number();
  return rule;
}

BuiltRules build_rules(Builder& builder, Unpacking& packed) {
  Offsets<flatbuffers::Offset<ScaleRule>> rules(static_cast<std::size_t>(packed.number()));
  for (auto& rule : rules) rule = build_rule(builder, packed);
  return rules.build(builder);
}

BuiltText build_text(Builder& builder, Unpacking& packed) {
  return builder.text_if_any(packed.text());
}

// What decisions ask for comes first; texts in the order in which they are built.
PackedSpec::PackedSpec(const ServiceSpecT& spec) {
  Packing packing;
  packing.text(spec.name);
  packing.text(spec.cell);
  pack_limits(packing, spec);
  packing.text(spec.domain_template);
  pack_texts(packing, spec.command);
  pack_rules(packing, spec.rules);
  pack_health(packing, spec.health.get());
  packing.text(spec.vip);
  packing.text(spec.haproxy_backend);
  packed_ = packing.packed();
}

ServiceLimits PackedSpec::limits() const {
  Unpacking packed(packed_);
  packed.text();
  packed.text();
  return limits_in(packed);
}

std::string_view PackedSpec::name() const {
  return Unpacking(packed_).text();
}

std::string_view PackedSpec::cell() const {
  Unpacking packed(packed_);
  packed.text();
  return packed.text();
}

flatbuffers::Offset<ServiceSpec> PackedSpec::build(Builder& builder) const {
  Unpacking packed(packed_);
  const auto name = builder.text(packed.text());
  const auto cell = builder.text(packed.text());
  const auto limits = limits_in(packed);
  const auto domain_template = build_text(builder, packed);
  const auto command = build_texts(builder, packed);
  const auto rules = build_rules(builder, packed);
  const auto health = build_health(builder, packed);
  const auto vip = build_text(builder, packed);
  const auto haproxy_backend = build_text(builder, packed);
  return CreateServiceSpec(builder, name, cell, &limits.domain, domain_template, command, limits.replicas_min,
                           limits.replicas_max, rules, limits.cooldown_out_us, limits.cooldown_in_us, health, vip,
                           haproxy_backend);
}

flatbuffers::Offset<ScaleAdmitted> PackedAdmission::TableType::Pack(Builder& builder,
                                                                    const PackedAdmission* admission) {
  const auto service = builder.text(admission->service);
  const auto spec = admission->spec.build(builder);
  Offsets<BuiltText> names(admission->names.size());
  std::ranges::transform(admission->names, names.begin(), [&](const auto& name) { return builder.text(name); });
  return CreateScaleAdmitted(builder, service, spec, admission->from, admission->to, names.build(builder));
}

}  // namespace virtscale::schema
