// A conversation with a model in memory: the turns so far, and answers to the last one, token by token. It
// knows no terminal.
//
// Control tokens in what is typed are text to the model. What a model has thought is no part of the turns
// that it reads: R1's and Qwen3's templates take thoughts of earlier turns out, and others would keep them
// for nothing. Keys and values of earlier turns stay in the generator, so that only what is new is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/prompt_encoder.h"
#include "generate/thinking_split.h"
#include "infer/generator.h"
#include "infer/sampling.h"
#include "text/chat/control_marks.h"

namespace deepscaler {

struct ChatTurn {
  std::string role;  // "user" or "assistant"
  std::string content;
  std::string thoughts;  // of the assistant
};

// How answers are sampled; the defaults are R1's, with no system message.
struct ChatSettings {
  SamplingConfig sampling = {.temperature = 0.6f, .top_p = 0.95f, .max_response_tokens = 0};
  uint64_t seed = 0;
  std::string system;  // empty: what the chat template has for that
};

struct ChatAnswerFigures {
  int64_t prompt_tokens = 0, reused_tokens = 0;  // of the prompt, those that were in the cache
  int64_t tokens = 0;
  double prompt_s = 0, answer_s = 0;  // to the first token, and from there on
  bool was_cut = false;               // no room was left, or as many tokens as sampling allows
  bool was_stopped = false;           // by the user
};

// One thread owns it. Generator and tokenizer must outlive it.
class ChatSession {
 public:
  // The sampling's max_response_tokens: 0 for as many as there is room for. Throws Error for a model without
  // a chat template.
  ChatSession(Generator& generator, const Tokenizer& tokenizer, ChatSettings settings,
              PromptConfig template_variables = {});

  using OnPiece = std::function<void(const AnswerPiece& piece)>;

  // Answers the user's turn, calling `on_piece` with what comes. Both turns belong to the conversation then,
  // also where `stop` ended the answer, which is asked after each token. Throws Error, and the conversation
  // is as it was, where prompt and answer have no room, or the chat template refuses the turns.
  ChatAnswerFigures answer(const std::string& user, const OnPiece& on_piece,
                           const std::function<bool()>& stop);
  // Takes the last answer back and answers anew, with other random numbers. Throws Error where there is none.
  ChatAnswerFigures answer_again(const OnPiece& on_piece, const std::function<bool()>& stop);

  void clear();

  // {"system", "messages": [{"role", "content", "reasoning_content"?}]}, as `generate --input` takes it too.
  [[nodiscard]] nlohmann::ordered_json json() const;
  // Takes the turns of such a file in place of its own. Throws Error; the conversation is as it was then.
  void load(const std::filesystem::path& path);

  [[nodiscard]] const std::vector<ChatTurn>& turns() const { return turns_; }
  [[nodiscard]] ChatSettings& settings() { return settings_; }
  [[nodiscard]] int64_t most_tokens() const { return generator_.most_positions(); }
  // Tokens of the conversation, the last answer included; of its thoughts, too.
  [[nodiscard]] int64_t tokens_in_use() const { return tokens_in_use_; }

 private:
  [[nodiscard]] nlohmann::ordered_json messages() const;
  ChatAnswerFigures generate(const OnPiece& on_piece, const std::function<bool()>& stop);

  Generator& generator_;
  const Tokenizer& tokenizer_;
  PromptEncoder encoder_;
  ControlMarks marks_;
  ChatSettings settings_;
  std::vector<ChatTurn> turns_;
  int64_t answers_ = 0;  // so far, the taken back ones included: each has random numbers of its own
  int64_t tokens_in_use_ = 0;
};

}  // namespace deepscaler
