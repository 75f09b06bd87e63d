// Demonstrations: texts that a model learns to continue, read from files in the formats of TRL's
// SFTTrainer, of ShareGPT and Alpaca, or from problems with worked solutions.
//
//   {"messages": [{"role", "content"}, ...]}        a conversation; the assistant's turns are learned
//   {"conversations": [{"from", "value"}, ...]}     a conversation of ShareGPT, with an optional "system"
//   {"prompt": [...], "completion": [...]}          a conversation; only the completion's turns are learned
//   {"prompt": [...], "completion": "text"}         a conversation; the text follows the opened turn
//   {"prompt": "text", "completion": "text"}        plain text, without a chat template
//   {"text": "text"}                                plain text, all of it learned
//   {"instruction", "input"?, "output"}             Alpaca: a question and its answer, "system" and "history"
//   too
//   {"question" or "problem", "answer", "solution"} a problem and its worked solution (data/dataset.h)
//   {"question" or "problem", "generations"}        traces of a teacher, each of them a demonstration; two
//                                                   more formats of them are in data/trace.h
//
// Where a record has keys of several formats, traces count before all others, then the first format. Other
// keys are ignored, but "tools" and "chat_template_kwargs" go to the chat template.
//
// A learned text ends with a token that ends a response. A turn is learned up to the chat template's own end
// token; where the template has none, the last turn gets the model's end-of-text token. Pieces are tokenized
// one by one, as in generation: a prompt's last token never merges with the response's first.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "data/prompt_encoder.h"
#include "data/trace.h"

namespace deepscaler {

// Which tokens have a loss.
enum class LossOn {
  kCompletions,  // what the assistant says; all of a plain text
  kAll,          // every token but the first
};

struct Demonstration {
  std::string where;  // "train.jsonl:3"
  std::string id;     // from the text alone, so the place in a file does not matter
  std::vector<TokenId> tokens;
  std::vector<uint8_t> in_loss;  // [tokens] 1 where it is learned; never the first token, always the last

  [[nodiscard]] int64_t learned() const;  // tokens
};

// What some files hold, and what became of the traces among it.
struct DemonstrationSet {
  std::vector<Demonstration> demonstrations;
  TraceCounts traces;
};

// Reads the files one after the other. Of traces those that `choice` says are demonstrations; a conversation
// whose thinking never ends counts as a trace that breaks off. Throws Error naming file and line for a record
// that is none of the above or has nothing to learn, for no records at all, and for traces of which none is
// left.
[[nodiscard]] DemonstrationSet read_demonstrations(std::span<const std::filesystem::path> files,
                                                   const PromptEncoder& encoder, LossOn loss_on,
                                                   TraceChoice choice);

// The demonstration in one record that holds no traces, and in a problem that has a worked solution. Both
// throw Error naming `where`.
[[nodiscard]] Demonstration read_demonstration(const nlohmann::ordered_json& record, const std::string& where,
                                               const PromptEncoder& encoder, LossOn loss_on);
[[nodiscard]] Demonstration demonstrate(const Problem& problem, const std::string& where,
                                        const PromptEncoder& encoder, LossOn loss_on);

}  // namespace deepscaler
