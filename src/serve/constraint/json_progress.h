// How far a text is a JSON value of a schema, a byte at a time: a pushdown automaton whose stack is as deep
// as kMostSchemaLevels allows. From every state that it accepts some text leads to the end.
//
// Beside what the schema says: white space between the parts of a value in runs of at most 64 bytes, none
// after it; valid UTF-8; no halves of surrogate pairs; numbers of at most 15 digits before and after the
// point, and exponents of 2.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "serve/constraint/json_schema.h"

namespace deepscaler {

// A value; the schema must outlive it.
class JsonProgress {
 public:
  explicit JsonProgress(const JsonSchema& schema);

  // Whether the text may go on with this byte. Where it may not, this object is of no more use.
  [[nodiscard]] bool push(char byte);

  // Whether the text is a whole value. A number may go on all the same.
  [[nodiscard]] bool is_whole() const;

  // How many characters a string has room for, where the text is between two of its characters.
  [[nodiscard]] std::optional<uint32_t> room_in_string() const;

 private:
  enum class Phase : uint8_t {
    kValue,  // which has not begun
    kFirst,  // after { or [
    kColon,
    kComma,       // or the end
    kAfterComma,  // of an object
    kText,
    kEscape,
    kHex,
    kCharacter,  // of several bytes
    kLiteral,    // or a key of an object
    kSign,
    kZero,
    kWhole,
    kPoint,
    kFraction,
    kExponent,
    kExponentSign,
    kExponentDigits,
  };
  // A value that has not ended.
  struct Frame {
    uint16_t node = 0;
    Phase phase = Phase::kValue;
    uint8_t left = 0;           // bytes or digits that a character still has,
    uint8_t low = 0, high = 0;  // and from which to which the next is
    uint16_t literal = 0;       // one of those that the text agrees with, up to
    uint32_t position = 0;      // this byte
    uint32_t count = 0;         // of items, characters or digits; the first key that may come
  };
  enum class Taken { kYes, kNo, kByTheNext };  // the last: the value was over before the byte

  [[nodiscard]] const SchemaNode& node_of(const Frame& frame) const { return schema_->node(frame.node); }
  [[nodiscard]] bool may_have_space(const Frame& frame) const;
  [[nodiscard]] static bool may_end(const SchemaNode& node, const Frame& frame);
  void begin_value(size_t node);
  Taken take(char byte);
  Taken begin(Frame& frame, char byte);
  Taken in_object(Frame& frame, char byte);
  Taken in_map(Frame& frame, char byte);
  Taken in_array(Frame& frame, char byte);
  Taken in_string(Frame& frame, char byte);
  Taken in_number(Frame& frame, char byte);
  Taken in_literals(Frame& frame, char byte);
  Taken begin_key(Frame& frame, char byte);
  Taken end();

  const JsonSchema* schema_;
  std::array<Frame, kMostSchemaLevels + 1> frames_;
  uint8_t depth_ = 0;
  uint8_t spaces_ = 0;
};

}  // namespace deepscaler
