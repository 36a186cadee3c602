// Scales: what is wanted, whether the contract admits it, and what is set going.
#include <algorithm>
#include <limits>
#include <string>

#include "stages/policy/step.hpp"

namespace virtscale::policy {
namespace {

constexpr std::string_view forget_prefix = "forget/";

// From how many replicas to how many.
struct Change {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t growth() const { return to - from; }
};

// What a decision stands on: the contract, null if there is none, and what is used under it.
struct Ground {
  const schema::ContractTermsT* contract = nullptr;
  Usage usage;
};

Ground ground_of(const State& state, std::string_view org) {
  const auto* contract = state.contracts.find(org);
  return {contract == nullptr ? nullptr : contract->terms.get(), usage_of(state.usage.find(org))};
}

Ask ask_of(const schema::ScaleWanted& wanted, ScaleId scale) {
  Ask ask{.scale = scale, .service = text(wanted.service()), .kind = wanted.kind(), .name = text(wanted.name())};
  ask.fingerprint = text(wanted.fingerprint());
  ask.mode = wanted.mode();
  ask.amount = wanted.amount();
  ask.value_milli = wanted.value_milli();
  ask.queue_depth = wanted.queue_depth();
  ask.signal_at_us = wanted.signal_at_us();
  if (const auto* request = wanted.request())
    ask.request = {request->offset(), request->partition(), request->index(), static_cast<Source>(request->stage())};
  ask.idempotency_key = text(wanted.idempotency_key());
  ask.requester = text(wanted.requester());
  return ask;
}

std::int32_t narrowed(std::int64_t replicas) {
  using Limits = std::numeric_limits<std::int32_t>;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(replicas, Limits::min(), Limits::max()));
}

// --- What is wanted ------------------------------------------------------------------------------------------------

std::int64_t wanted_replicas(const Ask& ask, std::int64_t from) {
  return ask.mode == schema::ScaleMode::to ? ask.amount : from + ask.amount;
}

bool amount_is_beyond_bounds(const Ask& ask) {
  return ask.amount > replicas_bound_max || ask.amount < -replicas_bound_max;
}

bool target_is_beyond_bounds(std::int64_t to, const schema::ServiceLimits& limits) {
  return to < limits.replicas_min || to > limits.replicas_max;
}

// Within the service's bounds, as alerts and schedules are held to them. A service outside of its bounds is not moved
// against what the signal says: an alert that wants more never takes away.
Change clamped(const Ask& ask, std::int64_t from, const schema::ServiceLimits& limits) {
  const auto to = std::clamp<std::int64_t>(wanted_replicas(ask, from), limits.replicas_min, limits.replicas_max);
  const Change change{from, to};
  const bool reversed = ask.mode == schema::ScaleMode::by && (ask.amount > 0) != (change.growth() > 0);
  return reversed ? Change{from, from} : change;
}

// Why an alert's or a schedule's change that is none is none.
std::string_view idle_code(const Ask& ask, std::int64_t now, const schema::ServiceLimits& limits) {
  const auto wanted = wanted_replicas(ask, now);
  if (wanted > now && now >= limits.replicas_max) return "at_max";
  if (wanted < now && now <= limits.replicas_min) return "at_min";
  return code::already_there;
}

// The cooldown that holds an alert's change now; empty if none does. Requests and schedules know what they do.
std::string_view cooldown_code(const Ask& ask, const Change& change, const ServiceBook& book,
                               const schema::ServiceLimits& limits, Instant now) {
  if (ask.kind != schema::SignalKind::alert) return {};
  const auto last_change = std::max(book.last_out_us, book.last_in_us);
  if (change.growth() > 0)
    return book.last_out_us != 0 && now.us - book.last_out_us < limits.cooldown_out_us ? "cooldown_out" : "";
  return last_change != 0 && now.us - last_change < limits.cooldown_in_us ? "cooldown_in" : "";
}

void hold(ServiceBook& book, std::string_view why, Instant now) {
  auto& remarks = remarks_of(book);
  remarks.held_code = why;
  remarks.held_at_us = now.us;
}

// --- What is decided -----------------------------------------------------------------------------------------------

schema::DecisionView draft(const Step& step, const Ask& ask, const Change& change, const Ground& ground) {
  schema::DecisionView decided;
  decided.service = ask.service;
  decided.kind = ask.kind;
  decided.name = ask.name;
  decided.value_milli = ask.value_milli;
  decided.queue_depth = ask.queue_depth;
  decided.signal_at_us = ask.signal_at_us;
  decided.decided_at_us = step.inbound.now.us;
  decided.from = narrowed(change.from);
  decided.to = narrowed(change.to);
  decided.requester = ask.requester;
  if (ground.contract != nullptr) {
    decided.contract_version = ground.contract->version;
    decided.overage_percent = ground.contract->overage_percent;
  }
  return decided;
}

void put_projection(Step& step, schema::DecisionView& decided, const Ground& ground, const Amounts& asked) {
  if (ground.contract == nullptr) return;
  const auto terms = terms_of(*ground.contract);
  const auto envelope = envelope_of(terms);
  const auto rows = step.outbox.arena().make<schema::Projection>(dimensions_count);
  for (std::size_t i = 0; i < dimensions_count; ++i)
    rows[i] = {dimension_at(i), ground.usage.committed[i], ground.usage.reserved[i], asked[i], terms.quota[i],
               envelope[i]};
  decided.projection = rows;
}

// The texts are borrowed, as all of a view.
schema::DecisionView& refused(schema::DecisionView& decided, std::string_view code, std::string_view reason,
                              std::string_view remedy) {
  decided.decision = schema::Decision::refused;
  decided.code = code;
  decided.reason = reason;
  decided.remedy = remedy;
  return decided;
}

schema::DecisionView& admitted(schema::DecisionView& decided, std::string_view code, std::string_view reason) {
  decided.decision = schema::Decision::admitted;
  decided.code = code;
  decided.reason = reason;
  return decided;
}

// Nothing was asked of the service: the caller hears why, and no scale event comes of it.
void turn_away(Step& step, const Ask& ask, std::string_view code, std::string_view reason, std::string_view remedy) {
  auto decided = draft(step, ask, {}, {});
  schema::ScaleAnsweredT answer;
  answer.service = ask.service;
  answer.decision = std::make_unique<schema::ScaleDecidedT>(refused(decided, code, reason, remedy).kept());
  step.outbox.emit({.topic = Topic::outcomes, .key = step.inbound.org, .scale = ask.scale, .answers = ask.request},
                   answer);
}

void refuse_bounds(Step& step, const Ask& ask, ServiceBook& book, const Change& change) {
  const auto ground = ground_of(step.state, step.inbound.org);
  auto decided = draft(step, ask, change, ground);
  const auto limits = book.spec.limits();
  put_projection(step, decided, ground, times(amounts_of(limits.domain), std::max<std::int64_t>(change.growth(), 0)));
  const auto bounds = std::to_string(limits.replicas_min) + " to " + std::to_string(limits.replicas_max);
  const auto reason = amount_is_beyond_bounds(ask)
                          ? "One scale changes at most " + count_text(replicas_bound_max, "replica") + "."
                          : "The service may have " + bounds + " replicas, not " + std::to_string(change.to) + ".";
  refuse(step, ask, book,
         refused(decided, code::beyond_bounds, reason,
                 "Ask for a number of replicas from " + bounds + ", or apply the service with other bounds."));
}

void refuse_envelope(Step& step, const Ask& ask, ServiceBook& book, const Ground& ground, const Verdict& verdict,
                     schema::DecisionView& decided) {
  const auto terms = terms_of(*ground.contract);
  const auto remedy = remedy_for(terms, ground.usage, amounts_of(book.spec.limits().domain), verdict);
  decided.binding = verdict.binding;
  refuse(step, ask, book,
         refused(decided, code::beyond_envelope,
                 "Beyond the envelope of contract version " + std::to_string(ground.contract->version) + ": " +
                     projection_text(verdict.after, verdict.envelope) + "; " + std::string(name_of(verdict.binding)) +
                     " binds.",
                 remedy_text(remedy, terms)));
}

std::span<const std::string_view> names_of_new(Step& step, const Ask& ask, std::int64_t count) {
  auto& arena = step.outbox.arena();
  const auto scale = text_of(ask.scale);
  const auto names = arena.make<std::string_view>(static_cast<std::size_t>(count));
  std::int64_t number = 0;
  for (auto& name : names)
    name = arena.joined({ask.service, "-", std::string_view(scale).substr(4), "-", std::to_string(++number)});
  return names;
}

void emit_admission(Step& step, const Ask& ask, const ServiceBook& book, const Change& change,
                    std::span<const std::string_view> names) {
  step.outbox.emit({.topic = Topic::decisions, .key = book.spec.cell(), .scale = ask.scale},
                   schema::PackedAdmission{.service = ask.service,
                                           .spec = book.spec,
                                           .from = narrowed(change.from),
                                           .to = narrowed(change.to),
                                           .names = names});
}

void end_refusal_by_admission(Step& step, const Ask& ask, const Change& change) {
  if (ask.kind != schema::SignalKind::alert) return;
  end_refusal(step, ask.service, ask.fingerprint,
              step.outbox.arena().joined({"The answer changed: a scale from ", std::to_string(change.from), " to ",
                                          count_text(change.to, "replica"), " is admitted."}));
}

// --- The four ways of a scale --------------------------------------------------------------------------------------

void grow(Step& step, const Ask& ask, ServiceBook& book, const Change& change, const schema::Resources& domain) {
  const auto ground = ground_of(step.state, step.inbound.org);
  auto decided = draft(step, ask, change, ground);
  if (ground.contract == nullptr)
    return refuse(step, ask, book,
                  refused(decided, code::no_contract, "The org has no contract.",
                          "Apply a contract for the org, then ask again."));
  const auto asked = times(amounts_of(domain), change.growth());
  put_projection(step, decided, ground, asked);
  const auto verdict = project(terms_of(*ground.contract), ground.usage, asked);
  if (!verdict.admitted) return refuse_envelope(step, ask, book, ground, verdict, decided);
  end_refusal_by_admission(step, ask, change);
  const auto names = names_of_new(step, ask, change.growth());
  reserve(step, ask, book, domain, names);
  book.last_out_us = step.inbound.now.us;
  decided.domains = narrowed(change.growth());
  emit_admission(step, ask, book, change, names);
  emit_decision(step, ask,
                admitted(decided, code::within_envelope,
                         step.outbox.arena().joined(
                             {"Within the envelope: ", projection_words(verdict.after, verdict.envelope), "."})));
}

void shrink(Step& step, const Ask& ask, ServiceBook& book, const Change& change) {
  const auto ground = ground_of(step.state, step.inbound.org);
  const auto count = -change.growth();
  auto decided = draft(step, ask, change, ground);
  put_projection(step, decided, ground, {});
  end_refusal_by_admission(step, ask, change);
  book.leaving += narrowed(count);
  book.last_in_us = step.inbound.now.us;
  decided.domains = narrowed(count);
  emit_admission(step, ask, book, change, {});
  emit_decision(step, ask,
                admitted(decided, code::within_envelope,
                         step.outbox.arena().joined({"Gives back ", count_text(count, "domain"), "."})));
}

// A change that is none: an alert or a schedule goes without a word, and a request is told.
void stay(Step& step, const Ask& ask, ServiceBook& book, const Change& change) {
  if (ask.kind != schema::SignalKind::request) {
    hold(book, idle_code(ask, change.from, book.spec.limits()), step.inbound.now);
    if (ask.kind == schema::SignalKind::alert)
      end_refusal(step, ask.service, ask.fingerprint, "The answer changed: nothing more is asked for.");
    return;
  }
  const auto ground = ground_of(step.state, step.inbound.org);
  auto decided = draft(step, ask, change, ground);
  put_projection(step, decided, ground, {});
  emit_decision(
      step, ask,
      admitted(decided, code::already_there,
               step.outbox.arena().joined({"The service has ", count_text(change.from, "replica"), " already."})));
}

// --- Idempotency-Key -----------------------------------------------------------------------------------------------

bool same_question(const schema::AnsweredRequestT& earlier, const Ask& ask) {
  return earlier.decision->service == ask.service && earlier.mode == ask.mode && earlier.amount == ask.amount;
}

// The answer to a question that was asked before under this key.
void answer_again(Step& step, const Ask& ask, const schema::AnsweredRequestT& earlier) {
  if (!same_question(earlier, ask))
    return turn_away(step, ask, code::key_reused, "This Idempotency-Key was used for another request.",
                     "Use a new key for each new request.");
  schema::ScaleAnsweredT answer;
  answer.service = ask.service;
  answer.decision = std::make_unique<schema::ScaleDecidedT>(*earlier.decision);
  step.outbox.emit(
      {.topic = Topic::outcomes, .key = step.inbound.org, .scale = ScaleId{earlier.scale}, .answers = ask.request},
      answer);
}

void remember(Step& step, const Ask& ask, const schema::DecisionView& decided) {
  const JoinedKey key(step.inbound.org, ask.idempotency_key);
  auto& row = step.state.requests.modify(key);
  row.scale = ask.scale.value;
  row.mode = ask.mode;
  row.amount = narrowed(ask.amount);
  row.decision = std::make_unique<schema::ScaleDecidedT>(decided.kept());
  step.outbox.wake(std::string(forget_prefix).append(key), step.inbound.now + request_remembered);
}

}  // namespace

