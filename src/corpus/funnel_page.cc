#include "corpus/funnel_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "corpus/corpus_layout.h"
#include "formats/jsonl.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kExamples = 5;  // of each reason

constexpr const char* kStyle =
    "body { font: 15px/1.5 sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em; color: #222 }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th, td { text-align: left; padding: .3em .8em .3em 0; border-bottom: 1px solid #ddd; vertical-align: "
    "top }\n"
    "td.number { text-align: right; font-variant-numeric: tabular-nums }\n"
    ".bar { background: #e4e4e4; height: 1em; min-width: 12em }\n"
    ".bar div { background: #3b6ea8; height: 100% }\n"
    ".pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1em; margin: 1em 0 }\n"
    ".pair > div { white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f6f6; padding: .6em }\n"
    ".pair b { display: block; font-size: 85% }\n";

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    if (c == '&')
      html += "&amp;";
    else if (c == '<')
      html += "&lt;";
    else if (c == '>')
      html += "&gt;";
    else
      html += c;
  }
  return html;
}

std::string value_text(const Json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string box(std::string_view head, std::string_view text) {
  return fmt::format("<div><b>{}</b>{}</div>", escaped(head), escaped(text));
}

// The similarity of a pair; nothing is less similar than a record without another problem.
double similarity_of(const Json& dropped) {
  for (const char* key : {"similarity", "score"}) {
    const auto found = dropped["evidence"].find(key);
    if (found != dropped["evidence"].end() && found->is_number()) return found->get<double>();
  }
  return 0;
}

std::string example_html(const Json& dropped) {
  const Json& record = dropped["record"];
  std::string text = value_text(record["problem"]);
  if (!record["answer"].is_null()) text += "\nanswer: " + value_text(record["answer"]);
  std::string other, evidence;
  for (const auto& [key, value] : dropped["evidence"].items()) {
    if (key == "text")
      other = value_text(value);
    else
      evidence += fmt::format("{}{}: {}", evidence.empty() ? "" : ", ", key, value_text(value));
  }
  return fmt::format("<div class=\"pair\">{}{}</div>\n",
                     box(value_text(record["id"]) + " (" + value_text(record["kind"]) + ")", text),
                     box(evidence, other));
}

// The first examples by reason, the least similar of all that the step dropped.
std::map<std::string, std::vector<Json>> examples_of(const SummarizedStep& step) {
  std::map<std::string, std::vector<Json>> examples;
  JsonlReader lines(StepLayout{step.folder}.dropped());
  for (Json line; lines.next(line);) {
    auto& list = examples[line["reason"]];
    const auto place = std::ranges::upper_bound(list, similarity_of(line), {}, similarity_of);
    list.insert(place, line);
    if (list.size() > kExamples) list.pop_back();
  }
  return examples;
}

std::string funnel_html(std::span<const SummarizedStep> steps) {
  int64_t most = 1;
  for (const SummarizedStep& step : steps) most = std::max(most, step.summary.records_out);
  std::string html = "<table>\n<tr><th>step<th>in<th>out<th><th>dropped</tr>\n";
  for (const SummarizedStep& step : steps) {
    const StepSummary& s = step.summary;
    std::string reasons;
    for (const auto& [reason, count] : s.dropped) {
      reasons += fmt::format("{}{} <a href=\"#{}-{}\">{}</a>", reasons.empty() ? "" : ", ", count,
                             step.folder.filename().string(), reason, escaped(reason));
    }
    html += fmt::format(
        "<tr><td>{}<td class=\"number\">{}<td class=\"number\">{}<td><div class=\"bar\"><div "
        "style=\"width: {:.1f}%\"></div></div><td>{}</tr>\n",
        s.kind, s.records_in, s.records_out,
        100.0 * static_cast<double>(s.records_out) / static_cast<double>(most), reasons);
  }
  return html + "</table>\n";
}

}  // namespace

std::string funnel_page(std::string_view name, std::span<const SummarizedStep> steps) {
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<meta "
      "charset=\"utf-8\">\n<title>{0}</title>\n<style>\n{1}</style>\n"
      "<h1>{0}</h1>\n{2}",
      escaped(name), kStyle, funnel_html(steps));
  for (const SummarizedStep& step : steps) {
    for (const auto& [reason, examples] : examples_of(step)) {
      html += fmt::format("<h2 id=\"{}-{}\">{}: {}</h2>\n", step.folder.filename().string(), reason,
                          step.summary.kind, escaped(reason));
      for (const Json& example : examples) html += example_html(example);
    }
  }
  return html + "</html>\n";
}

}  // namespace deepscaler
