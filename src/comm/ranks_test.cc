#include "comm/ranks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "comm/thread_ranks.h"

namespace deepscaler {
namespace {

TEST(Ranks, AloneHasAllThereIs) {
  EXPECT_EQ(ranks().size(), 1);
  EXPECT_TRUE(ranks().leads());
  EXPECT_EQ(ranks().gather("mine"), std::vector<std::string>{"mine"});
  EXPECT_EQ(ranks().from_leader("mine"), "mine");
}

TEST(Ranks, GatherWhatEachHas) {
  run_on_ranks(3, [] {
    const std::string mine(static_cast<size_t>(ranks().rank()), 'x');
    EXPECT_EQ(ranks().gather(mine), (std::vector<std::string>{"", "x", "xx"}));
    EXPECT_EQ(ranks().from_leader(ranks().leads() ? "first" : "other"), "first");
    EXPECT_EQ(ranks().on_this_host(), 3);
  });
}

TEST(Ranks, AddUp) {
  run_on_ranks(3, [] {
    std::vector<int64_t> numbers = {ranks().rank(), 1};
    ranks().add_up(numbers);
    EXPECT_EQ(numbers, (std::vector<int64_t>{3, 3}));
  });
}

TEST(Ranks, PutDealtPiecesInTheirOrder) {
  run_on_ranks(2, [] {
    const std::vector<int64_t> owners = {1, 0, 0, 1};
    const auto mine =
        ranks().leads() ? std::vector<std::string>{"b", ""} : std::vector<std::string>{"a", "dd"};
    EXPECT_EQ(ranks().gather_dealt(owners, mine), (std::vector<std::string>{"a", "b", "", "dd"}));
  });
}

TEST(Ranks, NameTheOneThatDiffers) {
  run_on_ranks(3, [] {
    ranks().require_same("the program", "abc");
    try {
      ranks().require_same("the program", ranks().rank() == 1 ? "abd" : "abc");
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_STREQ(
          error.what(),
          "rank 1 on thread: the program is abd, and abc on rank 0 (thread); all ranks need the same "
          "program, files and instruction set");
    }
  });
}

TEST(Deal, GivesCostlyPiecesFirst) {
  const std::vector<int64_t> costs = {1, 5, 3, 3};
  EXPECT_EQ(deal(costs, 1), (std::vector<int64_t>{0, 0, 0, 0}));
  EXPECT_EQ(deal(costs, 2), (std::vector<int64_t>{0, 0, 1, 1}));
}

}  // namespace
}  // namespace deepscaler
