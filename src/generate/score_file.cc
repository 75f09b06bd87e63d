#include "generate/score_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/signals.h"
#include "engine/top_tokens.h"
#include "formats/jsonl.h"
#include "generate/generation_settings.h"
#include "generate/prompts.h"
#include "model/device.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

struct Response {
  ordered_json line;
  std::vector<TokenId> prompt, tokens;
  float temperature = 1;  // as given; 0 is scored at 1
  std::vector<float> recorded;
};

float scoring_temperature(const Response& response) {
  return response.temperature == 0 ? 1 : response.temperature;
}

void check_tokens(const Response& response, const std::string& where, const ModelConfig& config) {
  if (response.prompt.empty()) throw Error(where, "\"prompt_token_ids\" is empty", "give at least one token");
  const int64_t length = std::ssize(response.prompt) + std::ssize(response.tokens);
  if (length > config.context) {
    throw Error(where,
                fmt::format("{} tokens exceed the context of {} by {}", length, config.context,
                            length - config.context),
                "score it with the model that made it");
  }
  for (const auto* tokens : {&response.prompt, &response.tokens}) {
    for (TokenId token : *tokens) {
      if (token >= config.vocabulary) {
        throw Error(where, fmt::format("token {} is not in the model's vocabulary", token),
                    "score it with the model that made it");
      }
    }
  }
}

float temperature_in(const ordered_json& line, const std::string& where) {
  if (!line.contains("temperature")) return 1;
  if (!line["temperature"].is_number() || !(line["temperature"].get<double>() >= 0)) {
    throw Error(where, "\"temperature\" is not a number of 0 or more", "correct it");
  }
  return line["temperature"].get<float>();
}

std::vector<float> log_probs_in(const ordered_json& line, size_t tokens, const std::string& where) {
  if (!line.contains("logprobs")) return {};
  const ordered_json& values = line["logprobs"];
  if (!values.is_array() || values.size() != tokens ||
      !std::ranges::all_of(values, [](const ordered_json& v) { return v.is_number(); })) {
    throw Error(where, "\"logprobs\" does not have one number for each of \"token_ids\"", "leave it out");
  }
  return values.get<std::vector<float>>();
}

Response read_response(ordered_json line, const std::string& where, const ModelConfig& config) {
  if (!line.is_object()) throw Error(where, "is not an object", "give lines as `generate` writes them");
  Response response = {.prompt = read_token_ids(line, "prompt_token_ids", where),
                       .tokens = read_token_ids(line, "token_ids", where)};
  check_tokens(response, where, config);
  response.temperature = temperature_in(line, where);
  response.recorded = log_probs_in(line, response.tokens.size(), where);
  response.line = std::move(line);
  return response;
}

void compare(const Response& response, const std::vector<TokenScore>& scores, ScoreComparison& comparison) {
  ++comparison.responses;
  comparison.tokens += std::ssize(scores);
  for (size_t i = 0; i < response.recorded.size(); ++i) {
    const float difference = std::abs(response.recorded[i] - scores[i].log_prob);
    ++comparison.compared;
    comparison.different += difference != 0;
    comparison.largest_difference = std::max(comparison.largest_difference, static_cast<double>(difference));
  }
}

class Scorer {
 public:
  Scorer(Engine& engine, const ScoreJob& job)
      : engine_(engine), job_(job), model_hash_(engine.model().hash()) {}

  ScoreComparison run(const std::function<void(int64_t)>& progress) {
    JsonlReader reader(job_.input);
    for (ordered_json line; reader.next(line);) {
      Response response = read_response(std::move(line), reader.where(), engine_.model().config());
      if (!batch_.empty() && (batch_tokens_ >= kBatchTokens ||
                              scoring_temperature(batch_.front()) != scoring_temperature(response))) {
        score_batch();
        if (progress) progress(comparison_.tokens);
      }
      batch_tokens_ += std::ssize(response.prompt) + std::ssize(response.tokens);
      batch_.push_back(std::move(response));
    }
    if (batch_.empty()) throw Error(job_.input.string(), "has no lines", "give at least one response");
    score_batch();
    return comparison_;
  }

