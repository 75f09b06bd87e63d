// Projections of the same inputs, such as q, k and v, or gate and up. A matrix product computes them
// together: what they share is packed or rounded once, and the threads share the tasks of all of them evenly.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

namespace deepscaler {

// A weight [O, I] and the matrix [T, O] of its outputs. Weight may also be the weight's gradient or number,
// Outputs the gradient of the outputs.
template <class Weight, class Outputs>
struct Projection {
  Weight weight;
  Outputs outputs;
};

// One projection or several. A view: as a parameter it takes `{{w, y}}` and `{{w1, y1}, {w2, y2}}`.
template <class Weight, class Outputs>
class Projections {
 public:
  using Each = Projection<Weight, Outputs>;
  Projections(std::initializer_list<Each> list) : each_(list.begin(), list.size()) {}
  Projections(const std::vector<Each>& list) : each_(list) {}

  [[nodiscard]] auto begin() const { return each_.begin(); }
  [[nodiscard]] auto end() const { return each_.end(); }

  // change() of each projection, in order.
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
