#include "data/generators.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "base/nearest.h"
#include "base/rng.h"
#include "data/arithmetic.h"

namespace deepscaler {
namespace {

// A fixed choice, never a user's: changing it would move problems from one split to the other.
constexpr uint64_t kSplitSeed = 1;

// A pseudo-random permutation of [0, size): a Feistel network over the next power of four, walked
// until it falls inside (Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002).
// It visits every number once, so problems are distinct without remembering any.
class Permutation {
 public:
  Permutation(uint64_t size, uint64_t seed, std::string_view name)
      : size_(size), half_bits_((std::bit_width(size - 1) + 1) / 2) {
    for (uint64_t round = 0; round < kRounds; ++round) rounds_.push_back(Rng(seed, {hash_name(name), round}));
  }

  uint64_t size() const { return size_; }

  uint64_t operator()(uint64_t position) const {
    do position = encrypt(position);
    while (position >= size_);
    return position;
  }

 private:
  static constexpr uint64_t kRounds = 4;

  uint64_t encrypt(uint64_t block) const {
    const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
    uint64_t left = block >> half_bits_, right = block & mask;
    for (const Rng& round : rounds_) {
      const uint64_t mixed = left ^ (round.bits(right) & mask);
      left = right;
      right = mixed;
    }
    return left << half_bits_ | right;
  }

  uint64_t size_;
  int half_bits_;
  std::vector<Rng> rounds_;
};

// The problems of one kind and split, one after the other.
class Walk {
 public:
  Walk(const ArithmeticKind& kind, Split split, uint64_t seed)
      : kind_(kind), split_(split), permutation_(kind.space, seed, kind.name) {}

  Problem next() {
    while (position_ < permutation_.size()) {
      const auto exercise = kind_.make(permutation_(position_++));
      if (!exercise || split_of(kind_.name, exercise->operands) != split_) continue;
      ++found_;
      const std::string id = fmt::format("{}-{}", kind_.name, exercise->text);
      return {.id = id,
              .problem = exercise->problem,
              .answers = {exercise->answer},
              .solution = exercise->solution,
              .source = std::string(kind_.name),
              .grader = kind_.grader,
              .where = id};
    }
    const char* name = split_ == Split::kTest ? "test" : "training";
    throw Error(fmt::format("problems of kind {}", kind_.name),
                fmt::format("there are only {} distinct {} problems", found_, name), "ask for fewer");
  }

 private:
  const ArithmeticKind& kind_;
  Split split_;
  Permutation permutation_;
  uint64_t position_ = 0;
  int64_t found_ = 0;
};

const ArithmeticKind& find_kind(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& kind : arithmetic_kinds()) {
    if (kind.name == name) return kind;
    names.emplace_back(kind.name);
  }
  throw Error("problems", fmt::format("unknown kind \"{}\"", name), suggest_name(name, names));
}

}  // namespace

Split split_of(std::string_view kind, std::string_view operands) {
  const Rng draw(kSplitSeed, {hash_name(kind), hash_name(operands)});
  return draw.below(kTestShare, 0) == 0 ? Split::kTest : Split::kTrain;
}

std::vector<Problem> generate_problems(const GeneratorRequest& request) {
  if (request.kinds.empty())
    throw Error("problems", "no kind is named", "name one: " + describe_generators());
  std::vector<Walk> walks;
  for (const auto& kind : request.kinds) {
    if (std::count(request.kinds.begin(), request.kinds.end(), kind) > 1)
      throw Error("problems", fmt::format("kind \"{}\" is named twice", kind), "name each kind once");
    walks.emplace_back(find_kind(kind), request.split, request.seed);
  }
  std::vector<Problem> problems;
  for (int64_t i = 0; i < request.count; ++i)
    problems.push_back(walks[static_cast<size_t>(i) % walks.size()].next());
  return problems;
}

std::string describe_generators() {
  std::string text;
  for (const auto& kind : arithmetic_kinds())
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", kind.name, kind.description);
  return text;
}

}  // namespace deepscaler
