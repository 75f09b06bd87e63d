#include "text/jinja/template_turns.h"

#include <algorithm>
#include <functional>
#include <set>
#include <span>
#include <string>

namespace deepscaler::jinja {
namespace {

using Kind = Expression::Kind;
using Statements = std::span<const Statement>;
using Names = std::set<std::string, std::less<>>;

// Walks every expression of statements, in them and in what they enclose.
void for_each_expression(Statements body, const std::function<void(const Expression&)>& visit) {
  const auto see = [&](const ExpressionPtr& expression) {
    if (expression) visit(*expression);
  };
  for (const Statement& statement : body) {
    see(statement.expression);
    see(statement.condition);
    for (const ExpressionPtr& expression : statement.expressions) see(expression);
    for_each_expression(statement.body, visit);
    for_each_expression(statement.otherwise, visit);
    if (!statement.macro) continue;
    for (const ExpressionPtr& expression : statement.macro->defaults) see(expression);
    for_each_expression(*statement.macro->body, visit);
  }
}

void for_each_statement(Statements body, const std::function<void(const Statement&)>& visit) {
  for (const Statement& statement : body) {
    visit(statement);
    for_each_statement(statement.body, visit);
    for_each_statement(statement.otherwise, visit);
    if (statement.macro) for_each_statement(*statement.macro->body, visit);
  }
}

bool is_zero(const Expression& node) {
  return node.kind == Kind::kConstant && node.value.is<int64_t>() && node.value.as<int64_t>() == 0;
}

// Whether an expression looks at messages only as at the first one, at a loop only as far as it has come, and
// at no name of `forbidden`.
class Looks {
 public:
  Looks(const Names& messages, const Names& forbidden) : messages_(messages), forbidden_(forbidden) {}

  [[nodiscard]] bool back_only(const Expression& node) const {
    constexpr std::string_view kSoFar[] = {"first", "index",   "index0", "previtem",
                                           "cycle", "changed", "depth",  "depth0"};
    switch (node.kind) {
      case Kind::kName:
        return !messages_.contains(node.name) && !forbidden_.contains(node.name) && node.name != "loop";
      case Kind::kSubscript:
        if (is_messages(*node.operands[0]) && is_zero(*node.operands[1])) return true;
        break;
      case Kind::kAttribute:
        if (node.operands[0]->kind == Kind::kName && node.operands[0]->name == "loop")
          return std::ranges::count(kSoFar, node.name) > 0;
        break;
      default:
        break;
    }
    return std::ranges::all_of(node.operands, [&](const auto& part) { return !part || back_only(*part); }) &&
           std::ranges::all_of(node.keywords,
                               [&](const Keyword& keyword) { return back_only(*keyword.value); });
  }
  [[nodiscard]] bool back_only(Statements body) const {
    bool only = true;
    for_each_expression(body, [&](const Expression& expression) { only = only && back_only(expression); });
    return only;
  }

 private:
  [[nodiscard]] bool is_messages(const Expression& node) const {
    return node.kind == Kind::kName && messages_.contains(node.name);
  }

  const Names& messages_;
  const Names& forbidden_;
};

// "messages", and what the template calls them: {% set loop_messages = messages %}.
bool is_alias(const Statement& statement, const Names& messages) {
  return statement.kind == Statement::Kind::kSet && statement.targets.size() == 1 && statement.expression &&
         statement.expression->kind == Kind::kName && messages.contains(statement.expression->name);
}

bool is_loop_over(const Statement& statement, const Names& messages) {
  return statement.kind == Statement::Kind::kFor && !statement.condition && statement.otherwise.empty() &&
         statement.expression->kind == Kind::kName && messages.contains(statement.expression->name);
}

// Names that mean something else than outside of the template.
Names bound_in(Statements body) {
  Names names;
  for_each_statement(body, [&](const Statement& statement) {
    names.insert(statement.targets.begin(), statement.targets.end());
    if (statement.macro) names.insert(statement.macro->name);
  });
  return names;
}

}  // namespace

const Statement* turn_loop(const Body& body) {
  const Statement* loop = nullptr;
  Names messages = {"messages"};
  const Names prompt = {"add_generation_prompt"};
  const Names bound = bound_in(body);
  if (bound.contains("messages") || bound.contains("loop")) return nullptr;
  for (const Statement& statement : body) {
    if (loop == nullptr && is_alias(statement, messages)) {
      messages.insert(statement.targets[0]);
    } else if (loop == nullptr && is_loop_over(statement, messages)) {
      if (!Looks(messages, prompt).back_only(statement.body)) return nullptr;
      loop = &statement;
    } else if (!Looks(messages, loop == nullptr ? prompt : bound).back_only(Statements(&statement, 1))) {
      return nullptr;
    }
  }
  return loop;
}

}  // namespace deepscaler::jinja
