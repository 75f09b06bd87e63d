#include "text/jinja/template_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "formats/excerpt.h"
#include "text/jinja/template_expression_parser.h"

namespace deepscaler::jinja {
namespace {

using Kind = Statement::Kind;
using TokenKind = Token::Kind;

constexpr int kMaxDepth = 100;

class Parser {
 public:
  Parser(const std::vector<Token>& tokens, const std::string& where) : tokens_(tokens, where) {}

  Body parse() {
    Body body = parse_body({});
    if (tokens_.peek().kind != TokenKind::kEnd) tokens_.unexpected();
    return body;
  }

 private:
  [[nodiscard]] Statement make(Kind kind) const { return {kind, tokens_.peek().line}; }

  void end_block() {
    if (tokens_.peek().kind != TokenKind::kBlockEnd) tokens_.unexpected();
    tokens_.take();
  }

  // Statements up to a block tag with one of the names `ends`, whose name is the next token then.
  Body parse_body(std::initializer_list<std::string_view> ends) {
    if (++depth_ > kMaxDepth) tokens_.fail("blocks nested too deep");
    Body body;
    for (;;) {
      const Token& token = tokens_.peek();
      if (token.kind == TokenKind::kText) {
        body.push_back(make(Kind::kText));
        body.back().text = tokens_.take().text;
      } else if (token.kind == TokenKind::kPrintBegin) {
        tokens_.take();
        body.push_back(make(Kind::kPrint));
        body.back().expression = tokens_.parse_tuple();
        if (tokens_.peek().kind != TokenKind::kPrintEnd) tokens_.unexpected();
        tokens_.take();
      } else if (token.kind == TokenKind::kBlockBegin) {
        tokens_.take();
        if (std::ranges::find(ends, std::string_view(tokens_.peek().text)) != ends.end()) break;
        body.push_back(parse_block());
      } else {
        if (ends.size() > 0) tokens_.fail(fmt::format("a block without its end '{}'", *(ends.end() - 1)));
        break;
      }
    }
    --depth_;
    return body;
  }

  // The end tag that parse_body() stopped at.
  void take_end(std::string_view name) {
    tokens_.expect(TokenKind::kName, name);
    end_block();
  }

  Statement parse_block() {
    const std::string name = tokens_.peek().text;
    if (name == "set") return parse_set();
    if (name == "if") return parse_if();
    if (name == "for") return parse_for();
    if (name == "macro") return parse_macro();
    if (name == "break") return parse_jump(Kind::kBreak);
    if (name == "continue") return parse_jump(Kind::kContinue);
    if (name == "generation") return parse_generation();
    if (name == "with") return parse_with();
    if (name == "filter") return parse_filter();
    if (name == "call") return parse_call();
    tokens_.fail("the statement " + excerpt(name) + " is not supported here");
  }

  Statement parse_jump(Kind kind) {
    Statement jump = make(kind);
    if (loops_ == 0) tokens_.fail(excerpt(tokens_.peek().text) + " outside a loop");
    tokens_.take();
    end_block();
    return jump;
  }

  Statement parse_generation() {
    Statement group = make(Kind::kGroup);
    tokens_.take();
    end_block();
    group.body = parse_body({"endgeneration"});
    take_end("endgeneration");
    return group;
  }

  std::vector<std::string> parse_targets() {
    const bool in_brackets = tokens_.take_operator("(");
    std::vector<std::string> targets = {tokens_.expect_any_name()};
    while (tokens_.take_operator(",")) targets.push_back(tokens_.expect_any_name());
    if (in_brackets) tokens_.expect_operator(")");
    return targets;
  }

  Statement parse_set() {
    Statement set = make(Kind::kSet);
    tokens_.take();
    set.targets = parse_targets();
    if (set.targets.size() == 1 && tokens_.take_operator(".")) {
      set.kind = Kind::kSetMember;
      set.targets.push_back(tokens_.expect_any_name());
    }
    if (tokens_.take_operator("=")) {
      set.expression = tokens_.parse_tuple();
      end_block();
      return set;
    }
    if (set.kind == Kind::kSet && set.targets.size() != 1) tokens_.unexpected();
    if (tokens_.peek().is(TokenKind::kOperator, "|")) set.condition = tokens_.parse_filters_of_enclosed();
    end_block();
    set.body = parse_body({"endset"});
    take_end("endset");
    return set;
  }

