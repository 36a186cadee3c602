// usage: alert BOOTSTRAP TOPIC ORG/SERVICE NAME VALUE: raises an alert of the service, straight to Kafka.
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>

#include "schemas/envelope_generated.h"

namespace schema = virtscale::schema;

namespace {

using Producer = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;

// Ids of this process: a number that is drawn once, and a count.
schema::EventId next_id() {
  static const std::uint64_t drawn = (std::uint64_t{std::random_device()()} << 32 | std::random_device()()) | 1;
  static std::uint32_t count = 0;
  constexpr std::uint8_t from_outside = 0;
  return {drawn, 0, count++, from_outside};
}

// An Event with an AlertRaised that starts now.
flatbuffers::DetachedBuffer alert(const std::string& org, const std::string& service, const std::string& name,
                                  double value) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto starts_at_us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  const auto fingerprint = org + "/" + service + "/" + name;
  flatbuffers::FlatBufferBuilder builder;
  const auto body = schema::CreateAlertRaisedDirect(builder, service.c_str(), name.c_str(), fingerprint.c_str(),
                                                    starts_at_us, std::llround(1000 * value));
  const schema::Header header(next_id(), schema::EventId(), 0, 0, 0, 0);
  schema::FinishEventBuffer(
      builder, schema::CreateEventDirect(builder, &header, org.c_str(), schema::Body::AlertRaised, body.Union()));
  return builder.Release();
}

void set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  char why[512];
  if (rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof(why)) != RD_KAFKA_CONF_OK) throw std::runtime_error(why);
}

Producer connect(const std::string& bootstrap, rd_kafka_resp_err_t& delivered) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "partitioner", "murmur2_random");
  set(conf, "enable.idempotence", "true");
  rd_kafka_conf_set_opaque(conf, &delivered);
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    *static_cast<rd_kafka_resp_err_t*>(opaque) = message->err;
  });
  char why[512];
  Producer producer(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why)), rd_kafka_destroy);
  if (!producer) throw std::runtime_error(why);
  return producer;
}

// What became of the record: acknowledged by every replica that is in sync, or why not.
rd_kafka_resp_err_t produce(const std::string& bootstrap, const std::string& topic, const std::string& key,
                            const flatbuffers::DetachedBuffer& value) {
  auto delivered = RD_KAFKA_RESP_ERR__TIMED_OUT;
  const auto producer = connect(bootstrap, delivered);
  const auto taken =
      rd_kafka_producev(producer.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
                        RD_KAFKA_V_VALUE(const_cast<std::uint8_t*>(value.data()), value.size()),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
  if (taken != RD_KAFKA_RESP_ERR_NO_ERROR) return taken;
  rd_kafka_flush(producer.get(), 30'000);
  return delivered;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string key = argc == 6 ? argv[3] : "";
  const auto slash = key.find('/');
  if (slash == std::string::npos) {
    std::fprintf(stderr, "usage: %s BOOTSTRAP TOPIC ORG/SERVICE NAME VALUE\n", argv[0]);
    return 2;
  }
  try {
    const auto value = alert(key.substr(0, slash), key.substr(slash + 1), argv[4], std::strtod(argv[5], nullptr));
    const auto error = produce(argv[1], argv[2], key, value);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
    std::fprintf(stderr, "%s at %s: %s\n", argv[2], argv[1], rd_kafka_err2str(error));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}
