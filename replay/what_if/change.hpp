// The changed history: the range folded again with what came from outside, under other documents or by another program.
//
// The one thing to know: it is the recorded history wherever nothing is different. An event that was recorded arrives
// when it did, a request that was answered gets its answer; only what the log cannot know is modelled, and each such
// value is written down.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "replay/what_if/documents.hpp"
#include "replay/what_if/past.hpp"

namespace virtscale::replay {

/// An answer that the log does not have.
struct Modelled {
  ScaleId scale;
  std::string org;
  schema::Body asked{};  ///< such as StartDomain
  std::string about;     ///< the domain
  Instant at;            ///< when it was asked
  Duration took;         ///< drawn from `samples` recorded ones
  std::size_t samples = 0;
};

struct Changed {
  Tally tally;
  std::vector<Modelled> modelled;
  std::size_t moved =
      0;  ///< recorded answers to requests that were asked at another time: they took as long as they did
};

class ChangedHistory {
 public:
  /// Begins where `recorded` has begun, whose `begun` it takes. Both arguments outlive it. Throws UsageError if a
  /// document is refused.
  ChangedHistory(PastReader& recorded, OtherDocuments& documents, std::uint64_t seed);
  ~ChangedHistory();

  /// Takes what was recorded since the last call, and folds up to `until`, with it. What was recorded up to then must
  /// have been read. Throws UsageError if a document is refused, and std::runtime_error if the history cannot be
  /// folded.
  void go_on(Instant until);
  /// Ends the figures. Nothing may follow it.
  void end(Instant at);

  Changed& changed();

 private:
  class Course;
  std::unique_ptr<Course> course_;
};

}  // namespace virtscale::replay
