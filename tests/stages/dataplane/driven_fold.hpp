// The fold of dataplane, driven record by record, with what it does written as lines that a test can compare.
//
// The one thing to know: an answer is given to a request that was asked, as the host does it; what the fold asks and
// sets is kept until it is answered or fired.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "stages/dataplane/fold.hpp"

namespace virtscale::dataplane::test {

using Lines = std::vector<std::string>;

/// A request that is not answered yet.
struct Asked {
  EventId id;
  ScaleId scale;
  std::string org;
  std::vector<std::byte> event;
};

/// That a domain of the service `web` is to leave. The text is borrowed.
inline schema::DomainRetiredT retired(std::string_view domain) {
  schema::DomainRetiredT body;
  body.domain = domain;
  body.service = "web";
  return body;
}

class DrivenFold {
 public:
  /// Folds `body` as a record of `org` and `scale`, and returns what it did, such as `ask AddBackend d1 of 7`,
  /// `DomainServing d1 of 7 to outcomes acme`, `wake drain/acme/d1 at 5000000`.
  template <class Body>
  Lines fold(const Body& body, const std::string& org, std::uint64_t scale) {
    return fold_event(schema::encode(body, org), org, ScaleId{scale}, {}, {});
  }
  /// The same for an event that is encoded already.
  Lines fold(std::vector<std::byte> event, const std::string& org) { return fold_event(event, org, {}, {}, {}); }

  /// Folds the answer to the oldest request for `domain` of the type `Request`. REQUIRES: there is one.
  template <class Request, class Body>
  Lines answer(Body body, const std::string& domain) {
    const auto asked = take(schema::BodyTraits<typename Request::TableType>::enum_value, domain);
    body.domain = domain;
    return answer_to(asked, body);
  }
  /// The same for a request in hand, and an event that is encoded already.
  Lines answer_to(const Asked& asked, const std::vector<std::byte>& event) {
    return fold_event(event, asked.org, asked.scale, asked.id, asked.event);
  }
  template <class Body>
  Lines answer_to(const Asked& asked, const Body& body) {
    return answer_to(asked, schema::encode(body, asked.org));
  }

  /// Fires a timer that is set. REQUIRES: it is.
  Lines fire(const std::string& key);

  State& state() { return state_; }
  std::vector<Asked>& asked() { return asked_; }
  struct SetTimer {
    Instant due;
    std::string org;
    ScaleId scale;
  };
  const std::map<std::string, SetTimer>& timers() const { return timers_; }
  void pass(Duration time) { now_ = now_ + time; }
  /// Everything that was emitted, asked and set so far, byte for byte.
  const std::vector<std::byte>& recording() const { return recording_; }

 private:
  Lines fold_event(const std::vector<std::byte>& event, const std::string& org, ScaleId scale, EventId answers,
                   const std::vector<std::byte>& request);
  Asked take(schema::Body type, const std::string& domain);
  void keep(Outbox& outbox, EventId at, const std::string& org);

  State state_;
  Instant now_;
  std::uint64_t offset_ = 0;
  std::vector<Asked> asked_;
  std::map<std::string, SetTimer> timers_;
  std::vector<std::byte> recording_;
};

/// The domain that an event of dataplane is about.
std::string domain_of(Bytes event);
/// The type of its body.
schema::Body type_of(Bytes event);

}  // namespace virtscale::dataplane::test
