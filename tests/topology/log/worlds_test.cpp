// The worlds of the logs that need nothing but this process and a directory.
#include "tests/topology/log/world.hpp"
#include "topology/adapters/memory/memory_log.hpp"
#include "topology/adapters/segment/segment_log.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale {
namespace {

class MemoryWorld final : public LogWorld {
 public:
  std::unique_ptr<Log> open(const LogLayout& layout, const Clock& clock) override {
    return std::make_unique<MemoryLog>(layout, clock);
  }
};

class SegmentWorld final : public LogWorld {
 public:
  SegmentWorld(std::uint64_t segment_bytes_max, std::size_t hot_bytes_max)
      : segment_bytes_max_(segment_bytes_max), hot_bytes_max_(hot_bytes_max) {}
  std::unique_ptr<Log> open(const LogLayout& layout, const Clock& clock) override {
    return open_segment_log({.directory = directory_.path(),
                             .layout = layout,
                             .clock = &clock,
                             .segment_bytes_max = segment_bytes_max_,
                             .hot_bytes_max = hot_bytes_max_})
        .log;
  }

 private:
  TemporaryDirectory directory_;
  const std::uint64_t segment_bytes_max_;
  const std::size_t hot_bytes_max_;
};

// Small segments and no memory: nearly every read goes through sealed indexes and files.
const auto segment_worlds =
    testing::Values(NamedWorld{"Segment", [] { return std::make_unique<SegmentWorld>(128U << 20U, 32U << 20U); }},
                    NamedWorld{"SmallSegments", [] { return std::make_unique<SegmentWorld>(4'096, 0); }});
const auto memory_world = testing::Values(NamedWorld{"Memory", [] { return std::make_unique<MemoryWorld>(); }});
const auto name_of_world = [](const auto& world) { return world.param.name; };

INSTANTIATE_TEST_SUITE_P(Memory, LogConformance, memory_world, name_of_world);
INSTANTIATE_TEST_SUITE_P(Memory, EmbeddedLogConformance, memory_world, name_of_world);
INSTANTIATE_TEST_SUITE_P(Segment, LogConformance, segment_worlds, name_of_world);
INSTANTIATE_TEST_SUITE_P(Segment, PersistentLogConformance, segment_worlds, name_of_world);
INSTANTIATE_TEST_SUITE_P(Segment, EmbeddedLogConformance, segment_worlds, name_of_world);

}  // namespace
}  // namespace virtscale
