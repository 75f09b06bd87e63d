// Evaluations as Markdown, for people: the tables read well on a terminal too.
#pragma once

#include <string>
#include <vector>

#include "eval/compare.h"
#include "eval/report.h"
#include "eval/summary.h"

namespace deepscaler {

// A table whose columns are aligned; the first row is the head. Cells are plain text: bars and line
// breaks in them are escaped.
[[nodiscard]] std::string markdown_table(const std::vector<std::vector<std::string>>& rows);

// The tables of a summary: one row a set, then pass@k and maj@k where there are several samples.
[[nodiscard]] std::string summary_markdown(const EvalOverview& overview);
// One row a set: before, after, difference, on how many problems.
[[nodiscard]] std::string comparison_markdown(const EvalComparison& comparison);
// The whole report but for the samples' texts: summary, settings, an exact prompt, a row a problem.
[[nodiscard]] std::string report_markdown(const EvalReport& report);

}  // namespace deepscaler
