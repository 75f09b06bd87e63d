// A conversation as pieces of text: what is only read, and the assistant's turns, which are learned.
//
// A chat template renders whole conversations and does not say where a turn begins. So the beginning
// of a conversation is rendered turn by turn: up to an assistant's turn with that turn opened, and with
// the turn itself. Each text must continue the one before. Then a model is trained on exactly the
// prefixes that it will be prompted with; templates for which this fails (they take the chain of thought
// out of earlier turns, say) are refused rather than trained on something else. So are those that leave out a
// part of what is to be learned. Where a template is certain to write turn by turn
// (text/jinja/template_turns.h), all beginnings come from one rendering.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "text/chat/chat_template.h"

namespace deepscaler {

struct TextPiece {
  std::string text;
  bool learned = false;
};

// The pieces of `messages` ([{"role", "content"}, ...], with "role" a string), up to the last turn that is
// learned: the assistant's turns from message number `first_learned` on, but for those with a "weight",
// "train", "trainable" or "loss_mask" of 0 or false. `where` ("train.jsonl:3") is for errors. Throws Error
// where there is no turn to learn, the template refuses the messages, does not continue what it rendered
// before, leaves out what a turn says or thinks, or loses a message (data/rendering.h).
[[nodiscard]] std::vector<TextPiece> conversation_pieces(const nlohmann::ordered_json& messages,
                                                         size_t first_learned,
                                                         const ChatTemplate& chat_template,
                                                         const nlohmann::ordered_json& variables,
                                                         const std::string& where);

}  // namespace deepscaler
