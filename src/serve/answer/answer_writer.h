// Brings the answer to a request from the engine's thread to its client.
#pragma once

#include <memory>
#include <vector>

#include "serve/answer/answer.h"
#include "serve/http/http_message.h"

namespace deepscaler {

enum class Delivery { kWhole, kStream };

// Made by make_answer_sinks(); from then on used by the engine's thread alone. When one of the questions
// fails the others are given up.
class AnswerWriter : public std::enable_shared_from_this<AnswerWriter> {
 public:
  AnswerWriter(std::shared_ptr<HttpReply> reply, std::unique_ptr<const AnswerForm> form, Delivery delivery,
               Answer answer);

  void on_prompt(size_t prompt, Generator::ReadPrompt&& read);
  void on_token(size_t prompt, const Generator::NewToken& token);
  void on_finished(size_t prompt, int64_t sample, FinishReason reason);
  void on_failed(int status, const std::string& message);
  [[nodiscard]] bool is_gone() const { return failed_ || reply_->is_gone(); }

 private:
  void tell(size_t choice, AnswerPart&& part);

  std::shared_ptr<HttpReply> reply_;
  std::unique_ptr<const AnswerForm> form_;
  Delivery delivery_;
  Answer answer_;
  std::vector<size_t> told_;  // tokens of each choice that the stream has told of
  size_t unread_, unfinished_;
  bool begun_ = false, failed_ = false;
};

// Gives each of a request's questions a sink that writes to `reply`. `readings`: of their texts, one a
// question.
void deliver(std::vector<Question>& questions, const std::vector<AnswerReading>& readings,
             const Tokenizer& tokenizer, std::shared_ptr<HttpReply> reply,
             std::unique_ptr<const AnswerForm> form, Delivery delivery);

}  // namespace deepscaler
