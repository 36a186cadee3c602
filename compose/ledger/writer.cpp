#include "compose/ledger/writer.hpp"

#include <sstream>

#include "schemas/codec.hpp"

namespace virtscale::ledger {
namespace {

std::string at(const LogRecord& record, std::string_view what) {
  return "ledger partition " + std::to_string(record.from.partition) + " offset " + std::to_string(record.offset) +
         ": " + std::string(what);
}

}  // namespace

LedgerWriter::LedgerWriter(std::filesystem::path directory, std::function<std::vector<VerifierKey>()> keys)
    : directory_(std::move(directory)), keys_(std::move(keys)) {
  std::istringstream lines(read_file(directory_ / positions_file).value_or(""));
  std::uint32_t partition = 0;
  std::uint64_t offset = 0;
  while (lines >> partition >> offset) resume_[partition] = offset;
}

std::uint64_t LedgerWriter::resume_from(std::uint32_t partition) const {
  const auto position = resume_.find(partition);
  return position == resume_.end() ? 0 : position->second;
}

LedgerWriter::Org& LedgerWriter::org_of(const std::string& name, std::uint32_t partition) {
  auto org = orgs_.find(name);
  if (org != orgs_.end()) return org->second;
  org = orgs_.emplace(name, Org{OrgFiles(directory_ / name), partition, {}}).first;
  org->second.fault = org->second.files.open();
  return org->second;
}

std::string LedgerWriter::take(const LogRecord& record) {
  next_[record.from.partition] = record.offset + 1;
  const auto* event = schema::verify_event(record.value);
  if (event == nullptr) return at(record, "this is not an event");
  const auto* line = event->body_as_LineAppended();
  const auto* checkpoint = event->body_as_CheckpointPublished();
  if (line == nullptr && checkpoint == nullptr) return {};
  const auto name = event->org()->str();
  if (!is_ledger_name(name)) return at(record, "its org cannot be the name of a directory");
  auto& org = org_of(name, record.from.partition);
  if (!org.fault.empty()) return org.fault;
  if (line != nullptr) org.fault = org.files.append(line->index(), line->line()->string_view(), record.offset);
  if (checkpoint != nullptr) org.files.publish(checkpoint->size(), checkpoint->note()->string_view());
  return org.fault;
}

std::string LedgerWriter::flush() {
  const auto keys = keys_();
  std::vector<Org*> written;
  bool for_good = false;
  for (auto& [name, org] : orgs_) {
    if (!org.fault.empty() || !org.files.is_dirty()) continue;
    org.fault = org.files.write(keys);
    for_good = for_good || org.files.written() == OrgFiles::Written::for_good;
    written.push_back(&org);
  }
  const auto not_synced = for_good ? sync_files(directory_) : std::string();
  std::string fault;
  for (auto* org : written) {
    if (org->fault.empty()) org->fault = not_synced.empty() ? org->files.finish() : not_synced;
    if (fault.empty()) fault = org->fault;
  }
  if (written.empty() || !fault.empty()) return fault;
  return write_positions();
}

std::string LedgerWriter::write_positions() {
  auto positions = next_;
  for (const auto& [name, org] : orgs_) {
    auto& position = positions[org.partition];
    // A ledger that stopped with a fault needs its records again after the repair.
    position = org.fault.empty() ? std::min(position, org.files.first_pending(position)) : 0;
  }
  std::string text;
  for (const auto& [partition, offset] : positions)
    text += std::to_string(partition) + " " + std::to_string(offset) + "\n";
  return replace_file(directory_ / positions_file, text);
}

std::size_t LedgerWriter::pending() const {
  std::size_t lines = 0;
  for (const auto& [name, org] : orgs_) lines += org.files.pending();
  return lines;
}

}  // namespace virtscale::ledger
