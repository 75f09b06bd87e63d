#include "infer/prefix_cache.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

using Tokens = std::vector<int32_t>;

// Two sequences of blocks of 4: 1 2 3 4 | 5 6 7 8 | 9, and 1 2 3 4 | 5 0.
class PrefixCacheTest : public testing::Test {
 protected:
  PrefixCacheTest() {
    first_ = cache_.insert(cache_.root(), Tokens{1, 2, 3, 4}, 10);
    second_ = cache_.insert(first_, Tokens{5, 6, 7, 8}, 11);
    end_ = cache_.insert(second_, Tokens{9}, 12);
    cache_.use(first_);
    other_ = cache_.insert(first_, Tokens{5, 0}, 13);
  }
  void unuse_all() {
    for (PrefixCache::Node* node : {end_, second_, first_, other_, first_}) cache_.unuse(node);
  }

  PrefixCache cache_{4};
  PrefixCache::Node *first_, *second_, *end_, *other_;
};

TEST_F(PrefixCacheTest, FindsWholeBlocksAndAPartOfTheNext) {
  const auto match = cache_.find(cache_.root(), Tokens{1, 2, 3, 4, 5, 6, 7, 1});
  EXPECT_EQ(match.whole, std::vector{first_});
  EXPECT_EQ(match.part, second_);
  EXPECT_EQ(match.part_keys, 3);
}

TEST_F(PrefixCacheTest, FindsTheLongerOfTwoParts) {
  EXPECT_EQ(cache_.find(cache_.root(), Tokens{1, 2, 3, 4, 5, 0, 7}).part, other_);
  EXPECT_EQ(cache_.find(cache_.root(), Tokens{1, 2, 3, 4, 5, 6}).part, second_);
}

TEST_F(PrefixCacheTest, FindsAPartOfTheFirstBlock) {
  const auto match = cache_.find(cache_.root(), Tokens{1, 2, 9});
  EXPECT_TRUE(match.whole.empty());
  EXPECT_EQ(match.part, first_);
  EXPECT_EQ(match.part_keys, 2);
}

TEST_F(PrefixCacheTest, FindsNothingForOtherTokensOrNone) {
  for (const Tokens& tokens : {Tokens{2, 2, 3, 4}, Tokens{}}) {
    const auto match = cache_.find(cache_.root(), tokens);
    EXPECT_TRUE(match.whole.empty());
    EXPECT_EQ(match.part, nullptr);
  }
}

TEST_F(PrefixCacheTest, KeepsWhatNothingUses) {
  EXPECT_EQ(cache_.kept(), 0);
  unuse_all();
  EXPECT_EQ(cache_.kept(), 4);
  EXPECT_EQ(cache_.find(cache_.root(), Tokens{1, 2, 3, 4, 5, 6, 7, 8, 9}).whole,
            (std::vector{first_, second_}));
}

TEST_F(PrefixCacheTest, ForgetsTheLeastRecentlyUsedEndFirst) {
  unuse_all();
  EXPECT_EQ(cache_.evict(), 12);
  EXPECT_EQ(cache_.evict(), 11);  // what went on from it is gone
  EXPECT_EQ(cache_.evict(), 13);
  EXPECT_EQ(cache_.evict(), 10);
  EXPECT_EQ(cache_.kept(), 0);
}

TEST_F(PrefixCacheTest, UseMakesABlockYoungAgain) {
  unuse_all();
  for (PrefixCache::Node* node : {first_, second_, end_}) cache_.use(node);
  EXPECT_EQ(cache_.kept(), 1);
  for (PrefixCache::Node* node : {end_, second_, first_}) cache_.unuse(node);
  EXPECT_EQ(cache_.evict(), 13);
  EXPECT_EQ(cache_.evict(), 12);
}

TEST_F(PrefixCacheTest, NeverForgetsWhatIsInUse) {
  for (PrefixCache::Node* node : {other_, first_}) cache_.unuse(node);
  EXPECT_EQ(cache_.kept(), 1);
  EXPECT_EQ(cache_.evict(), 13);
  EXPECT_EQ(cache_.kept(), 0);
  EXPECT_DEATH(cache_.evict(), "");
}

TEST_F(PrefixCacheTest, FindsNothingOfAnotherSpace) {
  EXPECT_TRUE(cache_.find(cache_.root(7), Tokens{1, 2, 3, 4}).whole.empty());
  PrefixCache::Node* own = cache_.insert(cache_.root(7), Tokens{1, 2, 3, 4}, 20);
  EXPECT_EQ(cache_.find(cache_.root(7), Tokens{1, 2, 3, 4}).whole, std::vector{own});
  EXPECT_EQ(cache_.find(cache_.root(), Tokens{1, 2, 3, 4}).whole, std::vector{first_});
}

}  // namespace
}  // namespace deepscaler
