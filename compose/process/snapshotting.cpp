#include "compose/process/snapshotting.hpp"

#include "compose/process/fold_service.hpp"
#include "topology/adapters/directory/archive.hpp"
#include "topology/adapters/rocksdb/store.hpp"
#include "topology/adapters/s3/archive.hpp"

namespace virtscale {
namespace {

std::unique_ptr<Archive> archive_of(const SnapshotSettings& settings) {
  if (!settings.directory.empty()) return make_directory_archive(settings.directory);
  if (settings.s3.endpoint.empty()) return nullptr;
  return make_s3_archive({.endpoint = settings.s3.endpoint,
                          .region = settings.s3.region,
                          .bucket = settings.s3.bucket,
                          .prefix = settings.s3.prefix,
                          .credentials_file = settings.s3.credentials_file});
}

std::unique_ptr<Store> open_store(const std::string& directory) {
  return open_rocksdb_store(directory);
}

std::string place_of(const SnapshotManifest& manifest) {
  return manifest.owner.stage + " partition " + std::to_string(manifest.owner.partition) + " at offset " +
         std::to_string(manifest.at.folded);
}

}  // namespace

Snapshotting::Snapshotting(Site& site, Log& log, const std::string& identity, Source stage)
    : site_(site), log_(log), stage_(stage), archive_(archive_of(site.settings().snapshots)) {
  const auto tell = [&site](const std::string& what) {
    site.journal().write({.severity = Severity::warning, .message = what});
  };
  if (archive_) snapshots_ = std::make_unique<Snapshots>(*archive_, open_store, tell);
  stores_ = std::make_unique<PartitionStores>(PartitionStoresOptions{
      .state = site.data() / "state",
      .open = open_store,
      .log = log,
      .log_identity = identity,
      .epoch = newest_epoch(stage),
      .snapshots = snapshots_.get(),
      .on_fetched = [&site](const SnapshotManifest& manifest) {
        site.journal().write({.message = "began from a snapshot", .fields = {{"of", place_of(manifest)}}});
      }});
  if (!archive_) return;
  uploads_ = make_executor();
  taker_ = std::make_unique<SnapshotTaker>(
      SnapshotTakerPorts{
          .snapshots = *snapshots_,
          .uploads = *uploads_,
          .scratch = site.data() / "snapshots",
          .on_taken =
              [&site](const SnapshotManifest& manifest) {
                site.journal().write({.message = "took a snapshot", .fields = {{"of", place_of(manifest)}}});
              },
          .tell = tell},
      owner(identity), site.settings().snapshots.keep);
}

Snapshotting::~Snapshotting() {
  stop();
  if (uploads_) uploads_->stop();
}

SnapshotOwner Snapshotting::owner(const std::string& identity) const {
  return {.log = identity, .layout = log_.layout(), .stage = std::string(graph::node_of(stage_).name)};
}

Crew::OpenStore Snapshotting::opener() {
  return [this](std::string_view stage, std::uint32_t partition) { return stores_->open(stage, partition); };
}

void Snapshotting::start(Role& role) {
  const auto every = site_.settings().snapshots.every;
  if (taker_ && every > Duration{}) schedule_ = repeat(*uploads_, every, [this, &role] { take(role); });
}

void Snapshotting::stop() {
  schedule_.reset();
}

bool Snapshotting::take(Role& role) {
  if (!taker_) return false;
  role.use_stores([this](std::uint32_t partition, Store& store) { taker_->take(partition, store); });
  return true;
}

}  // namespace virtscale
