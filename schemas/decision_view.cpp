#include "schemas/decision_view.hpp"

namespace virtscale::schema {

flatbuffers::Offset<ScaleDecided> DecisionView::TableType::Pack(Builder& builder, const DecisionView* decided) {
  const auto& rows = decided->projection;
  const auto service = builder.text(decided->service);
  const auto reason = builder.text(decided->reason);
  const auto code = builder.text(decided->code);
  const auto remedy = builder.text_if_any(decided->remedy);
  const auto name = builder.text_if_any(decided->name);
  const auto projection = rows.empty() ? 0 : builder.CreateVectorOfStructs(rows.data(), rows.size());
  const auto requester = builder.text_if_any(decided->requester);
  return CreateScaleDecided(builder, service, decided->decision, reason, code, decided->binding, remedy, decided->kind,
                            name, decided->value_milli, decided->queue_depth, decided->signal_at_us,
                            decided->decided_at_us, decided->from, decided->to, decided->contract_version,
                            decided->overage_percent, projection, decided->domains, requester);
}

ScaleDecidedT DecisionView::kept() const {
  ScaleDecidedT decided;
  decided.service = service;
  decided.decision = decision;
  decided.reason = reason;
  decided.code = code;
  decided.binding = binding;
  decided.remedy = remedy;
  decided.kind = kind;
  decided.name = name;
  decided.value_milli = value_milli;
  decided.queue_depth = queue_depth;
  decided.signal_at_us = signal_at_us;
  decided.decided_at_us = decided_at_us;
  decided.from = from;
  decided.to = to;
  decided.contract_version = contract_version;
  decided.overage_percent = overage_percent;
  decided.projection.assign(projection.begin(), projection.end());
  decided.domains = domains;
  decided.requester = requester;
  return decided;
}

}  // namespace virtscale::schema
