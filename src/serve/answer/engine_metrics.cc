#include "serve/answer/engine_metrics.h"

#include <fmt/format.h>

namespace deepscaler {
namespace {

template <class Value>
void add_metric(std::string& text, std::string_view name, std::string_view type, std::string_view help,
                Value value) {
  text += fmt::format("# HELP deepscaler_{0} {2}\n# TYPE deepscaler_{0} {1}\ndeepscaler_{0} {3}\n", name,
                      type, help, value);
}

void add_histogram(std::string& text, std::string_view name, std::string_view help,
                   const Histogram& histogram) {
  text += fmt::format("# HELP deepscaler_{0} {1}\n# TYPE deepscaler_{0} histogram\n", name, help);
  int64_t below = 0;
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    below += histogram.counts[i];
    text += fmt::format("deepscaler_{}_bucket{{le=\"{}\"}} {}\n", name, Histogram::kBounds[i], below);
  }
  text += fmt::format(
      "deepscaler_{0}_bucket{{le=\"+Inf\"}} {1}\ndeepscaler_{0}_sum {2}\ndeepscaler_{0}_count {1}\n", name,
      histogram.count, histogram.sum);
}

}  // namespace

void Histogram::add(double value) {
  ++count;
  sum += value;
  for (size_t i = 0; i < kBounds.size(); ++i) {
    if (value <= kBounds[i]) {
      ++counts[i];
      return;
    }
  }
}

std::string prometheus_text(const EngineMetrics& m) {
  std::string text;
  add_metric(text, "requests_open", "gauge", "Requests being answered or waiting.", m.requests_open);
  add_metric(text, "samples_running", "gauge", "Responses that got a token in the last pass.",
             m.samples_running);
  add_metric(text, "requests_finished_total", "counter", "Questions that were answered.",
             m.requests_finished);
  add_metric(text, "requests_failed_total", "counter", "Requests that ended in an error.", m.requests_failed);
  add_metric(text, "requests_abandoned_total", "counter", "Requests whose client went away.",
             m.requests_abandoned);
  add_metric(text, "requests_refused_total", "counter", "Requests refused because the queue was full.",
             m.requests_refused);
  add_metric(text, "prompt_tokens_total", "counter", "Tokens of prompts.", m.prompt_tokens);
  add_metric(text, "prompt_tokens_reused_total", "counter",
             "Tokens of prompts whose keys and values were there.", m.reused_tokens);
  add_metric(text, "generated_tokens_total", "counter", "Tokens of responses.", m.generated_tokens);
  add_metric(text, "passes_total", "counter", "Forward passes.", m.passes);
  add_metric(text, "pass_seconds_total", "counter", "Seconds in forward passes.", m.busy_seconds);
  add_metric(text, "preemptions_total", "counter", "Responses whose keys and values were computed again.",
             m.preemptions);
  add_histogram(text, "time_to_first_token_seconds", "From a question to its first token.",
                m.first_token_seconds);
  add_histogram(text, "inter_token_seconds", "From a token of a question to the next.", m.token_seconds);
  return text;
}

}  // namespace deepscaler
