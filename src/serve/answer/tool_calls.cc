#include "serve/answer/tool_calls.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/trim.h"
#include "formats/json_text.h"
#include "serve/http/json_body.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kOpening = "<tool_call>", kClosing = "</tool_call>", kSpaces = " \t\r\n";

std::optional<ToolCall> call_of(std::string_view text) {
  try {
    const Json json = parse_record(trim(text), "call");
    if (!json.is_object() || !json.contains("name") || !json["name"].is_string()) return std::nullopt;
    for (const char* key : {"arguments", "parameters"}) {
      if (json.contains(key) && json[key].is_object()) return ToolCall{json["name"], text_of(json[key])};
    }
  } catch (const Error&) {  // it is no JSON
  }
  return std::nullopt;
}

// Bytes of the JSON object at the beginning of a text, to its closing brace; 0 where it is not closed.
size_t object_bytes(std::string_view text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

// The calls of which a text is made; none where it holds anything else.
std::vector<ToolCall> calls_of(std::string_view text) {
  std::vector<ToolCall> calls;
  constexpr std::string_view kBetween = "; \t\r\n";
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBetween), text.size()));
    if (text.empty()) return calls;
    const size_t bytes = text[0] == '{' ? object_bytes(text) : 0;
    auto call = bytes == 0 ? std::nullopt : call_of(text.substr(0, bytes));
    if (!call) return {};
    calls.push_back(std::move(*call));
    text.remove_prefix(bytes);
  }
}

// Bytes at the end of `text` with which `tag` could begin.
size_t beginning_of(std::string_view tag, std::string_view text) {
  for (size_t bytes = std::min(tag.size() - 1, text.size()); bytes > 0; --bytes) {
    if (text.ends_with(tag.substr(0, bytes))) return bytes;
  }
  return 0;
}

}  // namespace

std::optional<ToolCallFormat> tool_call_format(std::string_view chat_template) {
  const auto has = [&](std::string_view text) { return chat_template.find(text) != chat_template.npos; };
  if (has(kOpening)) return ToolCallFormat::kTagged;
  if (has("<|start_header_id|>") && has("\"parameters\"")) return ToolCallFormat::kWholeText;
  return std::nullopt;
}

ToolCallPiece ToolCallSplit::push(std::string_view text) {
  ToolCallPiece piece;
  if (is_text_) {
    piece.content = text;
    return piece;
  }
  held_ += text;
  if (format_ == ToolCallFormat::kTagged) {
    take_tagged(piece, false);
  } else {
    const size_t first = held_.find_first_not_of(kSpaces);
    if (first == held_.npos || held_[first] == '{') return piece;
    is_text_ = true;
    piece.content = std::exchange(held_, {});
  }
  return piece;
}

ToolCallPiece ToolCallSplit::finish() {
  ToolCallPiece piece;
  if (format_ == ToolCallFormat::kTagged) {
    take_tagged(piece, true);
  } else {
    piece.calls = calls_of(held_);
    if (piece.calls.empty()) piece.content = std::exchange(held_, {});
  }
  return piece;
}

void ToolCallSplit::take_tagged(ToolCallPiece& piece, bool is_over) {
  while (true) {
    const std::string_view tag = in_call_ ? kClosing : kOpening;
    const size_t at = held_.find(tag, looked_at_);
    if (at != held_.npos && in_call_) {
      take_call(piece, at, tag.size());
      continue;
    }
    if (at != held_.npos) {
      // White space before a call is no part of the text.
      const std::string_view before = std::string_view(held_).substr(0, at);
      piece.content += before.substr(0, before.find_last_not_of(kSpaces) + 1);
      held_.erase(0, at + tag.size());
      in_call_ = true;
      looked_at_ = 0;
      continue;
    }
    if (in_call_) {
      if (is_over) return take_call(piece, held_.size(), 0);
      looked_at_ = held_.size() - beginning_of(tag, held_);
      return;
    }
    size_t sure = is_over ? held_.size() : held_.size() - beginning_of(tag, held_);
    if (!is_over || has_called_) {
      const size_t last = held_.find_last_not_of(kSpaces, sure == 0 ? held_.npos : sure - 1);
      sure = sure == 0 || last == held_.npos ? 0 : last + 1;
    }
    piece.content += held_.substr(0, sure);
    held_.erase(0, sure);
    return;
  }
}

// What stands before `end` and behind <tool_call>: a call, or else text with its tags.
void ToolCallSplit::take_call(ToolCallPiece& piece, size_t end, size_t tag_bytes) {
  if (auto call = call_of(std::string_view(held_).substr(0, end))) {
    piece.calls.push_back(std::move(*call));
    has_called_ = true;
  } else {
    piece.content += std::string(kOpening) + held_.substr(0, end + tag_bytes);
  }
  held_.erase(0, end + tag_bytes);
  in_call_ = false;
  looked_at_ = 0;
}

}  // namespace deepscaler
