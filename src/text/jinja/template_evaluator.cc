#include "text/jinja/template_evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "base/error.h"
#include "text/jinja/template_builtins.h"
#include "text/jinja/template_operators.h"

namespace deepscaler::jinja {

// Names of one block, over those of the blocks around it. Macros hold the frame they are made in.
struct Frame {
  std::shared_ptr<Frame> around = nullptr;
  std::map<std::string, Value, std::less<>> names = {};

  [[nodiscard]] const Value* find(std::string_view name) const {
    for (const Frame* frame = this; frame; frame = frame->around.get()) {
      const auto found = frame->names.find(name);
      if (found != frame->names.end()) return &found->second;
    }
    return nullptr;
  }
};

namespace {

using Kind = Expression::Kind;

constexpr int kMaxDepth = 400;  // frames of the stack, of a few kB each with a sanitizer
// Units of work in one rendering: an expression is one, and so is each byte read or written; an item
// of a list counts as 32. Templates need a few times the size of the conversation.
constexpr size_t kMaxWork = size_t{1} << 29;

enum class Flow { kOn, kBreak, kContinue };

// Shared by the macros that are made in it.
using Scope = std::shared_ptr<Frame>;

class Evaluator {
 public:
  Evaluator(std::chrono::year_month_day day, LoopEnds* ends) : day_(day), ends_(ends) {}
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;
  // A macro holds its frame and those around it, and any of them may hold the macro, as a name or in a
  // namespace: that ends here.
  ~Evaluator() {
    for (const Scope& scope : scopes_of_macros_) {
      for (Frame* frame = scope.get(); frame != nullptr; frame = frame->around.get()) frame->names.clear();
    }
  }

  [[nodiscard]] int line() const { return line_; }

  std::string run(const Body& body, const Variables& variables) {
    const auto top = std::make_shared<Frame>();
    for (const auto& [name, value] : variables) top->names[name] = value;
    std::string out;
    execute(body, top, out);
    return out;
  }

 private:
  // One level of recursion for as long as it lives.
  class Level {
   public:
    explicit Level(int& depth) : depth_(depth) {
      if (++depth_ > kMaxDepth) {
        --depth_;
        throw Fault("calls and blocks nested too deep");
      }
    }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    int& depth_;
  };

  void spend(size_t units) {
    work_ += units;
    if (work_ > kMaxWork) throw Fault("the template takes too much work");
  }
  // What looking at a value, but not into its items, costs.
  void spend_on(const Value& value) {
    constexpr size_t kItem = 32;
    if (value.is_text()) spend(value.str().size());
    if (value.is_list()) spend(kItem * value.items().size());
    if (value.is_dict()) spend(kItem * value.object().entries.size());
  }

  void write(std::string_view text, std::string& out) {
    spend(text.size());
    check_weight(static_cast<double>(out.size() + text.size()));
    out += text;
  }

  Flow execute(const Body& body, const Scope& frame, std::string& out) {
    const Level level(depth_);
    for (const Statement& statement : body) {
      line_ = statement.line;
      const Flow flow = execute(statement, frame, out);
      if (flow != Flow::kOn) return flow;
    }
    return Flow::kOn;
  }

  Flow execute(const Statement& statement, const Scope& frame, std::string& out) {
    spend(1);
    switch (statement.kind) {
      case Statement::Kind::kText:
        write(statement.text, out);
        return Flow::kOn;
      case Statement::Kind::kPrint:
        write(to_text(evaluate(*statement.expression, frame)), out);
        return Flow::kOn;
      case Statement::Kind::kSet:
        bind(statement.targets, value_to_set(statement, frame), frame);
        return Flow::kOn;
      case Statement::Kind::kSetMember:
        set_member(statement, frame);
        return Flow::kOn;
      case Statement::Kind::kFor:
        return execute_for(statement, frame, out);
      case Statement::Kind::kIf:
        return execute(evaluate(*statement.expression, frame).truthy() ? statement.body : statement.otherwise,
                       frame, out);
      case Statement::Kind::kMacro:
        frame->names[statement.macro->name] = macro_in(statement, frame);
        return Flow::kOn;
      case Statement::Kind::kWith:
        return execute_with(statement, frame, out);
      case Statement::Kind::kFilter:
        write(to_text(filtered(*statement.expression, enclosed_text(statement, frame), frame)), out);
        return Flow::kOn;
      case Statement::Kind::kCall:
        write(to_text(evaluate_call(*statement.expression, frame, macro_in(statement, frame))), out);
        return Flow::kOn;
      case Statement::Kind::kGroup:
        return execute(statement.body, frame, out);
      case Statement::Kind::kBreak:
        return Flow::kBreak;
      case Statement::Kind::kContinue:
        return Flow::kContinue;
    }
    return Flow::kOn;
  }

