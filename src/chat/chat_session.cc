#include "chat/chat_session.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/stopwatch.h"
#include "data/conversation_text.h"
#include "formats/json_text.h"
#include "infer/streamed_text.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// A request that is not done when its answer is no longer wanted.
struct CancelAtEnd {
  Generator& generator;
  Generator::RequestId id;
  ~CancelAtEnd() { generator.cancel(id); }
};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw Error(path.string(), what, "name a file that /save wrote");
}

std::string text_of(const Json& message, const char* key, const std::filesystem::path& path) {
  if (!message.is_object() || !message.contains(key) || !message[key].is_string())
    refuse(path, fmt::format("a message has no text \"{}\"", key));
  return message[key];
}

// User and assistant in turn, which is what can be answered.
std::vector<ChatTurn> read_turns(const Json& messages, std::string& system,
                                 const std::filesystem::path& path) {
  std::vector<ChatTurn> turns;
  for (const Json& message : messages) {
    const std::string role = text_of(message, "role", path);
    if (role == "system" && turns.empty() && system.empty()) {
      system = text_of(message, "content", path);
      continue;
    }
    if (role != (turns.size() % 2 == 0 ? "user" : "assistant"))
      refuse(path, fmt::format("message {} is of the role {}, where user and assistant take turns",
                               turns.size() + 1, role));
    turns.push_back({role, text_of(message, "content", path)});
    if (message.contains("reasoning_content"))
      turns.back().thoughts = text_of(message, "reasoning_content", path);
  }
  if (turns.size() % 2 != 0) refuse(path, "the last message has no answer");
  return turns;
}

}  // namespace

ChatSession::ChatSession(Generator& generator, const Tokenizer& tokenizer, ChatSettings settings,
                         PromptConfig template_variables)
    : generator_(generator),
      tokenizer_(tokenizer),
      encoder_(tokenizer, std::move(template_variables)),
      marks_(tokenizer),
      settings_(std::move(settings)) {
  if (encoder_.chat_template() == nullptr) {
    throw Error("chat", "the model has no chat template", "use `deepscaler generate --prompt`");
  }
}

Json ChatSession::messages() const {
  Json messages = Json::array();
  if (!settings_.system.empty()) messages.push_back({{"role", "system"}, {"content", settings_.system}});
  for (const ChatTurn& turn : turns_) messages.push_back({{"role", turn.role}, {"content", turn.content}});
  return messages;
}

Json ChatSession::json() const {
  Json json = {{"messages", messages()}};
  const size_t first = settings_.system.empty() ? 0 : 1;
  for (size_t i = 0; i < turns_.size(); ++i) {
    if (!turns_[i].thoughts.empty()) json["messages"][first + i]["reasoning_content"] = turns_[i].thoughts;
  }
  return json;
}

void ChatSession::load(const std::filesystem::path& path) {
  const Json json = read_record_file(path);
  if (!json.is_object() || !json.contains("messages") || !json["messages"].is_array())
    refuse(path, "has no list \"messages\"");
  std::string system;
  std::vector<ChatTurn> turns = read_turns(json["messages"], system, path);
  turns_ = std::move(turns);
  settings_.system = std::move(system);
  tokens_in_use_ = 0;
}

void ChatSession::clear() {
  turns_.clear();
  tokens_in_use_ = 0;
}

ChatAnswerFigures ChatSession::answer(const std::string& user, const OnPiece& on_piece,
                                      const std::function<bool()>& stop) {
  turns_.push_back({"user", user});
  try {
    return generate(on_piece, stop);
  } catch (...) {
    turns_.pop_back();
    throw;
  }
}

ChatAnswerFigures ChatSession::answer_again(const OnPiece& on_piece, const std::function<bool()>& stop) {
  if (turns_.empty()) throw Error("/regen", "there is no answer yet", "ask something");
  ChatTurn last = std::move(turns_.back());
  turns_.pop_back();
  try {
    return generate(on_piece, stop);
  } catch (...) {
    turns_.push_back(std::move(last));
    throw;
  }
}

// Answers the last turn, which is the user's.
ChatAnswerFigures ChatSession::generate(const OnPiece& on_piece, const std::function<bool()>& stop) {
  const EncodedPrompt prompt = encode(
      tokenizer_, conversation_text(encoder_, marks_, messages(), Json::object(), LastTurn::kOpensAnswer));
  ChatAnswerFigures figures = {.prompt_tokens = std::ssize(prompt.tokens)};
  const int64_t room = most_tokens() - figures.prompt_tokens;
  if (room <= 0) {
    throw Error("chat",
                fmt::format("the conversation has {} tokens, and there is room for {} with its answer",
                            figures.prompt_tokens, most_tokens()),
                "/clear begins a new one");
  }
  const StopStrings none(tokenizer_, {});
  GenerationOptions options = {.sampling = settings_.sampling, .stop = &none, .seed = settings_.seed};
  int64_t& most = options.sampling.max_response_tokens;
  most = most == 0 ? room : std::min(most, room);
  StreamedText text(tokenizer_, none);
  ThinkingSplit split(prompt.opened_thinking);
  ChatTurn turn = {.role = "assistant"};
  const auto hand_over = [&](const AnswerPiece& piece) {
    turn.thoughts += piece.reasoning;
    turn.content += piece.content;
    if (!piece.reasoning.empty() || !piece.content.empty()) on_piece(piece);
  };
  const Stopwatch watch;
  const auto id = generator_.add({.prompt = prompt.tokens,
                                  .stream = static_cast<uint64_t>(answers_++),
                                  .name = "the conversation",
                                  .keep_responses = true},
                                 options);
  const CancelAtEnd guard{generator_, id};
  while (!generator_.idle() && !figures.was_stopped) {
    const Generator::Step step = generator_.step();
    for (const auto& read : step.prompts) figures.reused_tokens = read.reused;
    for (const auto& failed : step.failed) throw failed.error;
    for (const auto& token : step.tokens) {
      if (figures.tokens++ == 0) figures.prompt_s = watch.seconds();
      hand_over(split.push(text.push(token.token)));
    }
    for (const auto& finished : step.finished)
      figures.was_cut = finished.generation.finish_reason == FinishReason::kLength;
    figures.was_stopped = !generator_.idle() && stop();
  }
  hand_over(split.push(text.finish()));
  hand_over(split.finish());
  figures.answer_s = figures.tokens == 0 ? 0 : watch.seconds() - figures.prompt_s;
  if (figures.tokens == 0) figures.prompt_s = watch.seconds();
  tokens_in_use_ = figures.prompt_tokens + figures.tokens;
  turns_.push_back(std::move(turn));
  return figures;
}

}  // namespace deepscaler
