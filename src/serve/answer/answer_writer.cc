#include "serve/answer/answer_writer.h"

#include <utility>

namespace deepscaler {
namespace {

class QuestionSink : public AnswerSink {
 public:
  QuestionSink(std::shared_ptr<AnswerWriter> writer, size_t prompt, std::shared_ptr<const StopStrings> stop)
      : writer_(std::move(writer)), prompt_(prompt), stop_(std::move(stop)) {}

  void on_prompt(Generator::ReadPrompt&& read) override { writer_->on_prompt(prompt_, std::move(read)); }
  void on_token(const Generator::NewToken& token) override { writer_->on_token(prompt_, token); }
  void on_finished(int64_t sample, FinishReason reason) override {
    writer_->on_finished(prompt_, sample, reason);
  }
  void on_failed(int status, const std::string& message) override { writer_->on_failed(status, message); }
  [[nodiscard]] bool is_gone() const override { return writer_->is_gone(); }

 private:
  std::shared_ptr<AnswerWriter> writer_;
  size_t prompt_;
  std::shared_ptr<const StopStrings> stop_;  // which the writer's texts look at
};

}  // namespace

AnswerWriter::AnswerWriter(std::shared_ptr<HttpReply> reply, std::unique_ptr<const AnswerForm> form,
                           Delivery delivery, Answer answer)
    : reply_(std::move(reply)),
      form_(std::move(form)),
      delivery_(delivery),
      answer_(std::move(answer)),
      told_(answer_.choices.size()),
      unread_(answer_.prompts.size()),
      unfinished_(answer_.choices.size()) {}

void AnswerWriter::on_prompt(size_t prompt, Generator::ReadPrompt&& read) {
  answer_.prompts[prompt].reused = read.reused;
  answer_.prompts[prompt].scores = std::move(read.scores);
  if (--unread_ == 0) answer_.prompt_seconds = answer_.since_asked.seconds();
  if (delivery_ == Delivery::kWhole || failed_) return;
  if (!std::exchange(begun_, true)) {
    reply_->begin({.content_type = form_->stream_type(), .headers = {{"Cache-Control", "no-store"}}});
  }
  const size_t samples = answer_.samples();
  for (size_t s = 0; s < samples; ++s) reply_->write(form_->begin(answer_, prompt * samples + s));
}

void AnswerWriter::on_token(size_t prompt, const Generator::NewToken& token) {
  const size_t index = prompt * answer_.samples() + static_cast<size_t>(token.sample);
  AnswerChoice& choice = answer_.choices[index];
  choice.tokens.push_back(token.token);
  choice.log_probs.push_back({token.log_prob, token.top});
  tell(index, choice.text.push(token.token));
}

void AnswerWriter::tell(size_t index, AnswerPart&& part) {
  if (part.is_empty()) return;
  AnswerChoice& choice = answer_.choices[index];
  choice.reasoning += part.reasoning;
  choice.content += part.content;
  choice.tool_calls.insert(choice.tool_calls.end(), part.tool_calls.begin(), part.tool_calls.end());
  if (delivery_ == Delivery::kWhole || failed_) return;
  reply_->write(form_->go_on(answer_, {index, std::move(part), told_[index]}));
  told_[index] = choice.tokens.size();
}

void AnswerWriter::on_finished(size_t prompt, int64_t sample, FinishReason reason) {
  const size_t index = prompt * answer_.samples() + static_cast<size_t>(sample);
  AnswerChoice& choice = answer_.choices[index];
  tell(index, choice.text.finish());
  choice.finish = reason;
  --unfinished_;
  if (failed_) return;
  if (delivery_ == Delivery::kStream) reply_->write(form_->finish(answer_, index, told_[index]));
  if (unfinished_ > 0) return;
  if (delivery_ == Delivery::kWhole) return reply_->send({.body = form_->whole(answer_)});
  reply_->write(form_->end(answer_));
  reply_->end();
}

void AnswerWriter::on_failed(int status, const std::string& message) {
  if (std::exchange(failed_, true)) return;
  if (!begun_) return reply_->send({.status = status, .body = form_->refusal(status, message)});
  reply_->write(form_->break_off(status, message));
  reply_->end();
}

void deliver(std::vector<Question>& questions, const std::vector<AnswerReading>& readings,
             const Tokenizer& tokenizer, std::shared_ptr<HttpReply> reply,
             std::unique_ptr<const AnswerForm> form, Delivery delivery) {
  Answer answer;
  for (size_t q = 0; q < questions.size(); ++q) {
    const Question& question = questions[q];
    answer.prompts.push_back({.tokens = question.request.prompt});
    for (int64_t s = 0; s < question.request.samples; ++s) {
      answer.choices.push_back({.text = {tokenizer, *question.stop, readings[q]}});
    }
  }
  const auto writer =
      std::make_shared<AnswerWriter>(std::move(reply), std::move(form), delivery, std::move(answer));
  for (size_t q = 0; q < questions.size(); ++q) {
    questions[q].sink = std::make_shared<QuestionSink>(writer, q, questions[q].stop);
  }
}

}  // namespace deepscaler
