// The vectors most similar to another one, by their inner product: the cosine, for vectors of length 1.
//
// Few vectors are all compared. Many stand in a graph (hierarchical navigable small worlds, Malkov and
// Yashunin, 2016; the library hnswlib), which finds nearly all that are near. Vectors added in the same order
// give the same graph, and the same answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace deepscaler {

// From so many vectors on they stand in a graph.
inline constexpr int64_t kMostComparedVectors = 20'000;

struct SimilarVector {
  size_t number = 0;      // as it was added
  double similarity = 0;  // inner product
};

// Not thread-safe. Not to be used from within parallel_for.
class VectorIndex {
 public:
  virtual ~VectorIndex() = default;
  // `vector` has the index's width. Each number is added once.
  virtual void add(size_t number, const float* vector) = 0;
  // At most `most` vectors with a similarity above `above`, the most similar first, equal ones by number.
  [[nodiscard]] virtual std::vector<SimilarVector> similar(const float* vector, double above,
                                                           size_t most) const = 0;
};

// For at most `capacity` vectors of `width` numbers.
[[nodiscard]] std::unique_ptr<VectorIndex> make_vector_index(int64_t width, int64_t capacity);
// The two kinds, for tests: make_vector_index() chooses one by the capacity.
[[nodiscard]] std::unique_ptr<VectorIndex> make_compared_vectors(int64_t width, int64_t capacity);
[[nodiscard]] std::unique_ptr<VectorIndex> make_vector_graph(int64_t width, int64_t capacity);

}  // namespace deepscaler
