#include "text/jinja/template_expression_parser.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "formats/excerpt.h"
#include "text/jinja/template_builtins.h"

namespace deepscaler::jinja {
namespace {

using Kind = Expression::Kind;
using TokenKind = Token::Kind;

constexpr int kMaxDepth = 100;
// Chains such as a.b.c or a + b + c grow to the left without the parser recursing; evaluation does.
constexpr int kMaxHeight = 200;

}  // namespace

const Token& ExpressionParser::peek(size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& ExpressionParser::take() {
  const Token& token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool ExpressionParser::take_if(TokenKind kind, std::string_view text) {
  if (!peek().is(kind, text)) return false;
  take();
  return true;
}

void ExpressionParser::expect(TokenKind kind, std::string_view text) {
  if (!take_if(kind, text)) unexpected();
}

std::string ExpressionParser::expect_any_name() {
  if (peek().kind != TokenKind::kName) unexpected();
  return take().text;
}

void ExpressionParser::fail(const std::string& what) const {
  throw Error(fmt::format("{}:{}", where_, peek().line), what, "correct the chat template");
}

void ExpressionParser::unexpected() const {
  switch (peek().kind) {
    case TokenKind::kEnd:
      fail("unexpected end of the template");
    case TokenKind::kPrintEnd:
    case TokenKind::kBlockEnd:
      fail("unexpected end of the tag");
    default:
      fail("unexpected " + excerpt(peek().text));
  }
}

ExpressionPtr ExpressionParser::finish(Expression node) const {
  for (const ExpressionPtr& part : node.operands) {
    if (part) node.height = std::max(node.height, part->height + 1);
  }
  for (const Keyword& keyword : node.keywords) node.height = std::max(node.height, keyword.value->height + 1);
  if (node.height > kMaxHeight) fail("an expression that is too long");
  return std::make_unique<const Expression>(std::move(node));
}

ExpressionPtr ExpressionParser::parse() {
  if (++depth_ > kMaxDepth) fail(fmt::format("expressions nested deeper than {} levels", kMaxDepth));
  ExpressionPtr node = parse_or();
  while (peek().is(TokenKind::kName, "if")) {
    Expression choice = make(Kind::kConditional);
    take();
    choice.operands.push_back(std::move(node));
    choice.operands.push_back(parse_or());
    choice.operands.push_back(take_name("else") ? parse() : nullptr);
    node = finish(std::move(choice));
  }
  --depth_;
  return node;
}

ExpressionPtr ExpressionParser::parse_list_of(Level element) {
  Expression tuple = make(Kind::kTuple);
  ExpressionPtr first = (this->*element)();
  if (!peek().is(TokenKind::kOperator, ",")) return first;
  tuple.operands.push_back(std::move(first));
  while (take_operator(",")) {
    const bool ends = peek().kind == TokenKind::kBlockEnd || peek().kind == TokenKind::kPrintEnd ||
                      peek().is(TokenKind::kOperator, ")") || peek().is(TokenKind::kOperator, "=");
    if (ends) break;
    tuple.operands.push_back((this->*element)());
  }
  return finish(std::move(tuple));
}

ExpressionPtr ExpressionParser::parse_tuple() { return parse_list_of(&ExpressionParser::parse); }
ExpressionPtr ExpressionParser::parse_for_source() { return parse_list_of(&ExpressionParser::parse_or); }

ExpressionPtr ExpressionParser::parse_binary(Level operand,
                                             std::initializer_list<std::string_view> operators) {
  ExpressionPtr node = (this->*operand)();
  for (;;) {
    const Token& token = peek();
    const bool known = (token.kind == TokenKind::kOperator || token.kind == TokenKind::kName) &&
                       std::ranges::find(operators, std::string_view(token.text)) != operators.end();
    if (!known) return node;
    Expression binary = make(Kind::kBinary, token.text);
    take();
    binary.operands.push_back(std::move(node));
    binary.operands.push_back((this->*operand)());
    node = finish(std::move(binary));
  }
}

ExpressionPtr ExpressionParser::parse_or() { return parse_binary(&ExpressionParser::parse_and, {"or"}); }
ExpressionPtr ExpressionParser::parse_and() { return parse_binary(&ExpressionParser::parse_not, {"and"}); }

ExpressionPtr ExpressionParser::parse_not() {
  if (!peek().is(TokenKind::kName, "not")) return parse_compare();
  if (++depth_ > kMaxDepth) fail(fmt::format("expressions nested deeper than {} levels", kMaxDepth));
  Expression negation = make(Kind::kUnary, "not");
  take();
  negation.operands.push_back(parse_not());
  --depth_;
  return finish(std::move(negation));
}

ExpressionPtr ExpressionParser::parse_compare() {
  constexpr std::string_view kOperators[] = {"==", "!=", "<", "<=", ">", ">="};
  Expression comparison = make(Kind::kCompare);
  comparison.operands.push_back(parse_sum());
  for (;;) {
    const Token& token = peek();
    if (token.kind == TokenKind::kOperator &&
        std::ranges::find(kOperators, std::string_view(token.text)) != std::end(kOperators)) {
      comparison.comparisons.push_back(take().text);
    } else if (token.is(TokenKind::kName, "in")) {
      comparison.comparisons.push_back(take().text);
    } else if (token.is(TokenKind::kName, "not") && peek(1).is(TokenKind::kName, "in")) {
      take();
      take();
      comparison.comparisons.push_back("not in");
    } else {
      break;
    }
    comparison.operands.push_back(parse_sum());
  }
  if (comparison.comparisons.empty()) return std::move(comparison.operands[0]);
  return finish(std::move(comparison));
}

ExpressionPtr ExpressionParser::parse_sum() {
  return parse_binary(&ExpressionParser::parse_concatenation, {"+", "-"});
}
ExpressionPtr ExpressionParser::parse_concatenation() {
  return parse_binary(&ExpressionParser::parse_product, {"~"});
}
ExpressionPtr ExpressionParser::parse_product() {
  return parse_binary(&ExpressionParser::parse_power, {"*", "/", "//", "%"});
}
ExpressionPtr ExpressionParser::parse_power() {
  return parse_binary(&ExpressionParser::parse_signed, {"**"});
}
ExpressionPtr ExpressionParser::parse_signed() {
  constexpr bool kWithFilters = true;
  return parse_unary(kWithFilters);
}

ExpressionPtr ExpressionParser::parse_unary(bool with_filters) {
  constexpr bool kWithoutFilters = false;
  ExpressionPtr node;
  if (peek().is(TokenKind::kOperator, "-") || peek().is(TokenKind::kOperator, "+")) {
    if (++depth_ > kMaxDepth) fail(fmt::format("expressions nested deeper than {} levels", kMaxDepth));
    Expression sign = make(Kind::kUnary, peek().text);
    take();
    sign.operands.push_back(parse_unary(kWithoutFilters));
    --depth_;
    node = finish(std::move(sign));
  } else {
    node = parse_primary();
  }
  node = parse_postfix(std::move(node));
  return with_filters ? parse_filters(std::move(node)) : std::move(node);
}

ExpressionPtr ExpressionParser::parse_primary() {
  switch (peek().kind) {
    case TokenKind::kName:
      return parse_name();
    case TokenKind::kString: {
      Expression text = make(Kind::kConstant);
      std::string joined;
      while (peek().kind == TokenKind::kString) joined += take().text;
      text.value = Value::text(std::move(joined));
      return finish(std::move(text));
    }
    case TokenKind::kInteger:
    case TokenKind::kReal:
      return parse_number();
    default:
      break;
  }
  if (peek().is(TokenKind::kOperator, "[")) return parse_list();
  if (peek().is(TokenKind::kOperator, "{")) return parse_dict();
  if (!take_operator("(")) unexpected();
  if (take_operator(")")) return finish(make(Kind::kTuple));
  ExpressionPtr inner = parse_tuple();
  expect_operator(")");
  return inner;
}

ExpressionPtr ExpressionParser::parse_name() {
  Expression node = make(Kind::kConstant);
  const std::string& name = take().text;
  if (name == "true" || name == "True") {
    node.value = Value::boolean(true);
  } else if (name == "false" || name == "False") {
    node.value = Value::boolean(false);
  } else if (name == "none" || name == "None") {
    node.value = Value::none();
  } else {
    node.kind = Kind::kName;
    node.name = name;
  }
  return finish(std::move(node));
}

ExpressionPtr ExpressionParser::parse_number() {
  Expression node = make(Kind::kConstant);
  const Token& token = peek();
  const char* begin = token.text.data();
  const char* end = begin + token.text.size();
  std::from_chars_result result{};
  if (token.kind == TokenKind::kInteger) {
    int64_t value = 0;
    result = std::from_chars(begin, end, value);
    node.value = Value::integer(value);
  } else {
    double value = 0;
    result = std::from_chars(begin, end, value);
    node.value = Value::real(value);
  }
  if (result.ec != std::errc() || result.ptr != end)
    fail("the number " + excerpt(token.text) + " is out of range");
  take();
  return finish(std::move(node));
}

ExpressionPtr ExpressionParser::parse_list() {
  Expression list = make(Kind::kList);
  expect_operator("[");
  while (!take_operator("]")) {
    if (!list.operands.empty()) {
      expect_operator(",");
      if (take_operator("]")) break;
    }
    list.operands.push_back(parse());
  }
  return finish(std::move(list));
}

ExpressionPtr ExpressionParser::parse_dict() {
  Expression dict = make(Kind::kDict);
  expect_operator("{");
  while (!take_operator("}")) {
    if (!dict.operands.empty()) {
      expect_operator(",");
      if (take_operator("}")) break;
    }
    dict.operands.push_back(parse());
    expect_operator(":");
    dict.operands.push_back(parse());
  }
  return finish(std::move(dict));
}

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr node) {
  for (;;) {
    if (peek().is(TokenKind::kOperator, ".")) {
      take();
      Expression attribute = make(Kind::kAttribute);
      if (peek().kind == TokenKind::kInteger) {  // a.0 is a[0]
        attribute.kind = Kind::kSubscript;
        attribute.operands.push_back(std::move(node));
        attribute.operands.push_back(parse_number());
      } else {
        attribute.name = expect_any_name();
        attribute.operands.push_back(std::move(node));
      }
      node = finish(std::move(attribute));
    } else if (peek().is(TokenKind::kOperator, "[")) {
      node = parse_subscript(std::move(node));
    } else if (peek().is(TokenKind::kOperator, "(")) {
      Expression call = make(Kind::kCall);
      call.operands.push_back(std::move(node));
      parse_arguments(call);
      node = finish(std::move(call));
    } else {
      return node;
    }
  }
}

ExpressionPtr ExpressionParser::parse_subscript(ExpressionPtr node) {
  Expression subscript = make(Kind::kSubscript);
  expect_operator("[");
  subscript.operands.push_back(std::move(node));
  const auto at_end = [&] {
    return peek().is(TokenKind::kOperator, ":") || peek().is(TokenKind::kOperator, "]");
  };
  ExpressionPtr index = at_end() ? nullptr : parse();
  if (peek().is(TokenKind::kOperator, ":")) {
    subscript.kind = Kind::kSlice;
    subscript.operands.push_back(std::move(index));
    for (int part = 0; part < 2; ++part) {
      subscript.operands.push_back(take_operator(":") && !at_end() ? parse() : nullptr);
    }
  } else {
    if (!index) unexpected();
    subscript.operands.push_back(std::move(index));
  }
  expect_operator("]");
  return finish(std::move(subscript));
}

void ExpressionParser::parse_arguments(Expression& call) {
  expect_operator("(");
  for (bool first = true; !take_operator(")"); first = false) {
    if (!first) {
      expect_operator(",");
      if (take_operator(")")) return;
    }
    if (peek().is(TokenKind::kOperator, "*") || peek().is(TokenKind::kOperator, "**")) {
      fail("unpacking arguments with '*' is not supported");
    }
    if (peek().kind == TokenKind::kName && peek(1).is(TokenKind::kOperator, "=")) {
      std::string name = take().text;
      take();
      call.keywords.push_back({std::move(name), parse()});
    } else {
      if (!call.keywords.empty()) unexpected();
      call.operands.push_back(parse());
    }
  }
}

ExpressionPtr ExpressionParser::parse_filters(ExpressionPtr node) {
  for (;;) {
    if (peek().is(TokenKind::kOperator, "|")) {
      node = parse_filter(std::move(node));
    } else if (peek().is(TokenKind::kName, "is")) {
      node = parse_test(std::move(node));
    } else if (peek().is(TokenKind::kOperator, "(")) {
      node = parse_postfix(std::move(node));
    } else {
      return node;
    }
  }
}

ExpressionPtr ExpressionParser::parse_filters_of_enclosed() {
  ExpressionPtr node = finish(make(Kind::kName, kEnclosedText));
  if (!peek().is(TokenKind::kOperator, "|")) node = parse_named_filter(std::move(node));
  while (peek().is(TokenKind::kOperator, "|")) node = parse_filter(std::move(node));
  return node;
}

ExpressionPtr ExpressionParser::parse_filter(ExpressionPtr node) {
  take();
  return parse_named_filter(std::move(node));
}

ExpressionPtr ExpressionParser::parse_named_filter(ExpressionPtr node) {
  Expression filter = make(Kind::kFilter);
  if (!is_filter(peek().text)) fail("the filter " + excerpt(peek().text) + " is not supported");
  filter.name = expect_any_name();
  filter.operands.push_back(std::move(node));
  if (peek().is(TokenKind::kOperator, "(")) parse_arguments(filter);
  return finish(std::move(filter));
}

ExpressionPtr ExpressionParser::parse_test(ExpressionPtr node) {
  take();
  Expression negation = make(Kind::kUnary, "not");
  const bool negated = take_name("not");
  Expression test = make(Kind::kTest);
  if (!is_test(peek().text)) fail("the test " + excerpt(peek().text) + " is not supported");
  test.name = take().text;
  test.operands.push_back(std::move(node));
  const Token& next = peek();
  const bool is_word = next.kind == TokenKind::kName && next.text != "else" && next.text != "or" &&
                       next.text != "and" && next.text != "is" && next.text != "if" && next.text != "in" &&
                       next.text != "not";
  if (next.is(TokenKind::kOperator, "(")) {
    parse_arguments(test);
    if (!test.keywords.empty()) fail("keywords in a test are not supported");
  } else if (is_word || next.kind == TokenKind::kString || next.kind == TokenKind::kInteger ||
             next.kind == TokenKind::kReal || next.is(TokenKind::kOperator, "[") ||
             next.is(TokenKind::kOperator, "{")) {
    test.operands.push_back(parse_postfix(parse_primary()));
  }
  if (!negated) return finish(std::move(test));
  negation.operands.push_back(finish(std::move(test)));
  return finish(std::move(negation));
}

}  // namespace deepscaler::jinja
