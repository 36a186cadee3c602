// The outside world, as one small interface for each kind of effect.
//
// The one thing to know: every operation is idempotent. After a crash or a hand-over, an effect that was asked for and
// not yet answered runs again, and must end in the same net result: one domain, one server, one mail where the
// receiver can tell. Operations return at once; `done` is called exactly once, on any thread, never from within the
// call. Drivers do one attempt; the shell retries within the bounds of `Attempts`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/event.hpp"
#include "topology/contract/units.hpp"

namespace virtscale {

/// How one attempt ended. `reason` is for people: what failed, where, and what to do; it holds no secret.
struct Failure {
  std::string reason;
  bool temporary = true;  ///< another attempt may succeed
};

// --- What a stage's shell is given --------------------------------------------------------------------------------

/// A request that a fold has asked, to be run now.
struct EffectRequest {
  EventId id;
  ScaleId scale;
  std::string org;
  std::vector<std::byte> event;  ///< the encoded Event that asks; verified
};

/// The same as a step of a fold has it: borrowed from where that wrote it.
struct RequestView {
  EventId id;
  ScaleId scale;
  std::string_view org;
  Bytes event;

  EffectRequest kept() const { return {id, scale, std::string(org), {event.begin(), event.end()}}; }
};

/// Takes the encoded Event that answers (schemas/codec.hpp: encode); called once, on any thread.
using Answer = std::function<void(std::vector<std::byte> event)>;

/// How the requests of one stage reach the outside: decodes a request, calls a driver, encodes the answer.
class Effects {
 public:
  virtual ~Effects() = default;
  virtual void perform(std::shared_ptr<const EffectRequest> request, Answer answer) = 0;
  /// Whether the request waits until what led to it is durable, as all must that change something outside. One that
  /// only looks or computes need not: its answer goes behind what asked into the log, and is forgotten with it.
  virtual bool changes_something(const EffectRequest& /*request*/) const { return true; }
};

// --- Domains -------------------------------------------------------------------------------------------------------

/// A domain to be started. The name is unique for ever and is the idempotency key.
struct DomainOrder {
  std::string name;  ///< such as `web-7f3a91c04be2-0`
  std::string org;
  std::string service;
  std::string cell;
  std::string zone;
  std::string node;
  std::uint32_t numa = 0;
  std::int64_t vcpu_milli = 0;
  std::int64_t ram_mib = 0;
  std::int64_t disk_gib = 0;
  std::string domain_template;
  std::vector<std::string> command;  ///< for the driver `process`; `{port}` and `{name}` are replaced in each word
};

/// Where a started domain can be reached.
struct DomainAddress {
  std::string address;  ///< an IP address, never a host name: HAProxy does not resolve names given at run time
  std::uint16_t port = 0;
};

class Domains {
 public:
  virtual ~Domains() = default;
  using Started = std::function<void(const DomainAddress*, const Failure*)>;
  using Stopped = std::function<void(const Failure*)>;
  /// Starts the domain, or finds it running under its name.
  virtual void start(const DomainOrder& order, Started done) = 0;
  /// Stops the domain; one that does not exist is stopped already.
  virtual void stop(const std::string& name, Stopped done) = 0;
  /// The names of the domains of this cell that run, whichever process has started them; for the sweep of orphans. May
  /// block; throws std::exception if it cannot look.
  virtual std::vector<std::string> running(std::string_view cell) = 0;
};

// --- Liveness ------------------------------------------------------------------------------------------------------

struct ProbeOrder {
  DomainAddress target;
  std::string path;  ///< of an HTTP GET; 2xx is alive
  Duration every;
  Duration deadline;
};

class Probe {
 public:
  virtual ~Probe() = default;
  /// `attempts` probes were made. Alive if `failure` is null.
  using Probed = std::function<void(std::uint32_t attempts, const Failure* failure)>;
  /// Probes each `every` until the first success or the deadline.
  virtual void probe(const ProbeOrder& order, Probed done) = 0;
};

// --- Load balancing ------------------------------------------------------------------------------------------------

struct BackendOrder {
  std::string backend;  ///< the load balancer's name for the pool, such as `web`
  std::string server;   ///< the domain's name
  DomainAddress target;
  std::string check_path;
};

class LoadBalancer {
 public:
  virtual ~LoadBalancer() = default;
  /// `servers` in the backend that take traffic after the change.
  using Changed = std::function<void(std::uint32_t servers, const Failure* failure)>;
  /// Adds the server and lets traffic in once the balancer's own check has passed. One that is there already is done.
  virtual void add(const BackendOrder& order, Changed done) = 0;
  /// Stops new traffic, waits until no connection is left, removes the server. One that is not there is done.
  virtual void drain(const std::string& backend, const std::string& server, Changed done) = 0;
};

// --- Mail ----------------------------------------------------------------------------------------------------------

struct MailOrder {
  std::string message_id;  ///< derived from the request, so that a receiver can tell a copy
  std::string to;
  std::string subject;
  std::string text;  ///< UTF-8, lines end in \n
};

class Mail {
 public:
  virtual ~Mail() = default;
  using Sent = std::function<void(const Failure*)>;
  virtual void send(const MailOrder& order, Sent done) = 0;
};

}  // namespace virtscale
