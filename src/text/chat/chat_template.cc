#include "text/chat/chat_template.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "text/jinja/python_text.h"
#include "text/jinja/template_evaluator.h"
#include "text/jinja/template_parser.h"
#include "text/tokenizer/tokenizer.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

// A message's reasoning goes by several names. Templates read the first; those of gpt-oss the second.
ordered_json with_all_names_of_reasoning(const ordered_json& message) {
  if (!message.is_object()) return message;
  for (const char* name : {"reasoning_content", "thinking", "reasoning"}) {
    if (!message.contains(name) || message[name].is_null()) continue;
    const ordered_json reasoning = message[name];
    ordered_json named = {{"thinking", reasoning}};
    named.update(message);
    named["reasoning_content"] = reasoning;
    return named;
  }
  return message;
}

ordered_json with_all_names_of_reasoning_in(const ordered_json& messages) {
  if (!messages.is_array()) return messages;
  ordered_json named = ordered_json::array();
  for (const ordered_json& message : messages) named.push_back(with_all_names_of_reasoning(message));
  return named;
}

}  // namespace

struct ChatTemplate::Parsed {
  std::string where;
  jinja::Body body;
  bool asks_for_day;
};

ChatTemplate::ChatTemplate(std::string_view source, std::string where) {
  if (valid_utf8_prefix(source) != source.size()) {
    throw Error(where, "is not valid UTF-8", "correct the chat template");
  }
  jinja::Body body = jinja::parse_template(source, where);
  parsed_ = std::make_unique<const Parsed>(
      Parsed{std::move(where), std::move(body), source.find("strftime_now") != std::string_view::npos});
}

ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

std::string ChatTemplate::render(const ordered_json& messages, GenerationPrompt generation_prompt,
                                 const ordered_json& variables) const {
  return render(messages, generation_prompt, variables, nullptr);
}

std::string ChatTemplate::render(const ordered_json& messages, GenerationPrompt generation_prompt,
                                 const ordered_json& variables, jinja::LoopEnds* ends) const {
  jinja::Variables values;
  try {
    values = {{"messages", jinja::from_json(with_all_names_of_reasoning_in(messages))},
              {"tools", jinja::Value::none()},
              {"documents", jinja::Value::none()},
              {"add_generation_prompt", jinja::Value::boolean(generation_prompt == GenerationPrompt::kAdd)}};
    for (const auto& [name, value] : variables.items()) values.emplace_back(name, jinja::from_json(value));
  } catch (const jinja::Fault& fault) {
    throw Error(parsed_->where, std::string("can't take the messages: ") + fault.what(),
                "correct the messages");
  }
  return jinja::evaluate_template(parsed_->body, values, day_, parsed_->where, ends);
}

std::optional<TurnTexts> ChatTemplate::render_turns(const ordered_json& messages,
                                                    const ordered_json& variables) const {
  jinja::LoopEnds ends = {jinja::turn_loop(parsed_->body)};
  // A variable of that name would be another list.
  if (ends.loop == nullptr || messages.empty() || variables.contains("messages")) return std::nullopt;
  TurnTexts turns;
  turns.text = render(messages, GenerationPrompt::kOmit, variables, &ends);
  turns.ends = std::move(ends.bytes);
  if (turns.ends.size() != messages.size()) return std::nullopt;
  const size_t end = turns.ends.back();
  turns.closed = turns.text.substr(end);
  turns.opened = render(messages, GenerationPrompt::kAdd, variables).substr(end);
  turns.text.resize(end);
  return turns;
}

bool ChatTemplate::asks_for_day() const { return parsed_->asks_for_day; }

ordered_json template_variables(const Tokenizer& tokenizer) {
  ordered_json variables = ordered_json::object();
  if (tokenizer.bos()) variables["bos_token"] = tokenizer.bos_text();
  if (tokenizer.eos()) variables["eos_token"] = tokenizer.eos_text();
  if (tokenizer.pad()) variables["pad_token"] = tokenizer.pad_text();
  return variables;
}

bool opens_think(std::string_view prompt) { return jinja::strip_right(prompt).ends_with("<think>"); }

}  // namespace deepscaler