  static Scope inside(const Scope& frame) { return std::make_shared<Frame>(Frame{.around = frame}); }

  Value macro_in(const Statement& statement, const Scope& frame) {
    scopes_of_macros_.push_back(frame);
    return Value(
        Value::Data(std::make_shared<const MacroInScope>(MacroInScope{statement.macro.get(), frame})));
  }

  Value enclosed_text(const Statement& statement, const Scope& frame) {
    std::string text;
    execute(statement.body, inside(frame), text);
    return Value::text(std::move(text));
  }

  Value filtered(const Expression& filters, Value text, const Scope& frame) {
    const Scope with_text = inside(frame);
    with_text->names[kEnclosedText] = std::move(text);
    return evaluate(filters, with_text);
  }

  Value value_to_set(const Statement& statement, const Scope& frame) {
    if (statement.expression) return evaluate(*statement.expression, frame);
    Value text = enclosed_text(statement, frame);
    return statement.condition ? filtered(*statement.condition, std::move(text), frame) : text;
  }

  Flow execute_with(const Statement& statement, const Scope& frame, std::string& out) {
    const Scope with = inside(frame);
    for (size_t i = 0; i < statement.targets.size(); ++i) {
      with->names[statement.targets[i]] = evaluate(*statement.expressions[i], frame);
    }
    return execute(statement.body, with, out);
  }

  void set_member(const Statement& statement, const Scope& frame) {
    const Value* target = frame->find(statement.targets[0]);
    if (!target || !target->is<std::shared_ptr<Namespace>>()) {
      throw Fault("'" + statement.targets[0] + "' is not a namespace");
    }
    const auto space = target->as<std::shared_ptr<Namespace>>();
    Value value = value_to_set(statement, frame);
    if (value.is<std::shared_ptr<Namespace>>())
      throw Fault("a namespace inside a namespace is not supported");
    space->attributes[statement.targets[1]] = std::move(value);
  }

  static void bind(const std::vector<std::string>& targets, const Value& value, const Scope& frame) {
    if (targets.size() == 1) {
      frame->names[targets[0]] = value;
      return;
    }
    const std::vector<Value> parts = iterate(value);
    if (parts.size() != targets.size()) {
      throw Fault(fmt::format("{} values for {} names", parts.size(), targets.size()));
    }
    for (size_t i = 0; i < parts.size(); ++i) frame->names[targets[i]] = parts[i];
  }

  // The items of a for loop that pass its condition.
  std::vector<Value> loop_items(const Statement& statement, const Scope& frame) {
    const Value source = evaluate(*statement.expression, frame);
    spend_on(source);
    std::vector<Value> items = iterate(source);
    if (!statement.condition) return items;
    std::vector<Value> kept;
    for (Value& item : items) {
      const Scope inner = inside(frame);
      bind(statement.targets, item, inner);
      if (evaluate(*statement.condition, inner).truthy()) kept.push_back(std::move(item));
    }
    return kept;
  }

  Flow execute_for(const Statement& statement, const Scope& frame, std::string& out) {
    const std::vector<Value> items = loop_items(statement, frame);
    if (items.empty()) return execute(statement.otherwise, frame, out);
    const auto changed = std::make_shared<std::optional<Value>>();
    for (size_t i = 0; i < items.size(); ++i) {
      const Scope inner = inside(frame);
      Loop loop{static_cast<int64_t>(i), static_cast<int64_t>(items.size()),
                Value::undefined("there is no previous item"), Value::undefined("there is no next item"),
                changed};
      if (i > 0) loop.previous = items[i - 1];
      if (i + 1 < items.size()) loop.next = items[i + 1];
      inner->names["loop"] = Value(Value::Data(std::make_shared<const Loop>(std::move(loop))));
      bind(statement.targets, items[i], inner);
      if (execute(statement.body, inner, out) == Flow::kBreak) break;
      if (ends_ != nullptr && &statement == ends_->loop) ends_->bytes.push_back(out.size());
    }
    if (ends_ != nullptr && &statement == ends_->loop) ends_->bytes.resize(items.size(), out.size());
    return Flow::kOn;
  }

