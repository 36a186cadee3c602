#include "topology/host/admission.hpp"

#include <algorithm>

#include "topology/contract/event_hash.hpp"

namespace virtscale {
namespace {

schema::Body body_named(std::string_view name) {
  for (auto body : schema::EnumValuesBody()) {
    if (schema::name_of(body) == name) return body;
  }
  return schema::Body::NONE;
}

std::uint64_t bit_of(std::string_view name) {
  return std::uint64_t{1} << static_cast<unsigned>(body_named(name));
}

// Answers and timers come back to the partition that asked, whatever their key.
bool goes_by_key(const schema::Event& event) {
  return event.header()->id().stage() == static_cast<std::uint8_t>(Source::edge) &&
         event.header()->answers().offset() == 0 && event.header()->answers().stage() == 0 &&
         event.body_type() != schema::Body::TimerFired && event.body_type() != schema::Body::FoldActivated;
}

const flatbuffers::String* service_of_alert(const schema::Event& event) {
  if (const auto* raised = event.body_as_AlertRaised()) return raised->service();
  if (const auto* resolved = event.body_as_AlertResolved()) return resolved->service();
  return nullptr;
}

// Producers of alerts are not ours: a service's alerts under another key could land in a partition where nothing is
// known of the service.
bool has_the_key_of_its_service(const LogRecord& record, const schema::Event& event) {
  const auto* service = service_of_alert(event);
  if (service == nullptr) return true;
  const auto org = event.org()->string_view();
  return record.key.size() == org.size() + 1 + service->size() && record.key.starts_with(org) &&
         record.key[org.size()] == '/' && record.key.ends_with(service->string_view());
}

// Where the hash stands in the event, counted from its beginning.
std::size_t place_of_hash(const schema::Header& header, Bytes event) {
  constexpr std::size_t in_header = 64;
  static_assert(sizeof(schema::Header) == 80);
  return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&header) - event.data()) + in_header;
}

// The name of an org, a service or a cell becomes a key, alone or as one of two joined by '/'. One that is longer than
// any of ours would make events that no log takes; one with a '/' could pass for two others.
constexpr std::size_t name_bytes_max = 255;

bool is_part_of_a_key(const flatbuffers::String& name) {
  return name.size() <= name_bytes_max && name.string_view().find('/') == std::string_view::npos;
}

bool names_are_sound(const schema::Event& event) {
  if (!is_part_of_a_key(*event.org())) return false;
  if (const auto* service = event.body_as_ServiceApplied())
    return is_part_of_a_key(*service->spec()->name()) && is_part_of_a_key(*service->spec()->cell());
  const auto* cell = event.body_as_CellApplied();
  return cell == nullptr || is_part_of_a_key(*cell->name());
}

// What an event holds when it is unpacked, at least. In a FlatBuffer a text or a table may be referred to many times,
// so that a few thousand bytes unpack to gigabytes; the encoders of ours never do that.
class UnpackedBytes final : public flatbuffers::IterationVisitor {
 public:
  struct TooMany {};  // thrown: the walk itself would take as long as the unpacking

  void Field(std::size_t, std::size_t, flatbuffers::ElementaryType type, bool is_vector,
             const flatbuffers::TypeTable* table, const char*, const std::uint8_t* value) override {
    if (value != nullptr) add(is_vector ? sizeof(flatbuffers::uoffset_t) : flatbuffers::InlineSize(type, table));
  }
  void Element(std::size_t, flatbuffers::ElementaryType type, const flatbuffers::TypeTable* table,
               const std::uint8_t*) override {
    add(flatbuffers::InlineSize(type, table));
  }
  void String(const flatbuffers::String* text) override { add(text->size()); }

 private:
  void add(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > event_bytes_max) throw TooMany();
  }
  std::size_t bytes_ = 0;
};

// Smaller events cannot hold enough references to get large.
constexpr std::size_t harmless_bytes = 1'024;

bool unpacks_within_bounds(const LogRecord& record, const schema::Event& event) {
  if (record.value.size() <= harmless_bytes || event.header()->id().stage() != 0) return true;
  UnpackedBytes bytes;
  try {
    flatbuffers::IterateFlatBuffer(reinterpret_cast<const std::uint8_t*>(record.value.data()), schema::EventTypeTable(),
                                   &bytes);
  } catch (const UnpackedBytes::TooMany&) {
    return false;
  }
  return true;
}

