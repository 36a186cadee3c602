// What of S3's XML is read: the code of an error, and the keys of a listing.
//
// The one thing to know: nothing here is a general XML reader. Elements are found by their tags in a text of bounded
// length, and whatever does not fit is an error, never a guess.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtscale::s3 {

/// An answer that is kept in memory has at most this many bytes: a page of 1,000 keys of 1 KiB, each with its
/// particulars.
inline constexpr std::size_t answer_bytes_max = 4U << 20U;

/// The text of `<Code>`, if it is one: letters and digits, at most 64. Empty otherwise.
std::string error_code(std::string_view xml);

/// One page of ListObjectsV2.
struct Page {
  std::vector<std::string> keys;
  std::string next;  ///< the token of the next page; empty: this was the last
};

/// Nothing if `xml` is no such page.
std::optional<Page> read_page(std::string_view xml);

/// For a query: what RFC 3986 does not leave unreserved becomes %XX, as signatures want it.
std::string encoded(std::string_view text);

}  // namespace virtscale::s3
