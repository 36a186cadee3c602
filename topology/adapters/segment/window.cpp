#include "topology/adapters/segment/window.hpp"

#include <algorithm>

namespace virtscale::segment {

Bytes Window::at(std::uint64_t byte, std::size_t wanted) {
  if (byte < begin_ || byte + wanted > begin_ + size_) {
    const std::size_t needed = std::max(wanted, ahead_);
    if (capacity_ < needed) {
      buffer_ = std::make_unique_for_overwrite<std::byte[]>(needed);
      capacity_ = needed;
    }
    size_ = 0;
    begin_ = byte;
    size_ = file_.read_at(byte, {buffer_.get(), needed});
  }
  return {buffer_.get() + (byte - begin_), size_ - (byte - begin_)};
}

std::optional<Bytes> Window::batch_at(std::uint64_t salt, std::uint32_t segment, std::uint64_t byte) {
  const auto header = checked_head(salt, Position::in(segment, byte), at(byte, sizeof(BatchHeader)));
  if (!header) return std::nullopt;
  return checked_batch(salt, Position::in(segment, byte), at(byte, header->bytes));
}

}  // namespace virtscale::segment