  Statement parse_with() {
    Statement with = make(Kind::kWith);
    tokens_.take();
    while (tokens_.peek().kind != TokenKind::kBlockEnd) {
      if (!with.targets.empty()) tokens_.expect_operator(",");
      with.targets.push_back(tokens_.expect_any_name());
      tokens_.expect_operator("=");
      with.expressions.push_back(tokens_.parse());
    }
    end_block();
    with.body = parse_body({"endwith"});
    take_end("endwith");
    return with;
  }

  Statement parse_filter() {
    Statement filter = make(Kind::kFilter);
    tokens_.take();
    filter.expression = tokens_.parse_filters_of_enclosed();
    end_block();
    filter.body = parse_body({"endfilter"});
    take_end("endfilter");
    return filter;
  }

  Statement parse_call() {
    Statement call = make(Kind::kCall);
    tokens_.take();
    Macro caller{.name = "caller"};
    if (tokens_.take_operator("(")) parse_parameters(caller);
    call.expression = tokens_.parse();
    if (call.expression->kind != Expression::Kind::kCall) tokens_.fail("a call block without a call");
    end_block();
    parse_macro_body(caller, "endcall");
    call.macro = std::make_shared<const Macro>(std::move(caller));
    return call;
  }

  // From the word "if" or "elif" to the end tag, which closes all of them.
  Statement parse_if() {
    if (++depth_ > kMaxDepth) tokens_.fail("blocks nested too deep");
    Statement branch = make(Kind::kIf);
    tokens_.take();
    branch.expression = tokens_.parse_tuple();
    end_block();
    branch.body = parse_body({"elif", "else", "endif"});
    if (tokens_.peek().is(TokenKind::kName, "elif")) {
      branch.otherwise.push_back(parse_if());
    } else {
      if (tokens_.take_name("else")) {
        end_block();
        branch.otherwise = parse_body({"endif"});
      }
      take_end("endif");
    }
    --depth_;
    return branch;
  }

  Statement parse_for() {
    Statement loop = make(Kind::kFor);
    tokens_.take();
    loop.targets = parse_targets();
    tokens_.expect(TokenKind::kName, "in");
    loop.expression = tokens_.parse_for_source();
    if (tokens_.take_name("if")) loop.condition = tokens_.parse();
    if (tokens_.peek().is(TokenKind::kName, "recursive")) tokens_.fail("recursive loops are not supported");
    end_block();
    ++loops_;
    loop.body = parse_body({"else", "endfor"});
    --loops_;
    if (tokens_.take_name("else")) {
      end_block();
      loop.otherwise = parse_body({"endfor"});
    }
    take_end("endfor");
    return loop;
  }

  // Behind the opening bracket.
  void parse_parameters(Macro& macro) {
    while (!tokens_.take_operator(")")) {
      if (!macro.parameters.empty()) tokens_.expect_operator(",");
      macro.parameters.push_back(tokens_.expect_any_name());
      if (tokens_.take_operator("=")) {
        macro.defaults.push_back(tokens_.parse());
      } else if (!macro.defaults.empty()) {
        tokens_.fail("a parameter without a default after one with");
      }
    }
  }

  void parse_macro_body(Macro& macro, const char* end) {
    const int outer_loops = std::exchange(loops_, 0);
    macro.body = std::make_shared<const Body>(parse_body({end}));
    loops_ = outer_loops;
    take_end(end);
  }

  Statement parse_macro() {
    Statement statement = make(Kind::kMacro);
    tokens_.take();
    Macro macro;
    macro.name = tokens_.expect_any_name();
    tokens_.expect_operator("(");
    parse_parameters(macro);
    end_block();
    parse_macro_body(macro, "endmacro");
    statement.macro = std::make_shared<const Macro>(std::move(macro));
    return statement;
  }

  ExpressionParser tokens_;
  int depth_ = 0;
  int loops_ = 0;  // that enclose the place
};

}  // namespace

Body parse_template(std::string_view source, const std::string& where) {
  const std::vector<Token> tokens = tokenize_template(source, where);
  return Parser(tokens, where).parse();
}

}  // namespace deepscaler::jinja
