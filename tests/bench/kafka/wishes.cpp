#include "tests/bench/kafka/wishes.hpp"

#include "schemas/codec.hpp"
#include "tests/bench/world/documents.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::bench {
namespace {

constexpr std::uint32_t orgs = 20;
constexpr std::uint32_t services_of_an_org = 100;
constexpr std::uint32_t small_org = 7;
constexpr std::int64_t plenty = 1'000'000'000;
constexpr std::int64_t little = 10'000;

std::string org_name(std::uint64_t n) {
  return "org-" + std::to_string(n);
}
std::string service_name(std::uint64_t n) {
  return "service-" + std::to_string(n);
}

}  // namespace

std::vector<WishRecord> Wishes::documents() {
  std::vector<WishRecord> all;
  for (std::uint32_t n = 0; n < orgs; ++n) {
    const auto org = org_name(n);
    auto applied = encode(contract_of(n == small_org ? little : plenty), org);
    fill_header(applied, {.id = {++written_, 0, 0, Source::edge}});
    all.push_back({partition_of(org, static_cast<std::uint32_t>(lanes_.size())), org, std::move(applied)});
    for (std::uint32_t s = 0; s < services_of_an_org; ++s)
      all.push_back(from_signal(org, encode(service_of(service_name(s)), org), 0));
  }
  return all;
}

WishRecord Wishes::next(std::int64_t signal_at_us) {
  const auto n = wished_++;
  const auto org = org_name(n % orgs);
  schema::ScaleWantedT wish;
  wish.service = service_name(n / orgs % services_of_an_org);
  wish.kind = schema::SignalKind::request;
  wish.name = "request";
  wish.amount = 1;
  wish.requester = "operator";
  wish.signal_at_us = signal_at_us;
  return from_signal(org, encode(wish, org), n + 1);
}

WishRecord Wishes::from_signal(const std::string& org, std::vector<std::byte> event, std::uint64_t scale) {
  const auto partition = partition_of(org, static_cast<std::uint32_t>(lanes_.size()));
  auto& lane = lanes_[partition];
  lane.hash = fill_header(
      event,
      {.id = {++written_, 0, 0, Source::signal}, .scale = {scale}, .lane = ++lane.number, .previous = lane.hash});
  return {partition, org, std::move(event)};
}

std::int64_t signal_at_of(Bytes bytes) {
  const auto* event = schema::GetEvent(reinterpret_cast<const std::uint8_t*>(bytes.data()));
  if (const auto* decided = event->body_as_ScaleDecided()) return decided->signal_at_us();
  const auto* wanted = event->body_as_ScaleWanted();
  return wanted == nullptr ? -1 : wanted->signal_at_us();
}

}  // namespace virtscale::bench
