#include "serve/constraint/json_progress.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace deepscaler {
namespace {

using Kind = SchemaNode::Kind;

constexpr uint8_t kMostSpaces = 64;
constexpr uint32_t kMostDigits = 15, kMostExponentDigits = 2;

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_space(char byte) { return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r'; }

// Of `texts` from `first` to before `end`, those that agree with the chosen one up to `position`.
bool agrees(const std::string& text, const std::string& chosen, size_t position) {
  return text.compare(0, position, chosen, 0, position) == 0;
}

// One of them that goes on with the byte.
std::optional<size_t> going_on(std::span<const std::string> texts, size_t first, size_t end, size_t chosen,
                               size_t position, char byte) {
  for (size_t i = first; i < end; ++i) {
    if (texts[i].size() > position && texts[i][position] == byte && agrees(texts[i], texts[chosen], position))
      return i;
  }
  return std::nullopt;
}

// The last key that may come next is the first required one.
size_t keys_end(const SchemaNode& node, size_t first) {
  for (size_t i = first; i < node.required.size(); ++i)
    if (node.required[i]) return i + 1;
  return node.required.size();
}

bool needs_a_key(const SchemaNode& node, size_t first) {
  const size_t end = keys_end(node, first);
  return end > first && node.required[end - 1];
}

}  // namespace

JsonProgress::JsonProgress(const JsonSchema& schema) : schema_(&schema) { begin_value(schema.root()); }

bool JsonProgress::push(char byte) {
  for (;;) {
    if (depth_ == 0) return false;
    if (is_space(byte) && may_have_space(frames_[depth_ - 1])) return ++spaces_ <= kMostSpaces;
    const Taken taken = take(byte);
    if (taken == Taken::kByTheNext) continue;
    spaces_ = 0;
    return taken == Taken::kYes;
  }
}

bool JsonProgress::is_whole() const {
  return depth_ == 0 || (depth_ == 1 && may_end(node_of(frames_[0]), frames_[0]));
}

std::optional<uint32_t> JsonProgress::room_in_string() const {
  if (depth_ == 0 || frames_[depth_ - 1].phase != Phase::kText) return std::nullopt;
  return node_of(frames_[depth_ - 1]).most - frames_[depth_ - 1].count;
}

bool JsonProgress::may_have_space(const Frame& frame) const { return frame.phase <= Phase::kAfterComma; }

// Numbers and literals, of which the end is not always to be seen.
bool JsonProgress::may_end(const SchemaNode& node, const Frame& frame) {
  switch (frame.phase) {
    case Phase::kZero:
    case Phase::kWhole:
    case Phase::kFraction:
    case Phase::kExponentDigits:
      return true;
    case Phase::kLiteral:
      return node.kind == Kind::kLiterals && std::ranges::any_of(node.literals, [&](const std::string& text) {
               return text.size() == frame.position &&
                      agrees(text, node.literals[frame.literal], frame.position);
             });
    default:
      return false;
  }
}

void JsonProgress::begin_value(size_t node) {
  frames_[depth_++] = Frame{.node = static_cast<uint16_t>(node)};
}

JsonProgress::Taken JsonProgress::end() {
  --depth_;
  return Taken::kYes;
}

JsonProgress::Taken JsonProgress::take(char byte) {
  Frame& frame = frames_[depth_ - 1];
  if (frame.phase == Phase::kValue) return begin(frame, byte);
  switch (node_of(frame).kind) {
    case Kind::kObject:
      return in_object(frame, byte);
    case Kind::kMap:
      return in_map(frame, byte);
    case Kind::kArray:
      return in_array(frame, byte);
    case Kind::kString:
      return in_string(frame, byte);
    case Kind::kNumber:
    case Kind::kInteger:
      return in_number(frame, byte);
    case Kind::kLiterals:
      return in_literals(frame, byte);
    case Kind::kChoice:
      break;
  }
  return Taken::kNo;
}

JsonProgress::Taken JsonProgress::begin(Frame& frame, char byte) {
  if (!schema_->begins_with(frame.node, byte)) return Taken::kNo;
  while (node_of(frame).kind == Kind::kChoice) {
    for (size_t child : node_of(frame).children) {
      if (!schema_->begins_with(child, byte)) continue;
      frame.node = static_cast<uint16_t>(child);
      break;
    }
  }
  switch (node_of(frame).kind) {
    case Kind::kObject:
    case Kind::kMap:
    case Kind::kArray:
      // What is within must have a place; a value of any kind may be another here.
      if (depth_ > kMostSchemaLevels) return Taken::kNo;
      frame.phase = Phase::kFirst;
      return Taken::kYes;
    case Kind::kString:
      frame.phase = Phase::kText;
      return Taken::kYes;
    case Kind::kNumber:
    case Kind::kInteger:
      frame.phase = byte == '-' ? Phase::kSign : byte == '0' ? Phase::kZero : Phase::kWhole;
      frame.count = 1;
      return Taken::kYes;
    case Kind::kLiterals:
      frame.phase = Phase::kLiteral;
      return in_literals(frame, byte);
    case Kind::kChoice:
      break;
  }
  return Taken::kNo;
}

JsonProgress::Taken JsonProgress::begin_key(Frame& frame, char byte) {
  const SchemaNode& node = node_of(frame);
  const auto found = going_on(node.literals, frame.count, keys_end(node, frame.count), frame.count, 0, byte);
  if (!found) return Taken::kNo;
  frame.phase = Phase::kLiteral;
  frame.literal = static_cast<uint16_t>(*found);
  frame.position = 1;
  return Taken::kYes;
}

JsonProgress::Taken JsonProgress::in_object(Frame& frame, char byte) {
  const SchemaNode& node = node_of(frame);
  switch (frame.phase) {
    case Phase::kFirst:
    case Phase::kComma:
      if (byte == '}') return needs_a_key(node, frame.count) ? Taken::kNo : end();
      if (frame.phase == Phase::kFirst) return begin_key(frame, byte);
      if (byte != ',' || frame.count == node.literals.size()) return Taken::kNo;
      frame.phase = Phase::kAfterComma;
      return Taken::kYes;
    case Phase::kAfterComma:
      return begin_key(frame, byte);
    case Phase::kLiteral: {
      const auto found = going_on(node.literals, frame.count, keys_end(node, frame.count), frame.literal,
                                  frame.position, byte);
      if (!found) return Taken::kNo;
      frame.literal = static_cast<uint16_t>(*found);
      if (++frame.position == node.literals[*found].size()) frame.phase = Phase::kColon;
      return Taken::kYes;
    }
    case Phase::kColon:
      if (byte != ':') return Taken::kNo;
      frame.count = uint32_t{frame.literal} + 1;
      frame.phase = Phase::kComma;
      begin_value(node.children[frame.literal]);
      return Taken::kYes;
    default:
      return Taken::kNo;
  }
}

// Its keys are texts of any kind.
JsonProgress::Taken JsonProgress::in_map(Frame& frame, char byte) {
  switch (frame.phase) {
    case Phase::kFirst:
    case Phase::kComma:
      if (byte == '}') return end();
      if (frame.phase == Phase::kComma) {
        if (byte != ',') return Taken::kNo;
        frame.phase = Phase::kAfterComma;
        return Taken::kYes;
      }
      [[fallthrough]];
    case Phase::kAfterComma:
      if (byte != '"') return Taken::kNo;
      frame.phase = Phase::kColon;
      begin_value(JsonSchema::any_string());
      return take(byte);
    case Phase::kColon:
      if (byte != ':') return Taken::kNo;
      frame.phase = Phase::kComma;
      begin_value(node_of(frame).children[0]);
      return Taken::kYes;
    default:
      return Taken::kNo;
  }
}

JsonProgress::Taken JsonProgress::in_array(Frame& frame, char byte) {
  const SchemaNode& node = node_of(frame);
  if (byte == ']') return frame.count < node.least ? Taken::kNo : end();
  if (frame.count == node.most) return Taken::kNo;
  const bool is_first = frame.phase == Phase::kFirst;
  if (!is_first && byte != ',') return Taken::kNo;
  frame.phase = Phase::kComma;
  frame.count = std::min(frame.count + 1, UINT32_MAX - 1);
  begin_value(node.children[0]);
  return is_first ? take(byte) : Taken::kYes;
}

JsonProgress::Taken JsonProgress::in_string(Frame& frame, char byte) {
  const SchemaNode& node = node_of(frame);
  const auto code = static_cast<uint8_t>(byte);
  switch (frame.phase) {
    case Phase::kText: {
      if (byte == '"') return frame.count < node.least ? Taken::kNo : end();
      if (frame.count == node.most || code < 0x20) return Taken::kNo;
      frame.count = std::min(frame.count + 1, UINT32_MAX - 1);
      if (byte == '\\') {
        frame.phase = Phase::kEscape;
        return Taken::kYes;
      }
      if (code < 0x80) return Taken::kYes;
      // Unicode 15, table 3-7: well-formed UTF-8.
      if (code < 0xc2 || code > 0xf4) return Taken::kNo;
      frame.phase = Phase::kCharacter;
      frame.left = code < 0xe0 ? 1 : code < 0xf0 ? 2 : 3;
      frame.low = code == 0xe0 ? 0xa0 : code == 0xf0 ? 0x90 : 0x80;
      frame.high = code == 0xed ? 0x9f : code == 0xf4 ? 0x8f : 0xbf;
      return Taken::kYes;
    }
    case Phase::kCharacter:
      if (code < frame.low || code > frame.high) return Taken::kNo;
      frame.low = 0x80;
      frame.high = 0xbf;
      if (--frame.left == 0) frame.phase = Phase::kText;
      return Taken::kYes;
    case Phase::kEscape:
      if (byte == 'u') {
        frame.phase = Phase::kHex;
        frame.left = 4;
        frame.high = 'f';
        return Taken::kYes;
      }
      if (std::string_view("\"\\/bfnrt").find(byte) == std::string_view::npos) return Taken::kNo;
      frame.phase = Phase::kText;
      return Taken::kYes;
    case Phase::kHex: {
      const char lower = byte >= 'A' && byte <= 'F' ? static_cast<char>(byte + 'a' - 'A') : byte;
      if (!is_digit(lower) && (lower < 'a' || lower > 'f')) return Taken::kNo;
      if (static_cast<uint8_t>(lower) > frame.high) return Taken::kNo;
      // From D800 to DFFF are halves of pairs.
      frame.high = frame.left == 4 && lower == 'd' ? '7' : 'f';
      if (--frame.left == 0) frame.phase = Phase::kText;
      return Taken::kYes;
    }
    default:
      return Taken::kNo;
  }
}

JsonProgress::Taken JsonProgress::in_number(Frame& frame, char byte) {
  const bool is_integer = node_of(frame).kind == Kind::kInteger;
  const auto go_to = [&](Phase phase) {
    frame.phase = phase;
    frame.count = 1;
    return Taken::kYes;
  };
  const auto more_digits = [&](uint32_t most) {
    if (!is_digit(byte) || frame.count == most) return false;
    ++frame.count;
    return true;
  };
  const bool exponent_may_begin = !is_integer && (byte == 'e' || byte == 'E');
  switch (frame.phase) {
    case Phase::kSign:
      if (!is_digit(byte)) return Taken::kNo;
      return go_to(byte == '0' ? Phase::kZero : Phase::kWhole);
    case Phase::kZero:
    case Phase::kWhole:
      if (frame.phase == Phase::kWhole && more_digits(kMostDigits)) return Taken::kYes;
      if (!is_integer && byte == '.') return go_to(Phase::kPoint);
      if (exponent_may_begin) return go_to(Phase::kExponent);
      break;
    case Phase::kPoint:
      return is_digit(byte) ? go_to(Phase::kFraction) : Taken::kNo;
    case Phase::kFraction:
      if (more_digits(kMostDigits)) return Taken::kYes;
      if (exponent_may_begin) return go_to(Phase::kExponent);
      break;
    case Phase::kExponent:
      if (byte == '+' || byte == '-') return go_to(Phase::kExponentSign);
      [[fallthrough]];
    case Phase::kExponentSign:
      return is_digit(byte) ? go_to(Phase::kExponentDigits) : Taken::kNo;
    case Phase::kExponentDigits:
      if (more_digits(kMostExponentDigits)) return Taken::kYes;
      break;
    default:
      return Taken::kNo;
  }
  --depth_;
  return Taken::kByTheNext;
}

JsonProgress::Taken JsonProgress::in_literals(Frame& frame, char byte) {
  const std::vector<std::string>& texts = node_of(frame).literals;
  const auto found = going_on(texts, 0, texts.size(), frame.literal, frame.position, byte);
  if (!found) {
    if (!may_end(node_of(frame), frame)) return Taken::kNo;
    --depth_;
    return Taken::kByTheNext;
  }
  frame.literal = static_cast<uint16_t>(*found);
  ++frame.position;
  // Only numbers may go on where one of them is whole.
  const bool is_over = texts[*found].size() == frame.position && !is_digit(byte);
  return is_over ? end() : Taken::kYes;
}

}  // namespace deepscaler
