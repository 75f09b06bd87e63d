// The syntax tree of a chat template (jinja.palletsprojects.com, "Template Designer Documentation").
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/template_value.h"

namespace deepscaler::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;

struct Keyword {
  std::string name;
  ExpressionPtr value;
};

// A node of an expression; `operands` are its parts in the order they are written.
struct Expression {
  enum class Kind {
    kConstant,     // value
    kName,         // name
    kList,         // operands
    kTuple,        // operands
    kDict,         // operands: key, value, key, value, ...
    kAttribute,    // operands[0] . name
    kSubscript,    // operands[0] [ operands[1] ]
    kSlice,        // operands[0] [ operands[1] : operands[2] : operands[3] ], null where left out
    kCall,         // operands[0] ( operands[1...], keywords )
    kFilter,       // operands[0] | name ( operands[1...], keywords )
    kTest,         // operands[0] is name ( operands[1...] )
    kUnary,        // name operands[0]: "not", "-", "+"
    kBinary,       // operands[0] name operands[1]: arithmetic, "~", "and", "or"
    kCompare,      // operands[0] comparisons[0] operands[1] comparisons[1] operands[2] ...
    kConditional,  // operands[0] if operands[1] else operands[2]; null without else
  };
  Kind kind;
  int line;
  std::string name = {};
  Value value = {};
  std::vector<ExpressionPtr> operands = {};
  std::vector<Keyword> keywords = {};
  std::vector<std::string> comparisons = {};
  int height = 1;  // levels of the tree from here down
};

// A name that no template can write.
inline constexpr const char* kEnclosedText = "enclosed text";

struct Statement;
using Body = std::vector<Statement>;

struct Macro {
  std::string name;
  std::vector<std::string> parameters;
  std::vector<ExpressionPtr> defaults;  // of the last parameters
  std::shared_ptr<const Body> body;
};

struct Statement {
  enum class Kind {
    kText,   // text
    kPrint,  // {{ expression }}
    kSet,  // {% set targets = expression %}; a block whose output is the value, through a filter `condition`
    kSetMember,  // {% set targets[0].targets[1] = expression %}, or a block likewise
    kFor,        // {% for targets in expression if condition %} body {% else %} otherwise
    kIf,         // {% if expression %} body {% else %} otherwise; elif is an if in otherwise
    kMacro,      // macro
    kBreak,
    kContinue,
    kGroup,   // body: what {% generation %} encloses
    kWith,    // {% with targets[0] = expressions[0], ... %} body
    kFilter,  // {% filter ... %} body: expression, in which the name kEnclosedText stands for what body
              // writes
    kCall,    // {% call(parameters) expression %}: the call gets `macro` as its caller
  };
  Kind kind;
  int line;
  std::string text = {};
  std::vector<std::string> targets = {};
  ExpressionPtr expression = nullptr;
  ExpressionPtr condition = nullptr;
  std::vector<ExpressionPtr> expressions = {};
  Body body = {};
  Body otherwise = {};
  std::shared_ptr<const Macro> macro = nullptr;
};

}  // namespace deepscaler::jinja
