// What a response may consist of. Before each of its tokens a constraint says which may come; all others have
// the probability 0.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace deepscaler {

// How far one response is. For one thread at a time; the constraint must outlive it.
class ConstrainedResponse {
 public:
  virtual ~ConstrainedResponse() = default;

  // The tokens that may come next, in rising order, at least one: a pure function of those that came. Valid
  // until advance().
  [[nodiscard]] virtual std::span<const int32_t> allowed() = 0;
  // `token` is one of them.
  virtual void advance(int32_t token) = 0;
};

// Immutable, thread-safe.
class TokenConstraint {
 public:
  virtual ~TokenConstraint() = default;

  [[nodiscard]] virtual std::unique_ptr<ConstrainedResponse> begin() const = 0;
};

}  // namespace deepscaler