std::uint64_t in_its_lane(std::uint64_t own, std::uint64_t previous, const schema::Header& header) {
  return header.lane() == 0 ? own : chained(previous, header.lane(), own);
}

}  // namespace

AllowedEvents::AllowedEvents(Topic inbox) {
  for (const auto& flow : graph::flows) {
    if (flow.topic == inbox) by_source_[static_cast<std::size_t>(flow.from)] |= bit_of(flow.event);
  }
  for (const auto name : graph::host_events) by_source_[static_cast<std::size_t>(Source::edge)] |= bit_of(name);
  // "Not found" is bit 0, which is also the body NONE: never allowed.
  for (auto& bits : by_source_) bits &= ~std::uint64_t{1};
}

EventId id_of(const schema::EventId& id) {
  return {id.offset(), id.partition(), id.index(), static_cast<Source>(id.stage())};
}

schema::EventId to_schema(const EventId& id) {
  return {id.offset, id.partition, id.index, static_cast<std::uint8_t>(id.stage)};
}

const schema::Event* admit(const LogRecord& record, const AllowedEvents& allowed, std::uint32_t partitions,
                           std::string& reason) {
  if (record.value.size() > event_bytes_max) {
    reason = "the record has " + std::to_string(record.value.size()) + " bytes; an event has at most " +
             std::to_string(event_bytes_max);
    return nullptr;
  }
  if (record.key.size() > key_bytes_max) {
    reason = "the record's key has " + std::to_string(record.key.size()) + " bytes; a key has at most " +
             std::to_string(key_bytes_max);
    return nullptr;
  }
  const auto* event = schema::verify_event(record.value);
  if (event == nullptr) {
    reason =
        "the record is not an Event of schemas/envelope.fbs: write it with the current schema and its file identifier";
    return nullptr;
  }
  // The verifier lets bodies of later schemas pass; what they are nobody here can know.
  if (event->body_type() > schema::Body::MAX) {
    reason = "the event has a body of a later schema, number " +
             std::to_string(static_cast<unsigned>(event->body_type())) + ": install the version that has it";
    return nullptr;
  }
  const auto source = event->header()->id().stage();
  if (source > static_cast<std::uint8_t>(Source::audit) ||
      !allowed.allows(static_cast<Source>(source), event->body_type())) {
    reason = std::string(schema::name_of(event->body_type())) + " from source " + std::to_string(source) +
             " is not allowed on topic " + std::string(name_of(record.from.topic)) + ": see topology/graph.hpp";
    return nullptr;
  }
  if (goes_by_key(*event) && partition_of(record.key, partitions) != record.from.partition) {
    reason = "the key belongs to partition " + std::to_string(partition_of(record.key, partitions)) +
             ": produce with the murmur2 partitioner";
    return nullptr;
  }
  if (!has_the_key_of_its_service(record, *event)) {
    reason = "the key of an alert is the org and the service that it names, such as acme-tickets/web";
    return nullptr;
  }
  if (!names_are_sound(*event)) {
    reason =
        "the name of an org, a service or a cell has at most " + std::to_string(name_bytes_max) + " bytes, and no '/'";
    return nullptr;
  }
  if (!unpacks_within_bounds(record, *event)) {
    reason = "the record refers to the same bytes again and again, and unpacks to more than " +
             std::to_string(event_bytes_max) + " bytes: write each text once";
    return nullptr;
  }
  return event;
}

std::uint64_t header_hash(Bytes event, std::uint64_t previous) {
  const auto* header = schema::GetEvent(reinterpret_cast<const std::uint8_t*>(event.data()))->header();
  return in_its_lane(event_hash(event, place_of_hash(*header, event)), previous, *header);
}

std::uint64_t fill_header(std::span<std::byte> event, const HeaderFields& fields) {
  auto& header = schema::mutable_header(event);
  header =
      schema::Header(to_schema(fields.id), to_schema(fields.answers), fields.scale.value, fields.lane, 0, fields.epoch);
  const auto hash = in_its_lane(event_hash(event), fields.previous, header);
  header.mutate_hash(hash);
  return hash;
}

}  // namespace virtscale