 private:
  // Lines are held in memory, scored and written together.
  static constexpr int64_t kBatchTokens = 1 << 18;

  void score_batch() {
    throw_if_stop_requested();
    std::vector<TokenGroup> groups;  // of neighbours with one prompt
    for (const Response& response : batch_) {
      if (groups.empty() || !std::ranges::equal(groups.back().prompt, response.prompt)) {
        groups.push_back({response.prompt, {}});
      }
      groups.back().responses.emplace_back(response.tokens);
    }
    const float temperature = scoring_temperature(batch_.front());
    const GroupScores scores = engine_.score(groups, temperature);
    require_finite(scores);
    const GroupTopTokens top =
        job_.top_tokens > 0 ? top_tokens(engine_, groups, temperature, job_.top_tokens) : GroupTopTokens();
    auto response = batch_.begin();
    for (size_t g = 0; g < scores.size(); ++g) {
      for (size_t r = 0; r < scores[g].size(); ++r) {
        write(*response, scores[g][r], top.empty() ? nullptr : &top[g][r]);
        compare(*response++, scores[g][r], comparison_);
      }
    }
    batch_.clear();
    batch_tokens_ = 0;
  }

  void require_finite(const GroupScores& scores) const {
    for (const auto& group : scores) {
      for (const auto& response : group) {
        if (std::ranges::all_of(response, [](const auto& score) { return std::isfinite(score.log_prob); }))
          continue;
        throw Error(job_.model, "gives logits that are not finite",
                    "its weights have diverged, or are damaged");
      }
    }
  }

  // The line as `generate` would have written it, then what else it has.
  void write(const Response& response, const std::vector<TokenScore>& scores,
             const std::vector<TopTokens>* top) {
    std::vector<float> log_probs;
    for (const TokenScore& score : scores) log_probs.push_back(score.log_prob);
    ordered_json values = response.line;
    values["logprobs"] = log_probs;
    for (const char* key : {kTopTokenIds, kTopLogProbs}) values.erase(key);  // another model's
    if (top != nullptr) {
      for (const char* key : {kTopTokenIds, kTopLogProbs}) values[key] = ordered_json::array();
      for (const TopTokens& token : *top) {
        values[kTopTokenIds].push_back(token.tokens);
        values[kTopLogProbs].push_back(token.log_probs);
      }
    }
    values["temperature"] = response.temperature;
    for (const char* key : {"dtype", "products", "kv"}) values.erase(key);
    values.update(precision_of_lines(engine_.model()));
    values["kernels"] = default_device().name();
    values["model"] = model_hash_;
    ordered_json line;
    for (const char* key : {"index", "id", "sample", "text", "prompt_token_ids", "token_ids", "logprobs",
                            kTopTokenIds, kTopLogProbs, "finish_reason", "prompt_opened_thinking", "problem",
                            "correct", "temperature", "dtype", "products", "kv", "kernels", "model"}) {
      if (values.contains(key)) line[key] = values[key];
    }
    line.update(values);
    if (!writer_) writer_.emplace(job_.output, JsonlWriter::Start::kEmpty);
    writer_->write(line);
  }

  Engine& engine_;
  const ScoreJob& job_;
  std::string model_hash_;
  std::vector<Response> batch_;
  int64_t batch_tokens_ = 0;
  ScoreComparison comparison_;
  std::optional<JsonlWriter> writer_;  // opened with the first line: bad input leaves an old file alone
};

}  // namespace

ScoreComparison score_file(Engine& engine, const ScoreJob& job,
                           const std::function<void(int64_t tokens)>& progress) {
  return Scorer(engine, job).run(progress);
}

}  // namespace deepscaler
