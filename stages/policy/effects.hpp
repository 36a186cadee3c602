// How policy's one request, a mail to an org's owner, reaches the outside.
//
// The one thing to know: a mail is sent within 30 s of the refusal if the mail server takes it, and otherwise tried for
// ten minutes; the final answer is recorded either way.
#pragma once

#include <memory>

#include "topology/host/attempts.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::policy {

/// Attempts 0, 1, 3, 7 and 15 s after the refusal: the first five within the 30 s that the owner is promised; then
/// slower, each minute at last, until ten minutes are over. A mail server that greylists takes it within that time.
inline constexpr RetryBudget mail_budget{
    .attempts_max = 20, .first_pause = seconds(1), .pause_max = seconds(60), .deadline = seconds(600)};

/// Answers SendMail with MailSent or MailFailed. `mail` and `executor` outlive it and all that it has begun.
std::unique_ptr<Effects> make_effects(Mail& mail, Executor& executor);

}  // namespace virtscale::policy