  Value evaluate(const Expression& node, const Scope& frame) {
    const Level level(depth_);
    line_ = node.line;
    spend(1);
    const auto operand = [&](size_t i) { return evaluate(*node.operands[i], frame); };
    switch (node.kind) {
      case Kind::kConstant:
        return node.value;
      case Kind::kName: {
        const Value* found = frame->find(node.name);
        return found ? *found : function_named(node.name);
      }
      case Kind::kList:
        return Value::list(evaluate_all(node, frame, 0));
      case Kind::kTuple:
        return Value::tuple(evaluate_all(node, frame, 0));
      case Kind::kDict:
        return evaluate_dict(node, frame);
      case Kind::kAttribute:
        return attribute_of(operand(0), node.name);
      case Kind::kSubscript: {
        const Value object = operand(0);
        if (object.is_text()) spend_on(object);
        return item_of(object, operand(1));
      }
      case Kind::kSlice:
        return evaluate_slice(node, frame);
      case Kind::kCall:
        return evaluate_call(node, frame);
      case Kind::kFilter:
        return charged(operand(0), [&](const Value& value) {
          return apply_filter(node.name, value, evaluate_arguments(node, frame));
        });
      case Kind::kTest: {
        const Value value = operand(0);
        return Value::boolean(apply_test(node.name, value, evaluate_arguments(node, frame)));
      }
      case Kind::kUnary:
        return node.name == "not" ? Value::boolean(!operand(0).truthy())
                                  : sign_operation(node.name, operand(0));
      case Kind::kBinary:
        return evaluate_binary(node, frame);
      case Kind::kCompare:
        return evaluate_comparison(node, frame);
      case Kind::kConditional:
        if (operand(1).truthy()) return operand(0);
        return node.operands[2] ? operand(2) : Value::undefined("an inline 'if' without 'else' was false");
    }
    return {};
  }

  // A function of a value, paid for by what it reads and makes.
  template <typename Function>
  Value charged(const Value& value, Function function) {
    spend_on(value);
    Value result = function(value);
    spend_on(result);
    return result;
  }

  std::vector<Value> evaluate_all(const Expression& node, const Scope& frame, size_t from) {
    std::vector<Value> values;
    for (size_t i = from; i < node.operands.size(); ++i) values.push_back(evaluate(*node.operands[i], frame));
    return values;
  }

  // The operands after the first, and the keywords.
  Arguments evaluate_arguments(const Expression& node, const Scope& frame) {
    Arguments arguments{evaluate_all(node, frame, 1), {}};
    for (const Keyword& keyword : node.keywords) {
      arguments.keywords.emplace_back(keyword.name, evaluate(*keyword.value, frame));
    }
    for (const Value& value : arguments.positional) spend_on(value);
    return arguments;
  }

  Value evaluate_dict(const Expression& node, const Scope& frame) {
    const std::vector<Value> parts = evaluate_all(node, frame, 0);
    std::vector<std::pair<std::string, Value>> entries;
    for (size_t i = 0; i < parts.size(); i += 2) {
      if (!parts[i].is_text()) throw Fault("dict keys other than strings are not supported");
      const auto same = [&](const auto& entry) { return entry.first == parts[i].str(); };
      const auto known = std::find_if(entries.begin(), entries.end(), same);
      if (known != entries.end()) {
        known->second = parts[i + 1];
      } else {
        entries.emplace_back(parts[i].str(), parts[i + 1]);
      }
    }
    return Value::dict(std::move(entries));
  }

  Value evaluate_slice(const Expression& node, const Scope& frame) {
    const auto part = [&](size_t i) {
      return node.operands[i] ? evaluate(*node.operands[i], frame) : Value::none();
    };
    const Value start = part(1);
    const Value stop = part(2);
    const Value step = part(3);
    return charged(part(0), [&](const Value& value) { return slice(value, start, stop, step); });
  }

  Value evaluate_binary(const Expression& node, const Scope& frame) {
    const Value left = evaluate(*node.operands[0], frame);
    if (node.name == "and" && !left.truthy()) return left;
    if (node.name == "or" && left.truthy()) return left;
    const Value right = evaluate(*node.operands[1], frame);
    if (node.name == "and" || node.name == "or") return right;
    Value result = binary_operation(node.name, left, right);
    spend_on(result);
    return result;
  }

