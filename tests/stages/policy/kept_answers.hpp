// What a handler of policy's edges answers, kept for a test to look at.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "topology/ports/http.hpp"

namespace virtscale::policy {

/// Puts each answer behind those before it, in a list that outlives it.
class KeptAnswers final : public HttpResponder {
 public:
  explicit KeptAnswers(std::vector<HttpResponse>& into) : into_(into) {}
  void respond(HttpResponse response) override { into_.push_back(std::move(response)); }
  void open_stream(std::string_view, std::function<void()>) override { ADD_FAILURE() << "not a stream"; }
  void write(std::string_view) override { ADD_FAILURE() << "not a stream"; }

 private:
  std::vector<HttpResponse>& into_;
};

}  // namespace virtscale::policy
