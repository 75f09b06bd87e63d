#include "eval/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

// "43.1 [38.0, 48.4]"
std::string percent(const Interval& e) {
  return fmt::format("{:.1f} [{:.1f}, {:.1f}]", 100 * e.mean, 100 * e.low, 100 * e.high);
}

std::string signed_percent(const Interval& e) {
  return fmt::format("{:+.1f} [{:+.1f}, {:+.1f}]", 100 * e.mean, 100 * e.low, 100 * e.high);
}

std::string tokens(const std::optional<double>& length) {
  return length ? fmt::format("{:.0f}", *length) : "-";
}

// What would end a cell or a table stays text.
std::string cell_text(std::string_view text) {
  std::string cell;
  for (char c : text) {
    if (c == '|') cell += '\\';
    cell += c == '\n' || c == '\r' ? ' ' : c;
  }
  return cell;
}

int64_t width_of(std::string_view utf8) {
  return std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

// A fence longer than any run of backquotes in the text.
std::string fenced(const std::string& text) {
  size_t longest = 0, run = 0;
  for (char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  const std::string fence(std::max<size_t>(3, longest + 1), '`');
  return fence + "\n" + text + "\n" + fence + "\n";
}

void add_k_rows(const std::string& set, const std::vector<AtK>& pass, const std::vector<AtK>& majority,
                Rows& rows) {
  for (size_t i = 0; i < pass.size(); ++i) {
    rows.push_back({set, fmt::format("{}", pass[i].k), percent(pass[i].estimate),
                    i == 0 ? "" : percent(majority[i - 1].estimate)});
  }
}

// The answers given, the most frequent first: "72 x3, 70".
std::string answers_given(const EvalProblem& problem) {
  std::map<std::string, int64_t> counts;
  for (const EvalSample& sample : problem.samples) ++counts[sample.extracted];
  std::vector<std::pair<std::string, int64_t>> answers(counts.begin(), counts.end());
  std::ranges::stable_sort(answers, std::greater(), &std::pair<std::string, int64_t>::second);
  std::string text;
  constexpr size_t kMost = 4, kLongest = 40;
  for (size_t i = 0; i < std::min(kMost, answers.size()); ++i) {
    std::string answer = answers[i].first.empty() ? "(none)" : answers[i].first;
    if (answer.size() > kLongest) {
      answer.resize(kLongest);
      answer.resize(valid_utf8_prefix(answer));
      answer += "...";
    }
    text += (i == 0 ? "" : ", ") + answer;
    if (answers[i].second > 1) text += fmt::format(" x{}", answers[i].second);
  }
  if (answers.size() > kMost) text += fmt::format(" and {} more", answers.size() - kMost);
  return text;
}

std::string settings_markdown(const EvalReport& report) {
  const EvalSettings& s = report.settings;
  Rows rows = {{"setting", "value"}, {"model", s.model}};
  if (s.endpoint.empty())
    rows.push_back({"model hash", s.model_hash});
  else
    rows.push_back({"endpoint", s.endpoint});
  if (!s.request_fields.empty()) rows.push_back({"more of each request", s.request_fields});
  rows.push_back({"samples a problem", fmt::format("{}", s.config.samples)});
  for_each_setting(s.config.sampling, [&](std::string name, const auto& value) {
    std::ranges::replace(name, '_', ' ');
    rows.push_back({std::move(name), fmt::format("{}", value)});
  });
  rows.push_back({"seed", fmt::format("{}", s.config.seed)});
  if (s.endpoint.empty()) rows.push_back({"kernels, dtype", s.kernels + ", " + s.dtype});
  if (!s.products.empty()) rows.push_back({"products of quantized weights", s.products});
  if (!s.kv.empty()) rows.push_back({"keys and values", s.kv});
  rows.push_back({"program", report.program});
  rows.push_back({"verifier", report.verifier});
  for (const EvalSet& set : s.sets) {
    rows.push_back({"data: " + set.name, fmt::format("{} problems, sha256 {}", set.problems, set.sha256)});
  }
  return markdown_table(rows);
}

}  // namespace

std::string markdown_table(const Rows& rows) {
  std::vector<int64_t> widths(rows[0].size(), 3);
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(cell_text(row[c])));
  }
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < rows[r].size(); ++c) {
      const std::string cell = cell_text(rows[r][c]);
      text += "| " + cell + std::string(static_cast<size_t>(widths[c] - width_of(cell) + 1), ' ');
    }
    text += "|\n";
    if (r > 0) continue;
    for (int64_t width : widths) text += "|" + std::string(static_cast<size_t>(width + 2), '-');
    text += "|\n";
  }
  return text;
}

