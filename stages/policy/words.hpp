// What policy says to people: reasons, remedies, and the mail to an org's owner.
//
// The one thing to know: sentences are part of the recorded bytes, so changing a word is a change of the fold.
#pragma once

#include <string>
#include <string_view>

#include "stages/policy/gate.hpp"
#include "stages/policy/step.hpp"
#include "topology/contract/units.hpp"

namespace virtscale::policy {

/// `vcpu`, `ram` or `disk`, as documents and ledger lines write it.
std::string_view name_of(schema::Dimension dimension);

/// One amount with its unit: `10 vCPU`, `48 GiB RAM`, `100 GiB disk`. Exact: the largest unit that divides it.
std::string amount_text(schema::Dimension dimension, std::int64_t amount);

/// Two amounts in one unit: `90 of 110 vCPU`.
std::string share_text(schema::Dimension dimension, std::int64_t used, std::int64_t of);

/// All three: `90 of 110 vCPU (81.8 %), 432 of 528 GiB RAM (81.8 %) and 900 of 11264 GiB disk (8.0 %)`.
std::string projection_text(const Amounts& after, const Amounts& envelope);

/// A sentence about the smallest change that would admit, and one about how many domains fit now.
std::string remedy_text(const Remedy& remedy, const Terms& terms);

/// `9 replicas`, `1 domain`: a count with its noun in the right number. REQUIRES: the plural takes an `s`.
std::string count_text(std::int64_t count, std::string_view noun);

/// An instant as RFC 3339 writes it, to the millisecond, such as `2026-04-21T02:14:12.418Z`.
std::string instant_text(Instant at);

/// The mail about a refusal, for the owner `to` of `org`.
schema::SendMailT refusal_mail(std::string_view org, std::string_view to, const Ask& ask,
                               const schema::ScaleDecidedT& decided);

}  // namespace virtscale::policy
