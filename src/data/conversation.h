// A conversation as pieces of text: pieces that are only read, and the assistant's turns, which are learned.
//
// A chat template renders whole conversations and does not say where a turn begins. So the conversation is
// rendered up to each assistant's turn: once with the turn opened, once with the turn itself. Each text must
// continue the one before. Then a model is trained on exactly the prefixes that it will be prompted with.
// Templates for which this fails are refused, such as those that take the chain of thought out of earlier
// turns. So are templates that leave out a part of what is to be learned. Where a template is
// certain to write turn by turn (text/jinja/template_turns.h), one rendering gives all of these texts.
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

// The pieces of `messages` ([{"role", "content"}, ...], with "role" a string), up to the last learned turn.
// Learned are the assistant's turns from message number `first_learned` on, but for turns with a "weight",
// "train", "trainable" or "loss_mask" of 0 or false. `where` ("train.jsonl:3") is for errors.
//
// Throws Error where there is no turn to learn, and where the template refuses the messages, does not
// continue its earlier text, leaves out what a turn says or thinks, or loses a message (data/rendering.h).
[[nodiscard]] std::vector<TextPiece> conversation_pieces(const nlohmann::ordered_json& messages,
                                                         size_t first_learned,
                                                         const ChatTemplate& chat_template,
                                                         const nlohmann::ordered_json& variables,
                                                         const std::string& where);

}  // namespace deepscaler
