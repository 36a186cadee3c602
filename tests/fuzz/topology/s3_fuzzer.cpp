// What an S3 server answers. Properties: keys of a page stand in its text or are what its entities stand for; a page
// that is not the last has a token; what goes into a query is of unreserved characters.
#include "tests/fuzz/input.hpp"
#include "topology/adapters/s3/answers.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  const auto xml = fuzz::Input(data, size).rest();
  const auto code = s3::error_code(xml);
  fuzz::check(code.size() <= 64 && (code.empty() || xml.find(code) != xml.npos), "a code is short, and stands there",
              code);
  if (const auto page = s3::read_page(xml)) {
    std::size_t bytes = page->next.size();
    for (const auto& key : page->keys) bytes += key.size();
    fuzz::check(bytes <= xml.size(), "a page holds no more than its text");
  }
  const auto encoded = s3::encoded(xml);
  const auto unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%";
  fuzz::check(encoded.find_first_not_of(unreserved) == encoded.npos, "a query is of unreserved characters", encoded);
  return 0;
}
