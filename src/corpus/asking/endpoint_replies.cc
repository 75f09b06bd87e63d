#include "corpus/asking/endpoint_replies.h"

#include <nlohmann/json.hpp>

#include "base/api_keys.h"
#include "base/error.h"
#include "fetch/chat_endpoint.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// As many failures, with no success between them, are the server's fault and not that of questions.
constexpr int64_t kMostFailuresInARow = 8;

ChatEndpointOptions options_of(const ChatModelConfig& config, const Asking& asking) {
  ChatEndpointOptions options{.url = config.endpoint,
                              .cache = asking.kept,
                              .requests_per_minute = config.requests_per_minute,
                              .patience_s = config.patience_s,
                              .answer_time_s = config.answer_time_s};
  if (!config.key_file.empty()) options.key = read_api_key(asking.root / config.key_file);
  options.on_retry = warn_of_retries(config.patience_s);
  return options;
}

}  // namespace

std::vector<Replies> ask_endpoint(const ChatModelConfig& config, std::span<const ChatQuestion> questions,
                                  const Asking& asking) {
  ChatEndpoint endpoint(options_of(config, asking));
  std::vector<Replies> all(questions.size());
  for (Replies& replies : all) replies.texts.resize(static_cast<size_t>(config.samples));
  const auto question_of = [&](int64_t i) { return static_cast<size_t>(i / config.samples); };
  int64_t ended = 0, failed_in_a_row = 0;
  const auto end_one = [&] { asking.progress(++ended / config.samples); };
  const auto fail_one = [&](int64_t i, const std::string& fault) {
    all[question_of(i)].fault = fault;
    if (++failed_in_a_row == kMostFailuresInARow) {
      throw Error(
          config.endpoint,
          fmt::format("{} requests in a row have failed; the last one: {}", kMostFailuresInARow, fault),
          "replies so far are kept, and the same command goes on from there");
    }
    end_one();
  };
  ask_all(endpoint, {.requests = std::ssize(questions) * config.samples,
                     .side_by_side = config.side_by_side,
                     .request =
                         [&](int64_t i) {
                           return Json{{"model", config.model},
                                       {"messages", Json::parse(questions[question_of(i)].messages)},
                                       {"temperature", config.temperature},
                                       {"max_tokens", config.max_response_tokens},
                                       {"seed", request_seed(asking.seed, questions[question_of(i)].id,
                                                             i % config.samples)}};
                         },
                     .purpose = [&](int64_t i) { return questions[question_of(i)].id; },
                     .on_answer =
                         [&](int64_t i, ChatAnswer&& answer) {
                           const ChatChoice& choice = answer.choices[0];
                           const std::string& id = questions[question_of(i)].id;
                           if (const std::string fault = choice.fault(); !fault.empty())
                             return fail_one(i, fmt::format("{}: {}: {}", id, config.endpoint, fault));
                           all[question_of(i)].texts[static_cast<size_t>(i % config.samples)] = choice.text();
                           failed_in_a_row = 0;
                           end_one();
                         },
                     .on_failure =
                         [&](int64_t i, const Error& error) {
                           if (dynamic_cast<const PromptTooLong*>(&error) == nullptr)
                             return fail_one(i, error.what());
                           all[question_of(i)].too_long = error.what();
                           end_one();
                         }});
  return all;
}

}  // namespace deepscaler
