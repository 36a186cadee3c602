#include "compose/up/plant.hpp"

#include "compose/site/operations.hpp"
#include "topology/adapters/rocksdb/store.hpp"
#include "topology/adapters/segment/segment_log.hpp"

namespace virtscale {
namespace {

constexpr std::array all_stages = {Source::signal, Source::policy, Source::orchestration, Source::dataplane,
                                   Source::audit};

// The newest timestamp of the log: the clock does not begin before it.
Instant newest_in(Log& log) {
  Instant newest;
  for (std::size_t topic = 0; topic < topics_count; ++topic) {
    for (std::uint32_t p = 0; p < log.layout().partitions[topic]; ++p) {
      const TopicPartition of{static_cast<Topic>(topic), p};
      const auto end = log.end(of);
      if (end == 0) continue;
      log.read(of, end - 1, 1, [&](const LogRecord& record) {
        newest = std::max(newest, record.timestamp);
        return false;
      });
    }
  }
  return newest;
}

}  // namespace

Plant::Plant(const Settings& settings, std::filesystem::path data, Journal& journal, std::function<void()> on_failure)
    : site_(settings, std::move(data), journal, KeyCare::make) {
  open_log(std::move(on_failure));
  start_crew();
  start_servers();
}

Plant::~Plant() {
  signal_server_.reset();
  audit_server_.reset();
  if (crew_) crew_->stop_edges();
  crew_.reset();
}

void Plant::open_log(std::function<void()> on_failure) {
  auto opened = open_segment_log({.directory = site_.data() / "log",
                                  .layout = site_.settings().layout,
                                  .clock = &site_.clock(),
                                  .segment_bytes_max = site_.settings().segment_bytes_max});
  log_ = std::move(opened.log);
  site_.clock().not_before(newest_in(*log_));
  if (opened.recovery.bytes_cut > 0) {
    site_.journal().write(
        {.severity = Severity::warning,
         .message = "the log's torn tail was cut off: it was never confirmed to be durable",
         .fields = {{"bytes", std::to_string(opened.recovery.bytes_cut)}, {"reason", opened.recovery.reason}}});
  }
  failing_ = log_->on_failure([this, on_failure = std::move(on_failure)](const std::string& why) {
    site_.tell(why);
    on_failure();
  });
}

void Plant::start_crew() {
  const auto open_store = [state = site_.data() / "state"](std::string_view stage, std::uint32_t partition) {
    return open_rocksdb_store(state / (std::string(stage) + "-" + std::to_string(partition)));
  };
  crew_ = std::make_unique<Crew>(site_, *log_, std::vector(all_stages.begin(), all_stages.end()), open_store);
  for (const auto stage : all_stages) crew_->role(stage).start();
  crew_->start_edges();
  for (const auto stage : all_stages) crew_->role(stage).learn();
}

// Every server has every route; the ports differ so that clients need not change when stages move apart.
void Plant::start_servers() {
  const auto handler =
      make_operations_handler({.log = *log_,
                               .metrics = site_.metrics(),
                               .authorizer = site_.authorizer(),
                               .ids = site_.ids(),
                               .read_status = [this](auto told) { crew_->read_status(std::move(told)); }},
                              crew_->routes());
  const auto& settings = site_.settings();
  signal_server_ = site_.listen_at(settings.signal, handler);
  audit_server_ = site_.listen_at(settings.audit, handler);
  site_.journal().write({.message = "up",
                         .fields = {{"signal", settings.signal.address + ":" + std::to_string(signal_server_->port())},
                                    {"audit", settings.audit.address + ":" + std::to_string(audit_server_->port())},
                                    {"data", site_.data().string()}}});
}

void Plant::drain() {
  signal_server_.reset();
  audit_server_.reset();
  crew_->stop_edges();
  crew_->drain();
  log_->sync();
}

}  // namespace virtscale
