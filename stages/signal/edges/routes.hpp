// What each route is given, and the functions that serve them: one file each.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stages/signal/edges.hpp"
#include "stages/signal/edges/answers.hpp"

namespace virtscale::signal {

using Responder = std::shared_ptr<HttpResponder>;

/// The latest contract version of each org that this edge has seen accepted. Thread-safe.
class ContractVersions {
 public:
  explicit ContractVersions(std::map<std::string, std::int64_t> known) : known_(std::move(known)) {}
  /// -1 if none was seen.
  std::int64_t latest(const std::string& org) const;
  /// A durable record of `outcomes`.
  void seen(const schema::Event& event);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> known_;
};

/// What all routes share; lives as long as the handler or anything that it began.
struct Edges {
  explicit Edges(EdgeParts given)
      : parts(std::move(given)),
        answers(std::make_shared<Answers>(parts.executor)),
        contract_versions(parts.contract_versions) {}
  EdgeParts parts;
  std::shared_ptr<Answers> answers;
  ContractVersions contract_versions;
};

/// A request that was let in: the org and service of its path, and who asks.
struct Admission {
  std::string org;
  std::string service;
  Access access{};
};

/// alerts.cpp
void post_alerts(const std::shared_ptr<Edges>& edges, const Admission& who, const HttpRequest& request, Responder to);
/// requests.cpp
void post_scale(const std::shared_ptr<Edges>& edges, const Admission& who, const HttpRequest& request, Responder to);
/// documents.cpp
void put_documents(const std::shared_ptr<Edges>& edges, const Admission& who, const HttpRequest& request, Responder to);
/// postmortems.cpp
void post_postmortem(const std::shared_ptr<Edges>& edges, const Admission& who, const HttpRequest& request,
                     Responder to);
void post_closed_postmortem(const std::shared_ptr<Edges>& edges, const Admission& who, const HttpRequest& request,
                            Responder to);

}  // namespace virtscale::signal
