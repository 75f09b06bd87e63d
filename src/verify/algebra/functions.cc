#include "verify/algebra/functions.h"

#include <string>
#include <unordered_map>

namespace deepscaler {

Function function_of(std::string_view name) {
  using F = Function;
  static const std::unordered_map<std::string_view, Function> kFunctions = {
      {"sin", F::sin},
      {"cos", F::cos},
      {"tan", F::tan},
      {"tg", F::tan},
      {"sec", F::sec},
      {"csc", F::csc},
      {"cosec", F::csc},
      {"cot", F::cot},
      {"cis", F::cis},
      {"ctg", F::cot},
      {"arcsin", F::arcsin},
      {"asin", F::arcsin},
      {"arccos", F::arccos},
      {"acos", F::arccos},
      {"arctan", F::arctan},
      {"atan", F::arctan},
      {"arctg", F::arctan},
      {"arcsec", F::arcsec},
      {"arccsc", F::arccsc},
      {"arccot", F::arccot},
      {"sinh", F::sinh},
      {"cosh", F::cosh},
      {"tanh", F::tanh},
      {"coth", F::coth},
      {"sech", F::sech},
      {"csch", F::csch},
      {"arsinh", F::arsinh},
      {"arcsinh", F::arsinh},
      {"asinh", F::arsinh},
      {"arcosh", F::arcosh},
      {"arccosh", F::arcosh},
      {"acosh", F::arcosh},
      {"artanh", F::artanh},
      {"arctanh", F::artanh},
      {"atanh", F::artanh},
      {"exp", F::exp},
      {"ln", F::ln},
      {"log", F::log},
      {"lg", F::log},
      {"abs", F::abs},
      {"floor", F::floor},
      {"ceil", F::ceil},
      {"sgn", F::sgn},
      {"sign", F::sgn},
      {"factorial", F::factorial},
      {"double_factorial", F::double_factorial},
      {"binom", F::binom},
      {"gcd", F::gcd},
      {"lcm", F::lcm},
      {"max", F::max},
      {"min", F::min},
      {"mod", F::mod},
      {"Re", F::real_part},
      {"Im", F::imaginary_part},
      {"conj", F::conjugate},
      {"arg", F::argument},
  };
  const auto found = kFunctions.find(name);
  return found == kFunctions.end() ? Function::unknown : found->second;
}

std::string_view name_of(Function function) {
  switch (function) {
    case Function::unknown:
      return {};
    case Function::sin:
      return "sin";
    case Function::cos:
      return "cos";
    case Function::tan:
      return "tan";
    case Function::sec:
      return "sec";
    case Function::csc:
      return "csc";
    case Function::cot:
      return "cot";
    case Function::cis:
      return "cis";
    case Function::arcsin:
      return "arcsin";
    case Function::arccos:
      return "arccos";
    case Function::arctan:
      return "arctan";
    case Function::arcsec:
      return "arcsec";
    case Function::arccsc:
      return "arccsc";
    case Function::arccot:
      return "arccot";
    case Function::sinh:
      return "sinh";
    case Function::cosh:
      return "cosh";
    case Function::tanh:
      return "tanh";
    case Function::coth:
      return "coth";
    case Function::sech:
      return "sech";
    case Function::csch:
      return "csch";
    case Function::arsinh:
      return "arsinh";
    case Function::arcosh:
      return "arcosh";
    case Function::artanh:
      return "artanh";
    case Function::exp:
      return "exp";
    case Function::ln:
      return "ln";
    case Function::log:
      return "log";
    case Function::abs:
      return "abs";
    case Function::floor:
      return "floor";
    case Function::ceil:
      return "ceil";
    case Function::sgn:
      return "sgn";
    case Function::factorial:
      return "factorial";
    case Function::double_factorial:
      return "double_factorial";
    case Function::binom:
      return "binom";
    case Function::permutations:
      return "permutations";
    case Function::gcd:
      return "gcd";
    case Function::lcm:
      return "lcm";
    case Function::max:
      return "max";
    case Function::min:
      return "min";
    case Function::mod:
      return "mod";
    case Function::real_part:
      return "Re";
    case Function::imaginary_part:
      return "Im";
    case Function::conjugate:
      return "conj";
    case Function::argument:
      return "arg";
  }
  return {};
}

bool is_trigonometric(Function function) { return function >= Function::sin && function <= Function::cis; }

}  // namespace deepscaler
