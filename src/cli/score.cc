// `deepscaler score`: log-probabilities of given responses, computed as training computes them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "cli/prompts.h"
#include "cli/runtime_options.h"
#include "formats/jsonl.h"
#include "run/own_files.h"
#include "train/step.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::string model, input, output;
  int64_t token_budget = 2048;
  std::string dtype = "f32";
  RuntimeOptions runtime;
};

struct Response {
  ordered_json line;
  std::vector<TokenId> prompt, tokens;
  float temperature = 1;  // as given; 0 is scored at 1
  std::vector<float> recorded;
};

float scoring_temperature(const Response& response) {
  return response.temperature == 0 ? 1 : response.temperature;
}

Response read_response(ordered_json line, const std::string& where, const ModelConfig& config) {
  if (!line.is_object()) throw Error(where, "is not an object", "give lines as `generate` writes them");
  Response response;
  response.prompt = read_token_ids(line, "prompt_token_ids", where);
  response.tokens = read_token_ids(line, "token_ids", where);
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
  if (line.contains("temperature")) {
    if (!line["temperature"].is_number() || !(line["temperature"].get<double>() >= 0)) {
      throw Error(where, "\"temperature\" is not a number of 0 or more", "correct it");
    }
    response.temperature = line["temperature"].get<float>();
  }
  if (line.contains("logprobs")) {
    const ordered_json& values = line["logprobs"];
    if (!values.is_array() || values.size() != response.tokens.size() ||
        !std::ranges::all_of(values, [](const ordered_json& v) { return v.is_number(); })) {
      throw Error(where, "\"logprobs\" does not have one number for each of \"token_ids\"", "leave it out");
    }
    response.recorded = values.get<std::vector<float>>();
  }
  response.line = std::move(line);
  return response;
}

// How recorded and computed log-probabilities compare.
struct Comparison {
  int64_t responses = 0, tokens = 0, compared = 0, different = 0;
  double largest = 0;

  void add(const Response& response, const std::vector<TokenScore>& scores) {
    ++responses;
    tokens += std::ssize(scores);
    for (size_t i = 0; i < response.recorded.size(); ++i) {
      const float difference = std::abs(response.recorded[i] - scores[i].log_prob);
      ++compared;
      different += difference != 0;
      largest = std::max(largest, static_cast<double>(difference));
    }
  }
  [[nodiscard]] std::string text() const {
    const std::string counted = fmt::format("{} responses, {} tokens", responses, tokens);
    if (compared == 0) return counted;
    if (different == 0) return counted + ", the recorded log-probabilities are the same bits";
    return fmt::format("{}; {} of {} recorded log-probabilities differ, by at most {:.3g}", counted,
                       different, compared, largest);
  }
};

class Scorer {
 public:
  explicit Scorer(const Options& options) : options_(options), model_(Model::load(options.model)) {
    compute_in(model_, options.dtype, options.model);
  }

  void run() {
    JsonlReader reader(options_.input);
    Progress progress("scoring", "tokens", 0);
    for (ordered_json line; reader.next(line);) {
      Response response = read_response(std::move(line), reader.where(), model_.config());
      if (!batch_.empty() && (batch_tokens_ >= kBatchTokens ||
                              scoring_temperature(batch_.front()) != scoring_temperature(response))) {
        score_batch();
        progress.update(comparison_.tokens);
      }
      batch_tokens_ += std::ssize(response.prompt) + std::ssize(response.tokens);
      batch_.push_back(std::move(response));
    }
    if (batch_.empty()) throw Error(options_.input, "has no lines", "give at least one response");
    score_batch();
    log_info("{}", comparison_.text());
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
    TrainStep step(model_, {.token_budget = options_.token_budget});
    auto response = batch_.begin();
    for (const auto& group : step.score(groups, scoring_temperature(batch_.front()))) {
      for (const auto& scores : group) {
        write(*response, scores);
        comparison_.add(*response++, scores);
      }
    }
    batch_.clear();
    batch_tokens_ = 0;
  }

  // The line as `generate` would have written it, then what else it has.
  void write(const Response& response, const std::vector<TokenScore>& scores) {
    std::vector<float> log_probs;
    for (const TokenScore& score : scores) {
      if (!std::isfinite(score.log_prob)) {
        throw Error(options_.model, "gives logits that are not finite",
                    "its weights have diverged, or are damaged");
      }
      log_probs.push_back(score.log_prob);
    }
    ordered_json values = response.line;
    values["logprobs"] = log_probs;
    values["temperature"] = response.temperature;
    values["dtype"] = compute_type_name(model_.compute_type());
    values["kernels"] = default_device().name();
    values["model"] = model_hash_;
    ordered_json line;
    for (const char* key :
         {"index", "id", "sample", "text", "prompt_token_ids", "token_ids", "logprobs", "finish_reason",
          "prompt_opened_thinking", "temperature", "dtype", "kernels", "model"}) {
      if (values.contains(key)) line[key] = values[key];
    }
    line.update(values);
    if (!writer_) writer_.emplace(options_.output, JsonlWriter::Start::kEmpty);
    writer_->write(line);
  }

  const Options& options_;
  Model model_;
  std::string model_hash_ = model_.hash();
  std::vector<Response> batch_;
  int64_t batch_tokens_ = 0;
  Comparison comparison_;
  std::optional<JsonlWriter> writer_;
};

}  // namespace

void add_score_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("score", "Log-probabilities of given responses, as training computes them");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  command
      ->add_option("--input", options->input,
                   "lines as `generate` writes them; responses of a prompt together")
      ->required();
  command->add_option("--output", options->output, "the same lines with new logprobs")->required();
  command
      ->add_option("--token-budget", options->token_budget,
                   "rows computed at a time; less is slower, not different")
      ->check(whole_number(1, 1 << 30))
      ->capture_default_str();
  add_dtype(*command, options->dtype);
  add_runtime_options(*command, options->runtime);
  command->callback([options] {
    apply(options->runtime);
    require_no_run(options->model);
    require_new_file(options->output, {options->input, options->model});
    Scorer(*options).run();
  });
}

}  // namespace deepscaler
