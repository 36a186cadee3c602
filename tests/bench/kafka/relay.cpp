#include "schemas/codec.hpp"
#include "tests/bench/kafka/raw_kafka.hpp"
#include "tests/bench/kafka/subject.hpp"

namespace virtscale::bench {
namespace {

// As long as the sentences of the policy stage.
constexpr std::size_t reason_bytes = 150;

std::vector<std::byte> usual_decision() {
  schema::ScaleDecidedT decided;
  decided.service = "service-77";
  decided.reason = std::string(reason_bytes, '.');
  decided.code = "within_envelope";
  decided.name = "request";
  decided.requester = "operator";
  decided.signal_at_us = 1;  // or there is no room for it
  decided.projection.resize(3);
  return schema::encode(decided, "org-7");
}

std::vector<std::byte> usual_admission() {
  schema::ScaleAdmittedT admission;
  admission.service = "service-77";
  admission.spec = std::make_unique<schema::ServiceSpecT>();
  admission.spec->name = admission.spec->haproxy_backend = admission.service;
  admission.spec->cell = "bench";
  admission.names = {"service-77-7f3a91c04be2-1"};
  return schema::encode(admission, "org-7");
}

class Relay final : public Subject {
 public:
  explicit Relay(const Place& place)
      : decisions_(place.prefix + "decisions"),
        outcomes_(place.prefix + "outcomes"),
        producer_(place.bootstrap),
        reader_(place.bootstrap, place.prefix + "signals", place.partitions,
                [this](const LogRecord& record) { relay(record); }) {}

 private:
  void relay(const LogRecord& record) {
    const auto* wanted =
        schema::GetEvent(reinterpret_cast<const std::uint8_t*>(record.value.data()))->body_as_ScaleWanted();
    if (wanted == nullptr) return;
    auto* body = schema::GetMutableEvent(decision_.data())->mutable_body();
    static_cast<schema::ScaleDecided*>(body)->mutate_signal_at_us(wanted->signal_at_us());
    producer_.produce(decisions_, record.from.partition, "bench", admission_);
    producer_.produce(outcomes_, record.from.partition, record.key, decision_);
  }

  std::string decisions_;
  std::string outcomes_;
  std::vector<std::byte> decision_ = usual_decision();
  std::vector<std::byte> admission_ = usual_admission();
  RawProducer producer_;
  RawReader reader_;
};

}  // namespace

std::unique_ptr<Subject> make_relay(const Place& place) {
  return std::make_unique<Relay>(place);
}

}  // namespace virtscale::bench
