#include "chat/answer_display.h"

namespace deepscaler {

std::string AnswerDisplay::push(const AnswerPiece& piece) {
  std::string out;
  if (!piece.reasoning.empty()) {
    if (part_ == Part::kNothing) begin_thoughts(out);
    if (look_.shows_thoughts) out += text_.push(piece.reasoning);
  }
  if (!piece.content.empty()) {
    if (part_ == Part::kThoughts) end_thoughts(out);
    part_ = Part::kAnswer;
    out += text_.push(piece.content);
  }
  return out;
}

std::string AnswerDisplay::finish() {
  std::string out;
  if (part_ == Part::kThoughts) end_thoughts(out);
  out += text_.finish();
  if (part_ == Part::kAnswer && !text_.is_at_left_edge()) out += '\n';
  return out;
}

void AnswerDisplay::begin_thoughts(std::string& out) {
  part_ = Part::kThoughts;
  if (look_.is_styled) out += kDim;
  out += look_.shows_thoughts ? "Thinking ...\n" : "Thinking ... (/thoughts shows what)";
}

void AnswerDisplay::end_thoughts(std::string& out) {
  out += text_.finish();
  if (!look_.shows_thoughts || !text_.is_at_left_edge()) out += '\n';
  if (look_.shows_thoughts) out += "... done thinking\n";
  if (look_.is_styled) out += kPlain;
  out += '\n';
  text_ = TerminalText(look_.columns);
}

}  // namespace deepscaler
