// Projections of the same inputs, as q, k and v or gate and up are, which a matrix product computes together:
// what they share is packed or rounded once, and tasks of one level out those of another.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

namespace deepscaler {

// A weight [O, I] (or its gradient, or its number) and the matrix [T, O] of its outputs (or their gradient).
template <class Weight, class Outputs>
struct Projection {
  Weight weight;
  Outputs outputs;
};

// One or several; owns nothing, so as a parameter it takes `{{w, y}}` and `{{w1, y1}, {w2, y2}}`.
template <class Weight, class Outputs>
class Projections {
 public:
  using Each = Projection<Weight, Outputs>;
  Projections(std::initializer_list<Each> list) : each_(list.begin(), list.size()) {}
  Projections(const std::vector<Each>& list) : each_(list) {}

  [[nodiscard]] auto begin() const { return each_.begin(); }
  [[nodiscard]] auto end() const { return each_.end(); }

  // The same with other weights or outputs.
  template <class Change>
  [[nodiscard]] auto changed(const Change& change) const {
    std::vector<decltype(change(each_[0]))> list;
    for (const Each& projection : each_) list.push_back(change(projection));
    return list;
  }

 private:
  std::span<const Each> each_;
};

}  // namespace deepscaler