  Value evaluate_comparison(const Expression& node, const Scope& frame) {
    Value left = evaluate(*node.operands[0], frame);
    for (size_t i = 0; i < node.comparisons.size(); ++i) {
      Value right = evaluate(*node.operands[i + 1], frame);
      spend(std::min(left.extent().weight, right.extent().weight));
      if (node.comparisons[i].ends_with("in")) spend(right.extent().weight);
      if (!compare(node.comparisons[i], left, right)) return Value::boolean(false);
      left = std::move(right);
    }
    return Value::boolean(true);
  }

  // `caller` is what a call block encloses.
  Value evaluate_call(const Expression& node, const Scope& frame, const Value& caller = {}) {
    const Expression& callee = *node.operands[0];
    if (callee.kind == Kind::kAttribute) {
      const Value object = evaluate(*callee.operands[0], frame);
      // A dict's entry may be called too, unless it has the name of a method, which hides it.
      if (!object.is<std::shared_ptr<Namespace>>() && (!object.is_dict() || is_dict_method(callee.name))) {
        const Arguments arguments = evaluate_arguments(node, frame);
        return charged(object,
                       [&](const Value& value) { return call_method(value, callee.name, arguments); });
      }
      return call_value(attribute_of(object, callee.name), node, frame, caller);
    }
    return call_value(evaluate(callee, frame), node, frame, caller);
  }

  Value call_value(const Value& callee, const Expression& node, const Scope& frame, const Value& caller) {
    if (callee.is_undefined()) throw Fault(callee.as<Undefined>().message);
    if (callee.is<Function>()) {
      const Function function = callee.as<Function>();
      const Arguments arguments = evaluate_arguments(node, frame);
      Value result =
          function.name == "strftime_now" ? strftime_on(day_, arguments) : call_function(function, arguments);
      spend_on(result);
      return result;
    }
    if (callee.is<std::shared_ptr<Cycler>>() && callee.as<std::shared_ptr<Cycler>>()->is_joiner) {
      Cycler& joiner = *callee.as<std::shared_ptr<Cycler>>();
      return joiner.at++ == 0 ? Value::text("") : joiner.items[0];
    }
    if (!callee.is<std::shared_ptr<const MacroInScope>>()) {
      throw Fault("'" + std::string(callee.type_name()) + "' is not callable");
    }
    return call_macro(*callee.as<std::shared_ptr<const MacroInScope>>(), evaluate_arguments(node, frame),
                      caller);
  }

  Value call_macro(const MacroInScope& callee, const Arguments& arguments, const Value& caller) {
    const Macro& macro = *callee.macro;
    if (arguments.positional.size() > macro.parameters.size()) {
      throw Fault("macro '" + macro.name + "' takes not more than " +
                  std::to_string(macro.parameters.size()) + " arguments");
    }
    const auto frame = std::make_shared<Frame>(Frame{.around = callee.scope});
    const size_t without_default = macro.parameters.size() - macro.defaults.size();
    for (size_t i = 0; i < macro.parameters.size(); ++i) {
      const std::string& name = macro.parameters[i];
      if (const Value* given = arguments.find(i, name)) {
        frame->names[name] = *given;
      } else if (i >= without_default) {
        frame->names[name] = evaluate(*macro.defaults[i - without_default], frame);
      } else {
        frame->names[name] = Value::undefined("parameter '" + name + "' was not provided");
      }
    }
    for (const auto& keyword : arguments.keywords) {
      if (!frame->names.contains(keyword.first)) {
        throw Fault("macro '" + macro.name + "' takes no keyword argument '" + keyword.first + "'");
      }
    }
    if (!caller.is_undefined()) frame->names["caller"] = caller;
    std::string text;
    execute(*macro.body, frame, text);
    return Value::text(std::move(text));
  }

  std::chrono::year_month_day day_;
  LoopEnds* ends_;
  std::vector<Scope> scopes_of_macros_;
  int depth_ = 0;
  int line_ = 1;
  size_t work_ = 0;
};

}  // namespace

std::string evaluate_template(const Body& body, const Variables& variables, std::chrono::year_month_day day,
                              const std::string& where, LoopEnds* ends) {
  Evaluator evaluator(day, ends);
  try {
    return evaluator.run(body, variables);
  } catch (const Fault& fault) {
    throw Error(fmt::format("{}:{}", where, evaluator.line()), fault.what(),
                "correct the messages or the chat template");
  }
}

}  // namespace deepscaler::jinja
