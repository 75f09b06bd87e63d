// Python's printf-style formatting, for the conversions that templates use.
#include <fmt/format.h>
#include <fmt/printf.h>

#include <algorithm>
#include <cmath>

#include "text/jinja/python_text.h"
#include "text/jinja/template_builtins.h"

namespace deepscaler::jinja {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr int kMaxWidth = 1000;

// "%[(name)][flags][width][.precision]conversion".
struct Conversion {
  std::string name;  // of a dict's entry
  std::string flags;
  int width = 0;
  int precision = -1;  // none
  char kind = 's';
};

class Formatter {
 public:
  Formatter(std::string_view format, const Value& arguments)
      : format_(format),
        arguments_(arguments),
        is_tuple_(arguments.is_list() && arguments.as<Value::List>()->is_tuple) {}

  std::string run() {
    std::string out;
    while (at_ < format_.size()) {
      if (format_[at_] != '%') {
        out += format_[at_++];
      } else if (format_.substr(at_).starts_with("%%")) {
        out += '%';
        at_ += 2;
      } else {
        out += converted(read_conversion());
      }
      check_weight(static_cast<double>(out.size()));
    }
    if (!arguments_.is_dict() && used_ < count()) {
      throw Fault("not all arguments converted during string formatting");
    }
    return out;
  }

 private:
  [[nodiscard]] size_t count() const { return is_tuple_ ? arguments_.items().size() : 1; }

  int number() {
    const size_t end = std::min(format_.find_first_not_of(kDigits, at_), format_.size());
    const std::string digits(format_.substr(at_, end - at_));
    at_ = end;
    if (digits.size() > 4 || (!digits.empty() && std::stoi(digits) > kMaxWidth)) {
      throw Fault("a format with a width that is too large");
    }
    return digits.empty() ? 0 : std::stoi(digits);
  }

  Conversion read_conversion() {
    Conversion c;
    ++at_;
    if (at_ < format_.size() && format_[at_] == '(') {
      const size_t end = format_.find(')', at_);
      if (end == std::string_view::npos) throw Fault("incomplete format key");
      c.name = format_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    }
    while (at_ < format_.size() && std::string_view("-+ #0").find(format_[at_]) != std::string_view::npos) {
      c.flags += format_[at_++];
    }
    c.width = number();
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      c.precision = number();
    }
    if (at_ == format_.size()) throw Fault("incomplete format");
    c.kind = format_[at_++];
    return c;
  }

  const Value& argument(const Conversion& c) {
    if (arguments_.is_dict()) {
      const Value* found = arguments_.object().find(c.name);
      if (!found) throw Fault("a format names '" + c.name + "', which is not given");
      return *found;
    }
    if (used_ >= count()) throw Fault("not enough arguments for format string");
    return is_tuple_ ? arguments_.items()[used_++] : (++used_, arguments_);
  }

  std::string converted(const Conversion& c) {
    const Value& value = argument(c);
    switch (c.kind) {
      case 's':
        return padded(shortened(to_text(value), c), c);
      case 'r':
        return padded(shortened(to_repr(value), c), c);
      case 'd':
      case 'i':
      case 'x':
      case 'X':
      case 'o':
        return integer(value, c);
      case 'f':
      case 'F':
      case 'e':
      case 'E':
      case 'g':
      case 'G':
        if (!value.is_number()) throw Fault("a format wants a number");
        return fmt::sprintf(
            fmt::format("%{}{}.{}{}", c.flags, width_text(c), c.precision < 0 ? 6 : c.precision, c.kind),
            value.number());
      default:
        throw Fault(fmt::format("the format %{} is not supported", c.kind));
    }
  }

  static std::string integer(const Value& value, const Conversion& c) {
    if (!value.is_number()) throw Fault("a format wants a number");
    if (!value.is_integral() &&
        (std::abs(value.number()) >= 0x1p63 || c.kind == 'x' || c.kind == 'X' || c.kind == 'o')) {
      throw Fault("a format wants an integer");
    }
    const int64_t number = value.is_integral() ? value.integral() : static_cast<int64_t>(value.number());
    if (number < 0 && c.kind != 'd' && c.kind != 'i')
      throw Fault("a negative number in this format is not supported");
    return fmt::sprintf(fmt::format("%{}{}{}", c.flags, width_text(c), c.kind), number);
  }

  static std::string width_text(const Conversion& c) { return c.width > 0 ? std::to_string(c.width) : ""; }

  static std::string shortened(std::string text, const Conversion& c) {
    if (c.precision >= 0) text.resize(byte_of_character(text, static_cast<size_t>(c.precision)));
    return text;
  }

  static std::string padded(const std::string& text, const Conversion& c) {
    const size_t length = count_characters(text);
    const auto width = static_cast<size_t>(c.width);
    const std::string space(width > length ? width - length : 0, ' ');
    return c.flags.find('-') != std::string::npos ? text + space : space + text;
  }

  std::string_view format_;
  const Value& arguments_;
  bool is_tuple_;
  size_t at_ = 0;
  size_t used_ = 0;  // of a tuple's items
};

}  // namespace

std::string percent_format(std::string_view format, const Value& arguments) {
  return Formatter(format, arguments).run();
}

}  // namespace deepscaler::jinja
