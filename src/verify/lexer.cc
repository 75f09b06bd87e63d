#include "verify/lexer.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>
#include <unordered_set>

#include "verify/functions.h"
#include "verify/unicode.h"

namespace deepscaler {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80;
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '~'; }

// Commands whose argument is running text, and those that only change how it looks.
const std::unordered_set<std::string_view> kTextCommands = {
    "text", "textbf", "textit", "textrm", "textnormal", "texttt",       "textsf",
    "mbox", "hbox",   "mathrm", "rm",     "mathop",     "operatorname", "textup"};
const std::unordered_set<std::string_view> kDropped = {
    "left",    "right",      "middle", "big",      "Big",     "bigg",         "Bigg",       "bigl",
    "bigr",    "Bigl",       "Bigr",   "biggl",    "biggr",   "displaystyle", "textstyle",  "scriptstyle",
    "limits",  "nolimits",   "boxed",  "fbox",     "mathbf",  "mathit",       "mathsf",     "mathtt",
    "mathcal", "boldsymbol", "bm",     "bf",       "it",      "ensuremath",   "underline",  "mathstrut",
    "strut",   "null",       "relax",  "nonumber", "cal",     "displaylines", "centering",  "mathnormal",
    "Large",   "large",      "small",  "mathbin",  "mathrel", "mathpunct",    "underbrace", "overbrace",
    "bigm",    "Bigm"};
const std::unordered_set<std::string_view> kDroppedWithArgument = {
    "phantom", "hspace", "vspace", "color", "textcolor", "tag", "label", "hphantom", "vphantom"};
const std::unordered_set<std::string_view> kSpaces = {"quad",  "qquad", "enspace", "enskip", "thinspace",
                                                      "space", "hfill", "par",     "newline"};

const std::unordered_map<std::string_view, std::string_view> kSynonyms = {{"dfrac", "frac"},
                                                                          {"tfrac", "frac"},
                                                                          {"cfrac", "frac"},
                                                                          {"leq", "le"},
                                                                          {"leqslant", "le"},
                                                                          {"leqq", "le"},
                                                                          {"geq", "ge"},
                                                                          {"geqslant", "ge"},
                                                                          {"geqq", "ge"},
                                                                          {"neq", "ne"},
                                                                          {"dbinom", "binom"},
                                                                          {"tbinom", "binom"},
                                                                          {"varnothing", "emptyset"},
                                                                          {"simeq", "approx"},
                                                                          {"thickapprox", "approx"},
                                                                          {"degree", "circ"},
                                                                          {"degrees", "circ"},
                                                                          {"dots", "ldots"},
                                                                          {"cdots", "ldots"},
                                                                          {"dotsc", "ldots"},
                                                                          {"varepsilon", "epsilon"},
                                                                          {"varphi", "phi"},
                                                                          {"vartheta", "theta"},
                                                                          {"backslash", "setminus"},
                                                                          {"smallsetminus", "setminus"},
                                                                          {"bigcup", "cup"},
                                                                          {"bigcap", "cap"},
                                                                          {"vee", "or"},
                                                                          {"lor", "or"},
                                                                          {"wedge", "and"},
                                                                          {"land", "and"},
                                                                          {"rightarrow", "to"},
                                                                          {"overrightarrow", "vec"},
                                                                          {"widehat", "hat"},
                                                                          {"overline", "bar"},
                                                                          {"gt", ">"},
                                                                          {"lt", "<"},
                                                                          {"imath", "i"},
                                                                          {"measuredangle", "angle"},
                                                                          {"bold", "mathbf"}};
