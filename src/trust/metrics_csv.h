// The metrics of a run as a table, for notebooks and spreadsheets.
#pragma once

#include <string>

#include "trust/recorded_run.h"

namespace deepscaler {

// CSV (RFC 4180): a row a line of metrics.jsonl, with a first row of names: step, then each metric in the
// order in which the run first recorded it. Numbers have the digits of metrics.jsonl; what a line does not
// have, or what was not finite, is empty.
[[nodiscard]] std::string metrics_csv(const RecordedRun& run);

}  // namespace deepscaler
