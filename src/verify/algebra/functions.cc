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
      {"C()", F::binom},
      {"P()", F::permutations},
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

bool is_trigonometric(Function function) { return function >= Function::sin && function <= Function::cis; }

}  // namespace deepscaler
