#include "text/jinja/template_lexer.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "formats/excerpt.h"
#include "text/jinja/python_text.h"
#include "text/unicode/unicode.h"

namespace deepscaler::jinja {
namespace {

using Kind = Token::Kind;

// \r\n and \r count as \n; one line break at the end does not count at all.
std::string with_plain_line_breaks(std::string_view source) {
  std::string text;
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      text += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      text += source[i];
    }
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

bool is_name_start(char32_t c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  Lexer(std::string source, const std::string& where) : source_(std::move(source)), where_(where) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) {
      const std::optional<size_t> tag = next_tag();
      add_text(tag);
      if (!tag) break;
      read_tag(*tag);
    }
    tokens_.push_back({Kind::kEnd, line_, ""});
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(fmt::format("{}:{}", where_, line_), what, "correct the chat template");
  }

  [[nodiscard]] char peek(size_t offset = 0) const {
    return at_ + offset < source_.size() ? source_[at_ + offset] : '\0';
  }
  [[nodiscard]] bool at_text(std::string_view text) const {
    return source_.compare(at_, text.size(), text) == 0;
  }

  void advance(size_t bytes) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(at_ + bytes), '\n'));
    at_ += bytes;
  }

  // Where "{{", "{%" or "{#" comes next.
  [[nodiscard]] std::optional<size_t> next_tag() const {
    for (size_t at = source_.find('{', at_); at != std::string::npos; at = source_.find('{', at + 1)) {
      if (at + 1 < source_.size() &&
          (source_[at + 1] == '{' || source_[at + 1] == '%' || source_[at + 1] == '#')) {
        return at;
      }
    }
    return std::nullopt;
  }

  // The text up to the tag, without what the tag takes of it.
  void add_text(std::optional<size_t> tag) {
    std::string_view text = std::string_view(source_).substr(at_, tag ? *tag - at_ : std::string::npos);
    const size_t whole = text.size();
    if (tag) {
      const char sign = *tag + 2 < source_.size() ? source_[*tag + 2] : '\0';
      if (sign == '-') {
        text = strip_right(text);
      } else if (sign != '+' && source_[*tag + 1] != '{') {
        text = without_indentation(text);
      }
    }
    if (!text.empty()) tokens_.push_back({Kind::kText, line_, std::string(text)});
    advance(whole);
  }

  // lstrip_blocks: without the white space that is all there is before a block tag on its line.
  [[nodiscard]] std::string_view without_indentation(std::string_view text) const {
    const size_t line_break = text.rfind('\n');
    const size_t line_begin = line_break == std::string_view::npos ? 0 : line_break + 1;
    if (line_begin == 0 && !at_line_start_) return text;
    return strip(text.substr(line_begin)).empty() ? text.substr(0, line_begin) : text;
  }

  void read_tag(size_t tag) {
    const char kind = source_[tag + 1];
    advance(2);
    if (peek() == '-' || peek() == '+') advance(1);
    if (kind == '#') {
      skip_comment();
    } else if (kind == '%' && take_raw()) {
      return;
    } else {
      tokens_.push_back({kind == '{' ? Kind::kPrintBegin : Kind::kBlockBegin, line_, ""});
      while (!read_end(kind == '{')) read_token();
    }
  }

  // The length of `{% name %}` behind its "{%" and sign, and the sign before its end; 0 where it is not here.
  [[nodiscard]] size_t length_of_tag(size_t at, std::string_view name, char& sign) const {
    const size_t begin = at;
    const auto skip = [&] {
      while (at < source_.size() && is_python_space(static_cast<unsigned char>(source_[at]))) ++at;
    };
    skip();
    if (source_.compare(at, name.size(), name) != 0) return 0;
    at += name.size();
    skip();
    sign = at < source_.size() && (source_[at] == '-' || source_[at] == '+') ? source_[at++] : '\0';
    return source_.compare(at, 2, "%}") == 0 ? at + 2 - begin : 0;
  }

  // {% raw %}: all up to {% endraw %} is text. Whether one is here.
  bool take_raw() {
    char sign = '\0';
    const size_t length = length_of_tag(at_, "raw", sign);
    if (length == 0) return false;
    advance(length);
    after_tag(sign, false);
    for (size_t tag = source_.find("{%", at_); tag != std::string::npos; tag = source_.find("{%", tag + 1)) {
      const bool has_sign = tag + 2 < source_.size() && (source_[tag + 2] == '-' || source_[tag + 2] == '+');
      const size_t inner = length_of_tag(tag + 2 + has_sign, "endraw", sign);
      if (inner == 0) continue;
      add_text(tag);
      advance(2 + has_sign + inner);
      after_tag(sign, true);
      return true;
    }
    fail("a block without its end 'endraw'");
  }

  void skip_comment() {
    const size_t end = source_.find("#}", at_);
    if (end == std::string::npos) fail("a comment without its end '#}'");
    const char sign = end > at_ ? source_[end - 1] : '\0';
    advance(end + 2 - at_);
    after_tag(sign, true);
  }

  // The end of a tag, if it is here. Inside brackets it is not.
  bool read_end(bool is_print) {
    skip_space();
    if (at_ >= source_.size()) fail("the template ends inside a tag");
    const std::string_view mark = is_print ? "}}" : "%}";
    const bool minus = peek() == '-';
    const bool plus = peek() == '+' && !is_print;
    const bool here = minus || plus ? source_.compare(at_ + 1, 2, mark) == 0 : at_text(mark);
    if (!brackets_.empty() || !here) return false;
    advance(minus || plus ? 3 : 2);
    tokens_.push_back({is_print ? Kind::kPrintEnd : Kind::kBlockEnd, line_, ""});
    after_tag(minus ? '-' : plus ? '+' : '\0', !is_print);
    return true;
  }

  // What a tag takes of the text after it: with "-" all white space, else for blocks a line break.
  void after_tag(char sign, bool trim_blocks) {
    const size_t begin = at_;
    if (sign == '-') {
      const std::string_view rest = std::string_view(source_).substr(at_);
      advance(rest.size() - strip_left(rest).size());
    } else if (sign != '+' && trim_blocks && peek() == '\n') {
      advance(1);
    }
    at_line_start_ = at_ > begin && source_[at_ - 1] == '\n';
  }

  void skip_space() {
    const std::string_view rest = std::string_view(source_).substr(at_);
    size_t bytes = 0;
    while (bytes < rest.size() && is_python_space(utf8_char_at(rest, bytes).code)) {
      bytes += utf8_char_at(rest, bytes).bytes;
    }
    advance(bytes);
  }

  void read_token() {
    const char c = peek();
    const auto code = static_cast<unsigned char>(c);
    if (is_name_start(code)) {
      size_t length = 1;
      while (is_name_start(static_cast<unsigned char>(peek(length))) ||
             is_digit(static_cast<unsigned char>(peek(length))))
        ++length;
      take(Kind::kName, length);
    } else if (is_digit(code)) {
      read_number();
    } else if (c == '"' || c == '\'') {
      read_string(c);
    } else {
      read_operator();
    }
  }

  void take(Kind kind, size_t length) {
    tokens_.push_back({kind, line_, source_.substr(at_, length)});
    advance(length);
  }

  void read_number() {
    size_t length = 0;
    const auto digits = [&] {
      while (is_digit(static_cast<unsigned char>(peek(length))) || peek(length) == '_') ++length;
    };
    digits();
    bool is_real = false;
    if (peek(length) == '.' && is_digit(static_cast<unsigned char>(peek(length + 1)))) {
      is_real = true;
      ++length;
      digits();
    }
    if (peek(length) == 'e' || peek(length) == 'E') {
      const size_t sign = peek(length + 1) == '-' || peek(length + 1) == '+' ? 1 : 0;
      if (is_digit(static_cast<unsigned char>(peek(length + 1 + sign)))) {
        is_real = true;
        length += 1 + sign;
        digits();
      }
    }
    take(is_real ? Kind::kReal : Kind::kInteger, length);
    std::erase(tokens_.back().text, '_');
  }

  void read_string(char quote) {
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) fail("a string without its closing quote");
    const std::string_view inner = std::string_view(source_).substr(at_ + 1, end - at_ - 1);
    tokens_.push_back({Kind::kString, line_, unescape(inner)});
    advance(end + 1 - at_);
  }

  // Python's escapes; an unknown one stays as it is, backslash and all.
  std::string unescape(std::string_view inner) const {
    constexpr std::string_view kLetters = "\\'\"abfnrtv";
    constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
    std::string text;
    for (size_t i = 0; i < inner.size(); ++i) {
      if (inner[i] != '\\' || i + 1 == inner.size()) {
        text += inner[i];
        continue;
      }
      const char letter = inner[++i];
      if (const size_t known = kLetters.find(letter); known != std::string_view::npos) {
        text += kMeanings[known];
      } else if (letter == 'x' || letter == 'u' || letter == 'U') {
        const size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
        append_utf8(hex_code(inner.substr(i + 1, digits), digits), text);
        i += digits;
      } else if (is_digit(static_cast<unsigned char>(letter))) {
        fail("octal escapes are not supported");
      } else if (letter != '\n') {
        text += '\\';
        text += letter;
      }
    }
    return text;
  }

  char32_t hex_code(std::string_view hex, size_t digits) const {
    char32_t code = 0;
    for (const char c : hex) {
      const size_t digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
      if (digit == std::string_view::npos) fail("a broken escape in a string");
      code = code << 4 | static_cast<char32_t>(digit);
    }
    if (hex.size() != digits || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      fail("a broken escape in a string");
    }
    return code;
  }

  void read_operator() {
    constexpr std::string_view kOperators[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                               "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                               ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};
    const auto known = std::ranges::find_if(kOperators, [&](std::string_view text) { return at_text(text); });
    if (known == std::end(kOperators)) fail("unexpected character " + excerpt(source_.substr(at_, 1)));
    if (*known == "[" || *known == "(" || *known == "{") {
      brackets_.push_back(*known == "[" ? ']' : *known == "(" ? ')' : '}');
    } else if (*known == "]" || *known == ")" || *known == "}") {
      if (brackets_.empty() || brackets_.back() != (*known)[0]) fail("unexpected " + excerpt(*known));
      brackets_.pop_back();
    }
    take(Kind::kOperator, known->size());
  }

  const std::string source_;
  const std::string& where_;
  size_t at_ = 0;
  int line_ = 1;
  bool at_line_start_ = true;   // the last tag took a line break with it, or nothing came before
  std::vector<char> brackets_;  // closing ones that are awaited
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize_template(std::string_view source, const std::string& where) {
  return Lexer(with_plain_line_breaks(source), where).run();
}

}  // namespace deepscaler::jinja
