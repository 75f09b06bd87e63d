#include "corpus/asking/endpoint_replies.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/trim.h"
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
  if (!config.key_file.empty()) {
    const std::filesystem::path path = asking.root / config.key_file;
    options.key = trim(read_file(path));
    if (options.key.empty()) throw Error(path.string(), "holds no key", "put the endpoint's key into it");
  }
  options.on_retry = [last = std::make_shared<std::string>(),
                      patience_s = config.patience_s](const std::string& fault) {
    if (std::exchange(*last, fault) != fault)
      log_warning("{}; asking again for up to {} s", fault, patience_s);
  };
  return options;
}

std::string text_of(const ChatChoice& choice) {
  if (choice.reasoning.empty()) return choice.content;
  return fmt::format("<think>\n{}\n</think>\n\n{}", choice.reasoning, choice.content);
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
  ask_all(endpoint, {.requests = std::ssize(questions) * config.samples,
                     .side_by_side = config.side_by_side,
                     .request =
                         [&](int64_t i) {
                           return Json{
                               {"model", config.model},
                               {"messages", Json::parse(questions[question_of(i)].messages)},
                               {"temperature", config.temperature},
                               {"max_tokens", config.max_response_tokens},
                               {"seed", static_cast<int64_t>(asking.seed) * 1024 + i % config.samples}};
                         },
                     .purpose = [&](int64_t i) { return questions[question_of(i)].id; },
                     .on_answer =
                         [&](int64_t i, ChatAnswer&& answer) {
                           all[question_of(i)].texts[static_cast<size_t>(i % config.samples)] =
                               text_of(answer.choices[0]);
                           failed_in_a_row = 0;
                           end_one();
                         },
                     .on_failure =
                         [&](int64_t i, const Error& error) {
                           all[question_of(i)].fault = error.what();
                           if (++failed_in_a_row == kMostFailuresInARow) {
                             throw Error(config.endpoint,
                                         fmt::format("{} requests in a row have failed; the last one: {}",
                                                     kMostFailuresInARow, error.what()),
                                         "replies so far are kept, and the same command goes on from there");
                           }
                           end_one();
                         }});
  return all;
}

}  // namespace deepscaler