const std::unordered_map<std::string_view, std::string_view> kMarks = {
    {"times", "*"},   {"cdot", "*"},   {"ast", "*"},    {"bullet", "*"},  {"div", "/"},     {"lbrace", "{."},
    {"rbrace", "}."}, {"lvert", "|("}, {"rvert", "|)"}, {"lparen", "("},  {"rparen", ")"},  {"lbrack", "["},
    {"rbrack", "]"},  {"cr", "\\\\"},  {"vert", "|"},   {"mid", "|"},     {"colon", ":"},   {"prime", "'"},
    {"slash", "/"},   {">", ">"},      {"<", "<"},      {"percent", "%"}, {"dollar", "\\$"}};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : latex_(latex_of_unicode(text)), rest_(latex_) {}

  std::vector<Token> run() {
    while (!rest_.empty()) step();
    space_ = false;
    push(Token::Kind::end, "");
    return std::move(tokens_);
  }

 private:
  bool in_text() const { return !text_depths_.empty(); }
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
    } else if (is_digit(c) || (c == '.' && is_digit(at(1)))) {
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

  void punctuation() {
    const char c = rest_[0];
    if (c == '{') ++depth_;
    if (c == '}') {
      if (depth_ > 0) --depth_;
      if (in_text() && text_depths_.back() == depth_) {
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

  void skip_spaces() {
    while (!rest_.empty() && is_space(rest_[0])) rest_.remove_prefix(1);
  }

  void skip_argument() {
    skip_spaces();
    if (at(0) != '{') {
      if (!rest_.empty()) rest_.remove_prefix(1);
      return;
    }
    const size_t close = rest_.find('}');
    rest_.remove_prefix(close == rest_.npos ? rest_.size() : close + 1);
  }

  void backslash() {
    const char c = at(1);
    if (!std::isalpha(static_cast<unsigned char>(c))) {
      rest_.remove_prefix(std::min<size_t>(2, rest_.size()));
      control_symbol(c);
      return;
    }
    size_t length = 1;
    while (std::isalpha(static_cast<unsigned char>(at(1 + length)))) ++length;
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
    if (kSpaces.contains(name)) {
      space_ = true;
    } else if (kDroppedWithArgument.contains(name)) {
      skip_argument();
    } else if (kTextCommands.contains(name)) {
      text_argument();
    } else if (!kDropped.contains(name)) {
      if (const auto mark = kMarks.find(name); mark != kMarks.end()) {
        if (mark->second == "{.") ++brackets_;
        if (mark->second == "}." && brackets_ > 0) --brackets_;
        push(Token::Kind::mark, mark->second);
      } else {
        const auto synonym = kSynonyms.find(name);
        push(Token::Kind::command, synonym == kSynonyms.end() ? name : synonym->second);
      }
    }
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
  void text_argument() {
    skip_spaces();
    if (at(0) != '{') return;
    const size_t close = rest_.find('}');
    const std::string_view content = close == rest_.npos ? rest_ : rest_.substr(1, close - 1);
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
    if (numeral_with_letters()) return;
    size_t length = 0;
    while (is_letter(at(length)) || (in_text() && length > 0 && is_digit(at(length)))) ++length;
    push(length > 1 || in_text() ? Token::Kind::word : Token::Kind::letter, rest_.substr(0, length));
    rest_.remove_prefix(length);
  }

  // What separates groups of three digits at `i`: the separator's length, or 0.
  size_t separator_length(size_t i) const {
    for (const std::string_view always :
         {"{,}", ",\\!", ", \\!", ",\\,", "\\,", "\\ ", "\\!", "\\;", "{\\,}", "'"}) {
      if (!rest_.substr(std::min(i, rest_.size())).starts_with(always)) continue;
      size_t length = always.size();
      while (at(i + length) == ' ') ++length;
      return length;
    }
    if (at(i) == ',') return comma_groups_ ? 1 : 0;
    return at(i) == ' ' ? 1 : 0;
  }

  // Whether bare commas group the digits of the numeral here: 1,234,567 does and 27,54,108 is a list, as
  // is anything in brackets.
  bool commas_group() const {
    if (brackets_ > 0 && !in_text()) return false;
    const size_t start = latex_.size() - rest_.size();
    if (start >= 2 && latex_[start - 1] == ',' && is_digit(latex_[start - 2])) return false;
    size_t i = 0;
    while (is_digit(at(i))) ++i;
    while (at(i) == ',' && is_digit(at(i + 1))) {
      if (!three_digits_at(i + 1)) return false;
      i += 4;
    }
    return true;
  }

  bool three_digits_at(size_t i) const {
    return is_digit(at(i)) && is_digit(at(i + 1)) && is_digit(at(i + 2)) && !is_digit(at(i + 3));
  }

  void number() {
    if (numeral_with_letters()) return;
    std::string digits;
    size_t i = 0;
    while (is_digit(at(i))) digits += at(i++);
    if (!digits.empty() && digits.size() <= 3 && digits[0] != '0') {
      comma_groups_ = commas_group();
      size_t separator = 0;
      while ((separator = separator_length(i)) != 0 && three_digits_at(i + separator)) {
        digits += rest_.substr(i + separator, 3);
        i += separator + 3;
      }
    }
    if (at(i) == '.' && (is_digit(at(i + 1)) || (at(i + 1) != '.' && !digits.empty()))) {
      const bool sentence_end = !is_digit(at(i + 1)) && at(i + 1) != '\\' && at(i + 1) != '(';
      if (!sentence_end) digits += at(i++);
      while (is_digit(at(i))) digits += at(i++);
    }
    if ((at(i) == 'e' || at(i) == 'E') && !in_text()) {
      const size_t sign = at(i + 1) == '-' || at(i + 1) == '+' ? 1 : 0;
      size_t end = i + 1 + sign;
      while (is_digit(at(end))) ++end;
      if (end > i + 1 + sign && end < i + 9) {
        digits += rest_.substr(i, end - i);
        i = end;
      }
    }
    push(Token::Kind::number, digits);
    rest_.remove_prefix(i);
  }

  // Whether a subscript that can be a base with letters for digits (11 ... 36) begins at `i`.
  bool base_with_letters_at(size_t i) const {
    if (at(i) != '_') return false;
    const size_t begin = at(i + 1) == '{' ? i + 2 : i + 1;
    if (!is_digit(at(begin)) || !is_digit(at(begin + 1)) || is_digit(at(begin + 2))) return false;
    const int base = (at(begin) - '0') * 10 + (at(begin + 1) - '0');
    return base > 10 && base <= 36;
  }

  // "2B_{16}": digits and capitals with a base behind them.
  bool numeral_with_letters() {
    size_t length = 0;
    while (is_digit(at(length)) || (at(length) >= 'A' && at(length) <= 'Z')) ++length;
    std::string numeral(rest_.substr(0, length));
    size_t end = length;  // of what is read, with the \text{...} around the letters
    for (const std::string_view command : {"\\text{", "\\mathrm{"}) {
      if (!rest_.substr(length).starts_with(command)) continue;
      size_t i = length + command.size();
      while (is_digit(at(i)) || (at(i) >= 'A' && at(i) <= 'Z')) numeral += at(i++);
      end = at(i) == '}' ? i + 1 : length;
    }
    const bool has_letter = std::any_of(numeral.begin(), numeral.end(), is_letter);
    const size_t subscript = in_text() && at(end) == '}' ? end + 1 : end;
    if (!has_letter || numeral.size() < 2 || !base_with_letters_at(subscript)) return false;
    push(Token::Kind::word, numeral);
    tokens_.back().text_mode = true;
    rest_.remove_prefix(end);
    return true;
  }

  std::string latex_;
  std::string_view rest_;
  std::vector<Token> tokens_;
  std::vector<int> text_depths_;  // brace depths at which running text began
  int depth_ = 0;
  int brackets_ = 0;
  bool comma_groups_ = false;  // of the numeral being read
  bool space_ = false;
};

}  // namespace

bool Token::is_word(std::string_view lower_case) const {
  return (kind == Kind::word || kind == Kind::command || kind == Kind::letter) &&
         std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == static_cast<unsigned char>(b);
         });
}

std::vector<Token> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace deepscaler
