#include "verify/latex/lexer.h"

#include <algorithm>

#include "verify/algebra/functions.h"
#include "verify/latex/characters.h"
#include "verify/latex/latex_commands.h"
#include "verify/latex/numeral.h"
#include "verify/latex/unicode.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxWrappedWords = 12;  // of running text in braces of its own

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '~'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : latex_(latex_of_unicode(text)), rest_(latex_) {}

  std::vector<Token> run() {
    while (!rest_.empty()) step();
    space_ = false;
    push(Token::Kind::end, "");
    unwrap_groups();
    return std::move(tokens_);
  }

 private:
  bool in_text() const { return !text_depths_.empty() || declared_depth_ > 0; }
  char at(size_t i) const { return i < rest_.size() ? rest_[i] : '\0'; }

  void push(Token::Kind kind, std::string_view text) {
    tokens_.push_back({kind, in_text(), space_, std::string(text)});
    space_ = false;
  }

  void step() {
    const char c = rest_[0];
    if (is_space(c)) {
      space_ = true;
      rest_.remove_prefix(1);
    } else if (c == '\\') {
      backslash();
    } else if (c == '$') {
      rest_.remove_prefix(1);
    } else if (c == '*' && at(1) == '*') {  // bold in Markdown, or Python's power
      const bool is_power = !tokens_.empty() && !space_ && rest_.size() > 2 && !is_space(rest_[2]);
      if (is_power) push(Token::Kind::mark, "^");
      rest_.remove_prefix(2);
    } else if (is_digit(c) || (c == '.' && is_digit(at(1)) && !ends_word())) {
      number();
    } else if (rest_.starts_with("...")) {
      push(Token::Kind::command, "ldots");
      rest_.remove_prefix(3);
    } else if (rest_.starts_with(".\\overline") || rest_.starts_with(".\\bar") ||
               rest_.starts_with(".\\dot{") || rest_.starts_with(".\\dot ")) {
      push(Token::Kind::number, "0.");
      rest_.remove_prefix(1);
    } else if (is_letter(c)) {
      letters();
    } else {
      punctuation();
    }
  }

  // Whether a word stands right before: its point is no decimal one in "Rs.12".
  bool ends_word() const { return !tokens_.empty() && !space_ && tokens_.back().kind == Token::Kind::word; }

  void punctuation() {
    const char c = rest_[0];
    if (c == '{') ++depth_;
    if (c == '}') {
      if (depth_ == declared_depth_) declared_depth_ = 0;
      if (depth_ > 0) --depth_;
      if (!text_depths_.empty() && text_depths_.back() == depth_) {
        text_depths_.pop_back();
        space_ = false;
        rest_.remove_prefix(1);
        return;
      }
    }
    if (rest_.starts_with("{:}")) {  // a colon without the space of a relation
      push(Token::Kind::mark, ":");
      rest_.remove_prefix(3);
      if (depth_ > 0) --depth_;
      return;
    }
    if (rest_.starts_with("{}_") || rest_.starts_with("{}^")) {  // what a script in front hangs on
      if (depth_ > 0) --depth_;
      rest_.remove_prefix(2);
      return;
    }
    const std::string_view two = rest_.substr(0, 2);
    if (two == ":=") {
      push(Token::Kind::mark, "=");
      rest_.remove_prefix(2);
      return;
    }
    if (two == "<=" || two == ">=" || two == "!=") {
      push(Token::Kind::command, two == "<=" ? "le" : two == ">=" ? "ge" : "ne");
      rest_.remove_prefix(2);
      return;
    }
    if (c == '(' || c == '[') ++brackets_;
    if ((c == ')' || c == ']') && brackets_ > 0) --brackets_;
    if (c != '"' && c != '`' && c != '#') push(Token::Kind::mark, rest_.substr(0, 1));
    rest_.remove_prefix(1);
  }

  // 12{\text{cm}}, {\rm cm} and {}12: braces around nothing, or around words alone, say nothing where no
  // command or script takes them.
  void unwrap_groups() {
    size_t kept = 0;
    size_t close = 0;  // of the group that is unwrapped
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (close != 0 && i == close) {
        close = 0;
        continue;
      }
      if (close == 0 && tokens_[i].is_mark("{") && !takes_group(kept)) {
        close = end_of_words(i);
        if (close != 0) continue;
      }
      if (kept != i) tokens_[kept] = std::move(tokens_[i]);
      ++kept;
    }
    tokens_.resize(kept);
  }

  // Whether a command or a script before `i` takes a group that begins there.
  bool takes_group(size_t i) const {
    if (i == 0) return false;
    const Token& before = tokens_[i - 1];
    return before.kind == Token::Kind::command || before.is_mark("^") || before.is_mark("_") ||
           before.is_mark("}");
  }

  // The brace that closes the one at `open`, if there is only running text in between; else 0.
  size_t end_of_words(size_t open) const {
    size_t i = open + 1;
    const auto is_wordy = [](const Token& token) {
      if (token.kind == Token::Kind::word) return token.text_mode;
      const bool bracket = token.is_mark("(") || token.is_mark(")");
      return token.is_mark("/") || token.is_mark(".") || (token.text_mode && bracket);
    };
    while (i - open <= kMaxWrappedWords && is_wordy(tokens_[i])) ++i;
    return tokens_[i].is_mark("}") ? i : 0;
  }

  void skip_spaces() {
    while (!rest_.empty() && is_space(rest_[0])) rest_.remove_prefix(1);
  }

  // The colour, length or name that a command takes. Words are none, "or 6" for one: then the command stays,
  // which nothing can be read from.
  void skip_argument(std::string_view command) {
    skip_spaces();
    if (at(0) != '{') {
      if (!rest_.empty()) rest_.remove_prefix(1);
      return;
    }
    const size_t close = rest_.find('}');
    const std::string_view argument = rest_.substr(1, close == rest_.npos ? close : close - 1);
    const bool is_seen = !command.ends_with("phantom");
    if (is_seen && !argument.empty() && is_letter(argument[0]) && argument.find(' ') != argument.npos)
      push(Token::Kind::command, command);
    rest_.remove_prefix(close == rest_.npos ? rest_.size() : close + 1);
  }

  void backslash() {
    const char c = at(1);
    if (!is_ascii_letter(c)) {
      rest_.remove_prefix(std::min<size_t>(2, rest_.size()));
      control_symbol(c);
      return;
    }
    size_t length = 1;
    while (is_ascii_letter(at(1 + length))) ++length;
    length = glued_command_length(rest_.substr(1, length));
    const std::string_view name = rest_.substr(1, length);
    rest_.remove_prefix(1 + length);
    command(name);
  }

  void control_symbol(char c) {
    switch (c) {
      case '{':
        ++brackets_;
        return push(Token::Kind::mark, "{.");
      case '}':
        if (brackets_ > 0) --brackets_;
        return push(Token::Kind::mark, "}.");
      case '\\':
        return line_break();
      case '$':
        return push(Token::Kind::mark, "\\$");
      case '%':
        return push(Token::Kind::mark, "%");
      case '&':
        return push(Token::Kind::word, "and");
      case '|':
        return push(Token::Kind::command, "Vert");
      case '_':
        return push(Token::Kind::mark, "_");
      default:
        space_ = space_ || c != '!';  // \, \; \( and their kin
    }
  }

  // \\ with the extra space it may ask for: \\[2pt].
  void line_break() {
    push(Token::Kind::mark, "\\\\");
    const size_t close = rest_.find(']');
    if (at(0) == '[' && is_digit(at(1)) && close != rest_.npos && close < 8) rest_.remove_prefix(close + 1);
  }

  void command(std::string_view name) {
    if ((name == "left" || name == "right") && at(0) == '.') rest_.remove_prefix(1);
    if ((name == "left" || name == "right") && at(0) == '|') {
      push(Token::Kind::mark, name == "left" ? "|(" : "|)");
      rest_.remove_prefix(1);
      return;
    }
    if (name == "not" && is_negated()) return;
    if (unit_vector(name)) return;
    if (name == "mathsf" && at(0) == '{' && is_letter(at(1)) && is_letter(at(2))) return text_argument(name);
    const LatexCommand known = latex_command(name);
    switch (known.role) {
      case LatexCommand::Role::space:
        space_ = true;
        return;
      case LatexCommand::Role::dropped:
        return styled_letter();
      case LatexCommand::Role::dropped_with_argument:
        return skip_argument(name);
      case LatexCommand::Role::text:
        return text_argument(name);
      case LatexCommand::Role::mark:
        if (known.spelling == "{.") ++brackets_;
        if (known.spelling == "}." && brackets_ > 0) --brackets_;
        return push(Token::Kind::mark, known.spelling);
      case LatexCommand::Role::symbol:
        return push(Token::Kind::command, known.spelling);
    }
  }

  // The L of \mathcal{L}, without its braces.
  void styled_letter() {
    if (at(0) != '{' || !is_ascii_letter(at(1)) || at(2) != '}') return;
    push(in_text() ? Token::Kind::word : Token::Kind::letter, rest_.substr(1, 1));
    rest_.remove_prefix(3);
  }

  // \not= and \not\in.
  bool is_negated() {
    skip_spaces();
    if (at(0) != '=') return false;
    push(Token::Kind::command, "ne");
    rest_.remove_prefix(1);
    return true;
  }

  // \mathbf{i}, \hat{\jmath}, \vec k: the vectors along the axes.
  bool unit_vector(std::string_view style) {
    constexpr std::string_view kStyles[] = {"mathbf", "bm", "boldsymbol", "hat", "vec", "widehat"};
    if (std::find(std::begin(kStyles), std::end(kStyles), style) == std::end(kStyles)) return false;
    for (const auto& [written, axis] : {std::pair<std::string_view, std::string_view>{"{i}", "i"},
                                        {"{j}", "j"},
                                        {"{k}", "k"},
                                        {"{\\imath}", "i"},
                                        {"{\\jmath}", "j"},
                                        {"\\imath", "i"},
                                        {"\\jmath", "j"}}) {
      if (!rest_.starts_with(written)) continue;
      push(Token::Kind::command, "unit_vector");
      push(Token::Kind::letter, axis);
      rest_.remove_prefix(written.size());
      return true;
    }
    return false;
  }

  // \text{...}: letters form words until the brace closes. \mathrm{e} and operator names are mathematics.
  void text_argument(std::string_view command) {
    skip_spaces();
    if (at(0) != '{') {  // {\rm cm}: up to the brace that closes the group
      if (command == "rm" && depth_ > 0 && !in_text()) declared_depth_ = depth_;
      return;
    }
    const size_t close = rest_.find('}');
    std::string_view content = close == rest_.npos ? rest_ : rest_.substr(1, close - 1);
    while (content.ends_with(' ')) content.remove_suffix(1);  // \text{cis }; a unit has its space in front
    if ((content == "e" || content == "E") && !space_ && exponent_follows(close + 1)) {  // 1.5\mathrm{e}3
      tokens_.back().text += 'e';
      rest_.remove_prefix(close + 1);
      while (is_digit(at(0)) || at(0) == '-' || at(0) == '+') {
        tokens_.back().text += at(0);
        rest_.remove_prefix(1);
      }
      return;
    }
    if (content == ":") {
      push(Token::Kind::mark, ":");
      rest_.remove_prefix(close + 1);
      return;
    }
    if (content == "e" || content == "i" || content == "d") {
      push(Token::Kind::letter, content);
      rest_.remove_prefix(close + 1);
    } else if (function_of(content) != Function::unknown && content.size() > 1) {
      push(Token::Kind::command, content);
      rest_.remove_prefix(close + 1);
    } else {
      text_depths_.push_back(depth_++);
      rest_.remove_prefix(1);
    }
  }

  // Whether a numeral has just ended and the exponent of ten begins at `i`.
  bool exponent_follows(size_t i) const {
    if (tokens_.empty() || tokens_.back().kind != Token::Kind::number) return false;
    if (tokens_.back().text.find_first_of("eE") != std::string::npos) return false;
    const size_t digits = i + (at(i) == '-' || at(i) == '+' ? 1 : 0);
    return is_digit(at(digits)) && !is_digit(at(digits + 5));
  }

  // A run of letters. In mathematics a single one is a variable.
  void letters() {
    if (lettered_numeral()) return;
    size_t length = 0;
    while (is_letter(at(length)) || (in_text() && length > 0 && is_digit(at(length)))) ++length;
    push(length > 1 || in_text() ? Token::Kind::word : Token::Kind::letter, rest_.substr(0, length));
    rest_.remove_prefix(length);
  }

  void number() {
    if (lettered_numeral()) return;
    const size_t start = latex_.size() - rest_.size();
    const bool in_list = start >= 2 && latex_[start - 1] == ',' && is_digit(latex_[start - 2]);
    const bool in_brackets = brackets_ > 0 && !in_text();
    const Numeral numeral = read_numeral(
        rest_, {.commas_may_group = !in_brackets && !in_list, .exponent_may_follow = !in_text()});
    push(Token::Kind::number, numeral.digits);
    rest_.remove_prefix(numeral.length);
  }

  // 2B_{16}
  bool lettered_numeral() {
    const Numeral numeral = read_lettered_numeral(rest_, in_text());
    if (numeral.length == 0) return false;
    push(Token::Kind::word, numeral.digits);
    tokens_.back().text_mode = true;
    rest_.remove_prefix(numeral.length);
    return true;
  }

  std::string latex_;
  std::string_view rest_;
  std::vector<Token> tokens_;
  std::vector<int> text_depths_;  // brace depths at which running text began
  int depth_ = 0;
  int declared_depth_ = 0;  // of the group whose rest \rm makes running text, or 0
  int brackets_ = 0;
  bool space_ = false;
};

}  // namespace

bool Token::is_word(std::string_view lower_case) const {
  return (kind == Kind::word || kind == Kind::command || kind == Kind::letter) &&
         std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::vector<Token> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace deepscaler
