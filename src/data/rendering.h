// What a chat template made of messages. Templates are programs of other people: they pass over roles that
// they do not know, print a list of parts as Python would, and quote arguments of tools that are a text
// already. None of that is an error to them, and the model reads something else than was written.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "text/chat/chat_template.h"

namespace deepscaler {

// Throws Error naming `where` and the message where `rendered`, the text of `messages` with `variables`,
// holds a message in another form than text, or the template leaves out what one of several says. It may move
// white space around and take chains of thought out. A template that writes nothing of what any message says
// is warned of: it is made for something else, a list of the tools that were called, say.
void check_rendering(const nlohmann::ordered_json& messages, std::string_view rendered,
                     const ChatTemplate& chat_template, const nlohmann::ordered_json& variables,
                     const std::string& where);

}  // namespace deepscaler
