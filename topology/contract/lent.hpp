// What a body holds by value and a row keeps: lent to the body until that is encoded, so that nothing is copied.
#pragma once

#include <utility>

namespace virtscale {

/// Swaps the two values, and swaps them back when it ends. Both must outlive it.
template <class Value>
class Lent {
 public:
  Lent(Value& owner, Value& borrower) : owner_(owner), borrower_(borrower) { std::swap(owner_, borrower_); }
  ~Lent() { std::swap(owner_, borrower_); }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

 private:
  Value& owner_;
  Value& borrower_;
};

}  // namespace virtscale
