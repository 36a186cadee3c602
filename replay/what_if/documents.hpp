// The other documents of a what-if: which recorded ones they stand for, and when they are applied.
//
// The one thing to know: one that was applied in the range is replaced where it stands. One that holds already when the
// range begins is changed at its beginning, unless it says the same: then nothing is applied at all.
#pragma once

#include <string>
#include <vector>

#include "replay/what_if/past.hpp"
#include "topology/host/edge_id.hpp"
#include "topology/ports/documents.hpp"

namespace virtscale::replay {

class OtherDocuments {
 public:
  /// REQUIRES: `documents` were read without a fault.
  explicit OtherDocuments(std::vector<Document> documents) : documents_(std::move(documents)) {}

  /// Puts the documents into the inputs of the range. Call once, before anything of the range is folded.
  void apply_to(Past& past, const LogLayout& layout);
  /// Puts one of them into an input that came later, if that is a recorded one about the same. False if it is not.
  bool replace(PastInput& input);

  /// If the event says that one of these documents was refused: a sentence about it; otherwise empty.
  std::string refusal_in(const schema::Event& event) const;

 private:
  bool holds_already(const Document& document, const Past& past, const LogLayout& layout) const;
  void apply_first(const Document& document, Past& past, const LogLayout& layout);

  std::vector<Document> documents_;
  std::vector<bool> replaced_;
  EdgeIds ids_{1};
  std::vector<EventId> applied_;
};

}  // namespace virtscale::replay
