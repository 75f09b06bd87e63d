#include "corpus/steps/split.h"

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/rng.h"
#include "corpus/match/normal_form.h"

namespace deepscaler {

void SplitStep::bind(ConfigSection& s) {
  s.field("validation", validation_, "share of the records that go into \"validation\"").range(0, 1);
  s.field("test", test_, "share of the records that go into \"test\"").range(0, 1);
}

void SplitStep::validate(const std::string& where) const {
  if (validation_ + test_ <= 1) return;
  throw Error(where, fmt::format("validation {} and test {} are more than all", validation_, test_),
              "leave some records for \"train\"");
}

StepResult SplitStep::run(CorpusRecords records, const StepContext& context) const {
  int64_t validation = 0, test = 0;
  StepResult result = judge_each(std::move(records), context, [&](CorpusRecord& record) -> Judgement {
    const uint64_t key = hash_name(bare_form(record.problem));
    const double place = Rng(context.seed, {hash_name("split"), key}).uniform(0);
    const bool in_test = place < test_, in_validation = !in_test && place < test_ + validation_;
    record.split = in_test ? "test" : in_validation ? "validation" : "train";
    test += in_test ? 1 : 0;
    validation += in_validation ? 1 : 0;
    return {};
  });
  result.figures = {{"in test", test}, {"in validation", validation}};
  return result;
}

}  // namespace deepscaler
