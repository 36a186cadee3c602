#include "stages/policy/state.hpp"

#include <algorithm>

namespace virtscale::policy {
namespace {

using BuiltViolation = flatbuffers::Offset<schema::MailedViolation>;

flatbuffers::Offset<flatbuffers::Vector<BuiltViolation>> build_mailed(schema::Builder& builder,
                                                                      const Remarks& remarks) {
  std::vector<BuiltViolation> mailed;
  for (const auto& violation : remarks.mailed) mailed.push_back(schema::CreateMailedViolation(builder, &violation));
  return mailed.empty() ? 0 : builder.CreateVector(mailed);
}

}  // namespace

State::State() = default;
State::~State() = default;

std::vector<AnyTable*> State::tables() {
  return {&contracts, &usage, &services, &domains, &refusals, &requests, &calendars, &postmortems};
}

Remarks& remarks_of(ServiceBook& book) {
  if (!book.remarks) book.remarks = std::make_unique<Remarks>();
  return *book.remarks;
}

// As the generated Pack would, field by field in its order.
std::span<std::byte> encode_row(const ServiceBook& book, Arena& arena) {
  const Remarks none;
  const auto& remarks = book.remarks ? *book.remarks : none;
  return schema::built_in(arena, [&](schema::Builder& builder) {
    const auto spec = book.spec.build(builder);
    const auto held_code = builder.text_if_any(remarks.held_code);
    const auto mailed = build_mailed(builder, remarks);
    builder.Finish(schema::CreateServiceBook(builder, spec, book.committed, book.reserved, book.leaving,
                                             book.last_out_us, book.last_in_us, held_code, remarks.held_at_us, mailed));
  });
}

bool decode_row(Bytes bytes, ServiceBook& book) {
  schema::ServiceBookT row;
  if (!schema::decode_row(bytes, row)) return false;
  book = {.spec = schema::PackedSpec(*row.spec),
          .remarks = nullptr,
          .last_out_us = row.last_out_us,
          .last_in_us = row.last_in_us,
          .committed = row.committed,
          .reserved = row.reserved,
          .leaving = row.leaving};
  if (row.held_code.empty() && row.held_at_us == 0 && row.mailed.empty()) return true;
  auto& remarks = remarks_of(book);
  remarks.held_code = row.held_code;
  remarks.held_at_us = row.held_at_us;
  for (const auto& violation : row.mailed) remarks.mailed.push_back(*violation);
  return true;
}

std::int32_t replicas_now(const ServiceBook& book) {
  return std::max(0, book.committed + book.reserved - book.leaving);
}

}  // namespace virtscale::policy
