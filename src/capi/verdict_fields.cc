#include "capi/verdict_fields.h"

#include <nlohmann/json.hpp>

namespace deepscaler {

using nlohmann::ordered_json;

void add_verdict(ordered_json& fields, const Verdict& verdict) {
  fields["correct"] = verdict.correct;
  fields["undecided"] = verdict.undecided;
  fields["extracted"] = verdict.extracted;
  fields["reason"] = reason_name(verdict.reason);
}

}  // namespace deepscaler
