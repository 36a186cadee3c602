#include "replay/log_source.hpp"

#include "replay/capsule_file.hpp"
#include "topology/adapters/kafka/kafka_log.hpp"
#include "topology/adapters/segment/segment_log.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kafka_prefix = "kafka:";

fs::path if_directory(fs::path path) {
  return fs::is_directory(path) ? path : fs::path();
}

LogSource open_directory(const fs::path& directory) {
  const bool has_log_folder = fs::is_directory(directory / "log");
  return {.log = open_segment_log_to_read(has_log_folder ? directory / "log" : directory).log,
          .order = LogOrder::total,
          .keys = if_directory(directory / "keys"),
          .snapshots = if_directory(directory / "snapshot"),
          .index = if_directory(directory / index_name)};
}

LogSource open_cluster(std::string_view where, const KafkaProperties& properties) {
  const auto slash = where.find('/');
  KafkaOptions options{
      .bootstrap = std::string(where.substr(0, slash)), .member = "virtscale-replay", .properties = properties};
  if (slash != where.npos) options.prefix = where.substr(slash + 1);
  return {
      .log = open_kafka_log(options, std::nullopt).log, .order = LogOrder::by_partition, .keys = {}, .snapshots = {}};
}

}  // namespace

LogSource open_log_source(const std::string& where, const KafkaProperties& properties) {
  if (where.starts_with(kafka_prefix))
    return open_cluster(std::string_view(where).substr(kafka_prefix.size()), properties);
  if (!fs::is_regular_file(where)) {
    if (fs::exists(fs::path(where) / manifest_name)) check_manifest(where);
    return open_directory(where);
  }
  const auto unpacked = unpack_capsule(where);
  auto source = open_directory(unpacked->path());
  source.unpacked = unpacked;
  return source;
}

}  // namespace virtscale::replay
