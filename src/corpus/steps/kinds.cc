// Every kind of step: the one place that knows them all.
#include <algorithm>

#include "corpus/steps/answers.h"
#include "corpus/steps/decontaminate.h"
#include "corpus/steps/difficulty.h"
#include "corpus/steps/duplicates.h"
#include "corpus/steps/gradable.h"
#include "corpus/steps/ingest.h"
#include "corpus/steps/mix.h"
#include "corpus/steps/pools.h"
#include "corpus/steps/proofs.h"
#include "corpus/steps/split.h"
#include "corpus/steps/step.h"
#include "corpus/steps/write.h"

namespace deepscaler {
namespace {

template <class Step>
std::unique_ptr<PipelineStep> make() {
  return std::make_unique<Step>();
}

constexpr StepKind kKinds[] = {
    {"ingest", "adds the records of data files", make<IngestStep>, /*adds_records=*/true},
    {"answers", "takes answers out of solutions, and options by their values", make<AnswersStep>},
    {"proofs", "drops problems that ask for a proof, or for yes or no", make<ProofsStep>},
    {"gradable", "drops records whose answer can't be checked", make<GradableStep>},
    {"duplicates", "keeps the first of records that ask the same", make<DuplicatesStep>},
    {"decontaminate", "drops problems of evaluations", make<DecontaminateStep>},
    {"difficulty", "measures how hard problems are for a model", make<DifficultyStep>},
    {"split", "deals records into train, validation and test", make<SplitStep>},
    {"pools", "deals each split into the parts of a curriculum", make<PoolsStep>},
    {"mix", "says how much of each source goes on", make<MixStep>},
    {"write", "writes the data set", make<WriteStep>}};

}  // namespace

std::span<const StepKind> step_kinds() { return kKinds; }

bool adds_records(std::string_view kind) {
  const auto found = std::ranges::find(kKinds, kind, &StepKind::name);
  return found != std::end(kKinds) && found->adds_records;
}

}  // namespace deepscaler
