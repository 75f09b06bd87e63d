#include "embed/vector_index.h"

#include <hnswlib/hnswlib.h>

#include <algorithm>

#include "base/error.h"
#include "ops/matmul/matmul.h"

namespace deepscaler {
namespace {

void sort_and_cut(std::vector<SimilarVector>& found, size_t most) {
  std::ranges::sort(found, [](const SimilarVector& a, const SimilarVector& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.number < b.number;
  });
  if (found.size() > most) found.resize(most);
}

// The vectors are the panels of a matrix, so one product has all similarities.
class ComparedVectors : public VectorIndex {
 public:
  ComparedVectors(int64_t width, int64_t capacity)
      : width_(width), panels_(static_cast<size_t>(panel_size(capacity, width))) {}

  void add(size_t number, const float* vector) override {
    const auto row = std::ssize(numbers_);
    DEEPSCALER_CHECK(panel_size(row + 1, width_) <= std::ssize(panels_), "more vectors than were announced");
    for (int64_t i = 0; i < width_; ++i)
      panels_[static_cast<size_t>(panel_offset(width_, row, i))] = vector[i];
    numbers_.push_back(number);
  }

  [[nodiscard]] std::vector<SimilarVector> similar(const float* vector, double above,
                                                   size_t most) const override {
    std::vector<SimilarVector> found;
    const auto count = std::ssize(numbers_);
    if (count == 0) return found;
    Matrix products(1, count);
    matmul({vector, 1, width_}, {{ConstPanelView{panels_.data(), count, width_}, products.view()}});
    for (int64_t i = 0; i < count; ++i) {
      const double similarity = products.data()[i];
      if (similarity > above) found.push_back({numbers_[static_cast<size_t>(i)], similarity});
    }
    sort_and_cut(found, most);
    return found;
  }

 private:
  int64_t width_;
  std::vector<float> panels_;
  std::vector<size_t> numbers_;
};

class VectorGraph : public VectorIndex {
 public:
  VectorGraph(int64_t width, int64_t capacity)
      : space_(static_cast<size_t>(width)),
        graph_(&space_, static_cast<size_t>(capacity), kNeighbors, kCandidates) {}

  void add(size_t number, const float* vector) override {
    graph_.addPoint(vector, number);
    ++count_;
  }

  [[nodiscard]] std::vector<SimilarVector> similar(const float* vector, double above,
                                                   size_t most) const override {
    std::vector<SimilarVector> found;
    if (count_ == 0) return found;
    // hnswlib searches among max(ef, k) candidates: so the best are found even where few are asked for.
    auto nearest = graph_.searchKnn(vector, std::min(count_, std::max(most, kCandidates)));
    for (; !nearest.empty(); nearest.pop()) {
      const double similarity = 1 - static_cast<double>(nearest.top().first);
      if (similarity > above) found.push_back({nearest.top().second, similarity});
    }
    sort_and_cut(found, most);
    return found;
  }

 private:
  // hnswlib's own advice for good recall: 16 neighbors, 200 candidates.
  static constexpr size_t kNeighbors = 16, kCandidates = 200;

  hnswlib::InnerProductSpace space_;
  hnswlib::HierarchicalNSW<float> graph_;
  size_t count_ = 0;
};

}  // namespace

std::unique_ptr<VectorIndex> make_compared_vectors(int64_t width, int64_t capacity) {
  return std::make_unique<ComparedVectors>(width, capacity);
}

std::unique_ptr<VectorIndex> make_vector_graph(int64_t width, int64_t capacity) {
  return std::make_unique<VectorGraph>(width, capacity);
}

std::unique_ptr<VectorIndex> make_vector_index(int64_t width, int64_t capacity) {
  return capacity > kMostComparedVectors ? make_vector_graph(width, capacity)
                                         : make_compared_vectors(width, capacity);
}

}  // namespace deepscaler
