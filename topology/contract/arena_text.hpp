// A text that grows in an arena, and stays there.
#pragma once

#include <cstddef>
#include <string_view>

#include "topology/contract/arena.hpp"

namespace virtscale {

/// Borrows the arena. Writers that know how long their next piece is at most write it in place: `room`, then `end_at`.
class ArenaText {
 public:
  /// With room for so many bytes before the text has to move.
  explicit ArenaText(Arena& arena, std::size_t bytes_expected = 256)
      : arena_(&arena), begin_(piece(bytes_expected)), room_(bytes_expected) {}

  /// Lasts until the arena is cleared or more is written.
  std::string_view view() const { return {begin_, size_}; }

  ArenaText& append(std::string_view more) {
    char* const at = room(more.size());
    end_at(at + more.copy(at, more.size()));
    return *this;
  }

  /// Where the text ends, with so many bytes of room behind it.
  char* room(std::size_t bytes) {
    if (room_ - size_ < bytes) move_to_larger(2 * room_ + bytes);
    return begin_ + size_;
  }
  /// The text ends here. REQUIRES: `at` is in the room that was asked for last.
  void end_at(const char* at) { size_ = static_cast<std::size_t>(at - begin_); }

 private:
  char* piece(std::size_t bytes) { return reinterpret_cast<char*>(arena_->allocate(bytes)); }
  void move_to_larger(std::size_t room) {
    char* const larger = piece(room);
    view().copy(larger, size_);
    begin_ = larger;
    room_ = room;
  }

  Arena* arena_;
  char* begin_;
  std::size_t room_;  // of the text and behind it
  std::size_t size_ = 0;
};

}  // namespace virtscale
