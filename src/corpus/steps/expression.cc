#include "corpus/steps/expression.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/trim.h"
#include "formats/excerpt.h"
#include "verify/extract.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

bool is_nothing(const Json& value) {
  return value.is_null() || (value.is_string() && trim(value.get_ref<const std::string&>()).empty()) ||
         (value.is_array() && value.empty());
}

std::string without(std::string text, std::string_view open, std::string_view close) {
  size_t begin;
  while ((begin = text.find(open)) != std::string::npos) {
    const size_t end = text.find(close, begin);
    if (end == std::string::npos) break;
    text.erase(begin, end + close.size() - begin);
  }
  return text;
}

std::string before(const std::string& text, const std::string& mark) {
  return text.substr(0, text.find(mark));
}
std::string after(const std::string& text, const std::string& mark) {
  const size_t at = text.rfind(mark);
  return at == std::string::npos ? "" : text.substr(at + mark.size());
}
std::string boxed(const std::string& text, const std::string&) { return extract_boxed(text).text; }
std::string without_commas(const std::string& text, const std::string&) {
  std::string digits = text;
  std::erase(digits, ',');
  return digits;
}
std::string without_marks(const std::string& text, const std::string&) { return without(text, "<<", ">>"); }

struct Function {
  std::string_view name;
  size_t arguments;
  std::string (*call)(const std::string& text, const std::string& argument);
};
constexpr Function kFunctions[] = {{"before", 2, before},
                                   {"after", 2, after},
                                   {"boxed", 1, boxed},
                                   {"without_commas", 1, without_commas},
                                   {"without_marks", 1, without_marks}};

// A recursive descent over: alternatives = sum ("|" sum)*; sum = term ("+" term)*; term = text | call | path.
class Parser {
 public:
  Parser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  RowExpression parse() {
    RowExpression whole = alternatives();
    if (!at_end()) fail();
    return whole;
  }

 private:
  [[noreturn]] void fail() const {
    const std::string_view rest = text_.substr(std::min(at_, text_.size()));
    throw Error(where_,
                rest.empty() ? fmt::format("{} ends too early", excerpt(text_))
                             : fmt::format("{} can't be read from {} on", excerpt(text_), excerpt(rest)),
                "write a path like answer, question.text, \"Problem text\" or boxed(solution)");
  }
  bool at_end() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    return at_ == text_.size();
  }
  bool took(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!took(c)) fail();
  }
  std::string quoted(char quote) {
    const size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail();
    std::string text(text_.substr(at_, end - at_));
    at_ = end + 1;
    return text;
  }
  std::string name() {
    const size_t begin = at_;
    const auto belongs = [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '_' || c == '-' || c >= 0x80;
    };
    while (at_ < text_.size() && belongs(static_cast<unsigned char>(text_[at_]))) ++at_;
    if (at_ == begin) fail();
    return std::string(text_.substr(begin, at_ - begin));
  }

  RowExpression alternatives() {
    std::vector<RowExpression> choices = {sum()};
    while (took('|')) choices.push_back(sum());
    if (choices.size() == 1) return choices[0];
    return [choices](const Json& row) {
      for (const RowExpression& choice : choices) {
        if (Json value = choice(row); !is_nothing(value)) return value;
      }
      return Json();
    };
  }
  RowExpression sum() {
    std::vector<RowExpression> terms = {term()};
    while (took('+')) terms.push_back(term());
    if (terms.size() == 1) return terms[0];
    return [terms](const Json& row) {
      std::string joined;
      for (const RowExpression& each : terms) {
        const Json value = each(row);
        joined += value.is_string() ? value.get<std::string>() : text_of_value(value);  // spaces stay inside
      }
      return Json(joined);
    };
  }
  RowExpression term() {
    if (at_end()) fail();
    if (took('\'')) return [text = quoted('\'')](const Json&) { return Json(text); };
    if (took('"')) return path(quoted('"'));
    std::string word = name();
    return took('(') ? call(word) : path(std::move(word));
  }
  RowExpression call(const std::string& word) {
    const auto* function = std::ranges::find(kFunctions, word, &Function::name);
    if (function == std::end(kFunctions)) {
      throw Error(where_, fmt::format("there is no function {}", excerpt(word)),
                  "use before, after, boxed, without_commas or without_marks");
    }
    RowExpression argument = alternatives();
    std::string second;
    if (function->arguments == 2) {
      expect(',');
      expect('\'');
      second = quoted('\'');
    }
    expect(')');
    return [function, argument, second](const Json& row) {
      return Json(function->call(text_of_value(argument(row)), second));
    };
  }
  RowExpression path(std::string first) {
    std::vector<Json> keys = {std::move(first)};
    while (true) {
      if (took('.')) {
        keys.emplace_back(took('"') ? quoted('"') : name());
      } else if (took('[')) {
        const bool from_end = took('-');
        int64_t index = 0;
        const std::string digits = name();
        for (const char c : digits) {
          constexpr int64_t kMost = 1 << 20;
          if (c < '0' || c > '9' || index > kMost) fail();
          index = index * 10 + (c - '0');
        }
        keys.emplace_back(from_end ? -index : index);
        expect(']');
      } else {
        break;
      }
    }
    return [keys](const Json& row) {
      const Json* value = &row;
      for (const Json& key : keys) {
        if (key.is_string()) {
          const auto found =
              value->is_object() ? value->find(key.get_ref<const std::string&>()) : value->end();
          if (!value->is_object() || found == value->end()) return Json();
          value = &*found;
        } else {
          const auto index = key.get<int64_t>();
          const int64_t at = index < 0 ? index + static_cast<int64_t>(value->size()) : index;
          if (!value->is_array() || at < 0 || at >= static_cast<int64_t>(value->size())) return Json();
          value = &(*value)[static_cast<size_t>(at)];
        }
      }
      return *value;
    };
  }

  std::string_view text_;
  const std::string& where_;
  size_t at_ = 0;
};

}  // namespace

RowExpression parse_row_expression(std::string_view text, const std::string& where) {
  return Parser(text, where).parse();
}

std::string text_of_value(const Json& value) {
  if (value.is_string()) return std::string(trim(value.get_ref<const std::string&>()));
  if (value.is_number_float()) {
    constexpr double kExactIntegers = 9007199254740992;  // 2^53
    const auto number = value.get<double>();
    if (number == std::floor(number) && std::abs(number) <= kExactIntegers)
      return fmt::format("{}", static_cast<int64_t>(number));
    return fmt::format("{}", number);
  }
  return value.is_number() || value.is_boolean() ? value.dump() : "";
}

}  // namespace deepscaler