std::string summary_markdown(const EvalOverview& overview) {
  Rows sets = {{"set", "problems", "pass@1, %", "tokens", "of right", "of wrong", "no answer, %",
                "truncated, %", "undecided, %"}};
  Rows by_k = {{"set", "k", "pass@k, %", "maj@k, %"}};
  for (const EvalSummary& s : overview.sets) {
    sets.push_back({s.set, fmt::format("{}", s.problems), percent(s.pass[0].estimate), tokens(s.mean_length),
                    tokens(s.mean_length_right), tokens(s.mean_length_wrong), percent(s.no_answer_share),
                    percent(s.truncated_share), percent(s.undecided_share)});
    add_k_rows(s.set, s.pass, s.majority, by_k);
  }
  if (!overview.average_pass.empty()) {
    sets.push_back({"average", "", percent(overview.average_pass[0].estimate), "", "", "", "", "", ""});
    add_k_rows("average", overview.average_pass, overview.average_majority, by_k);
  }
  std::string text = markdown_table(sets);
  if (overview.sets[0].pass.size() > 1) text += "\n" + markdown_table(by_k);
  return text + "\nIn brackets: 95 % intervals, with problems as clusters.\n";
}

std::string comparison_markdown(const EvalComparison& comparison) {
  Rows rows = {{"set", "before, %", "after, %", "difference", "problems"}};
  for (const SetComparison& s : comparison.sets) {
    rows.push_back({s.set, percent(s.before), percent(s.after), signed_percent(s.difference),
                    fmt::format("{}", s.difference.problems)});
  }
  if (comparison.average_difference) {
    rows.push_back({"average", "", "", signed_percent(*comparison.average_difference), ""});
  }
  std::string text = markdown_table(rows) +
                     "\npass@1 and, problem by problem, its difference; in brackets: 95 % intervals.\n";
  for (const auto& [name, before, after] : comparison.other_differences) {
    text += fmt::format("{}: {} before, {} after\n", name, before, after);
  }
  return text;
}

std::string report_markdown(const EvalReport& report) {
  Rows rows = {{"set", "problem", "reference", "right", "answers given"}};
  for (const EvalProblem& p : report.problems) {
    std::string references;
    for (const std::string& answer : p.answers) references += (references.empty() ? "" : " or ") + answer;
    rows.push_back(
        {p.set, p.id, references,
         fmt::format("{} of {}", std::ranges::count_if(p.samples, &EvalSample::correct), p.samples.size()),
         answers_given(p)});
  }
  const EvalProblem& first = report.problems[0];
  return "# Evaluation\n\n" + summary_markdown(summarize(report)) + "\n## Settings\n\n" +
         settings_markdown(report) + "\nThe user's turn:\n\n" + fenced(report.settings.prompt) +
         (report.settings.endpoint.empty() ? "\nThe first problem exactly as the model saw it:\n\n"
                                           : "\nThe first problem as it was sent:\n\n") +
         fenced(first.prompt) + "\n## Problems\n\n" + markdown_table(rows) +
         "\nEvery sample with its text is in the JSON file beside this one.\n";
}

}  // namespace deepscaler