void emit_decision(Step& step, const Ask& ask, const schema::DecisionView& decided) {
  step.outbox.emit({.topic = Topic::outcomes, .key = step.inbound.org, .scale = ask.scale, .answers = ask.request},
                   decided);
  if (!ask.idempotency_key.empty()) remember(step, ask, decided);
}

void consider(Step& step, const Ask& ask, ServiceBook& book) {
  const std::int64_t from = replicas_now(book);
  const auto to = wanted_replicas(ask, from);
  if (amount_is_beyond_bounds(ask)) return refuse_bounds(step, ask, book, {from, to});
  const auto limits = book.spec.limits();
  const bool is_request = ask.kind == schema::SignalKind::request;
  if (is_request && target_is_beyond_bounds(to, limits)) return refuse_bounds(step, ask, book, {from, to});
  const auto change = is_request ? Change{from, to} : clamped(ask, from, limits);
  if (change.growth() == 0) return stay(step, ask, book, change);
  const auto held = cooldown_code(ask, change, book, limits, step.inbound.now);
  if (!held.empty()) return hold(book, held, step.inbound.now);
  if (change.growth() > 0) return grow(step, ask, book, change, limits.domain);
  shrink(step, ask, book, change);
}

void on_scale_wanted(Step& step, const schema::ScaleWanted& wanted) {
  const auto ask = ask_of(wanted, step.inbound.scale);
  const auto org = step.inbound.org;
  if (ask.idempotency_key.size() > idempotency_key_bytes_max)
    return turn_away(step, ask, code::key_too_long, "The Idempotency-Key is too long.",
                     "Use a key of at most " + std::to_string(idempotency_key_bytes_max) + " bytes.");
  if (!ask.idempotency_key.empty()) {
    const auto* earlier = step.state.requests.find(JoinedKey(org, ask.idempotency_key));
    if (earlier != nullptr) return answer_again(step, ask, *earlier);
  }
  auto* book = step.state.services.find_to_modify(JoinedKey(org, ask.service));
  if (book == nullptr)
    return turn_away(step, ask, code::unknown_service, "The org has no service of this name.",
                     "Apply the service, or correct its name.");
  consider(step, ask, *book);
}

void on_timer_fired(Step& step, const schema::TimerFired& timer) {
  const auto key = text(timer.key());
  if (key.starts_with(forget_prefix)) step.state.requests.erase(key.substr(forget_prefix.size()));
}

}  // namespace virtscale::policy
