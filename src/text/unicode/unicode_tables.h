// Tables of Unicode 16, the version by which Hugging Face's tokenizers tell letters from digits, and of the
// normalization that they do, which knows no character of Unicode 13 and later. Made by
// scripts/make-unicode-tables.py; so token numbers do not depend on the libraries of a machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deepscaler {

// A run of code points with one value, up to the next run.
struct CodeRun {
  char32_t first;
  uint8_t value;
};

// The general categories, in the order of the values of kCategoryRuns.
enum class Category : uint8_t {
  kLu,
  kLl,
  kLt,
  kLm,
  kLo,
  kMn,
  kMc,
  kMe,
  kNd,
  kNl,
  kNo,
  kPc,
  kPd,
  kPs,
  kPe,
  kPi,
  kPf,
  kPo,
  kSm,
  kSc,
  kSk,
  kSo,
  kZs,
  kZl,
  kZp,
  kCc,
  kCf,
  kCs,
  kCo,
  kCn
};

extern const CodeRun kCategoryRuns[];
extern const size_t kCategoryRunsSize;

// 1 for a character whose category differs in Unicode 14, or that has none in 16, since later versions may
// give it one.
extern const CodeRun kNewerRuns[];
extern const size_t kNewerRunsSize;

// Canonical combining classes.
extern const CodeRun kCombiningRuns[];
extern const size_t kCombiningRunsSize;

// A character's full canonical decomposition: `length` characters of kDecomposed. Sorted; Hangul is computed.
struct Decomposition {
  char32_t code;
  uint16_t begin;
  uint8_t length;
};
extern const Decomposition kDecompositions[];
extern const size_t kDecompositionsSize;
extern const char32_t kDecomposed[];
extern const size_t kDecomposedSize;

// Two characters that compose to one. Sorted by the two.
struct Composition {
  char32_t first, second, composed;
};
extern const Composition kCompositions[];
extern const size_t kCompositionsSize;

}  // namespace deepscaler
