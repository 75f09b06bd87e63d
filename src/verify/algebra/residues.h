// Constants too large to write out, compared modulo large primes: 2025! and 2025 \cdot 2024!, 1 and
// 1 - 2^{-100000}, 4^{2^{2024}} and 2^{2^{2025}}.
//
// Whole powers, factorials and binomials of whole numbers, finite sums and products have residues that are
// found without their digits. What has none (pi, a root, a factorial beyond all bounds) is an unknown with
// a random residue. The primes are drawn by the texts of both sides, so nobody can choose numbers that
// agree modulo them. Different residues of constants without unknowns prove them different; equal residues
// prove nothing, though they are a chance in 2^60 for each prime: two functions agree at a point by them.
#pragma once

#include <cstdint>

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"

namespace deepscaler {

enum class ResidueMatch : uint8_t { same, different, open };

// `same_sign`: both are known to be real and not zero, with the same sign; then powers may be compared to
// get rid of roots.
[[nodiscard]] ResidueMatch compare_residues(const Expr& a, const Expr& b, bool same_sign, int primes,
                                            Steps& steps);

}  // namespace deepscaler
