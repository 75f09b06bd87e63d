#include "verify/words/units.h"

#include <algorithm>
#include <unordered_map>

#include "verify/latex/characters.h"

namespace deepscaler {
namespace {

struct Entry {
  const char* factor;
  const char* base;
  int exponent = 1;
};

// Symbols keep their case; names are in lower case and singular.
const std::unordered_map<std::string_view, Entry>& symbols() {
  static const std::unordered_map<std::string_view, Entry> kSymbols = {{"m", {"1", "m"}},
                                                                       {"km", {"1000", "m"}},
                                                                       {"dm", {"1/10", "m"}},
                                                                       {"cm", {"1/100", "m"}},
                                                                       {"mm", {"1/1000", "m"}},
                                                                       {"nm", {"1/1000000000", "m"}},
                                                                       {"in", {"127/5000", "m"}},
                                                                       {"ft", {"381/1250", "m"}},
                                                                       {"yd", {"1143/1250", "m"}},
                                                                       {"mi", {"201168/125", "m"}},
                                                                       {"s", {"1", "s"}},
                                                                       {"sec", {"1", "s"}},
                                                                       {"secs", {"1", "s"}},
                                                                       {"ms", {"1/1000", "s"}},
                                                                       {"min", {"60", "s"}},
                                                                       {"mins", {"60", "s"}},
                                                                       {"h", {"3600", "s"}},
                                                                       {"hr", {"3600", "s"}},
                                                                       {"hrs", {"3600", "s"}},
                                                                       {"yr", {"31557600", "s"}},
                                                                       {"yrs", {"31557600", "s"}},
                                                                       {"g", {"1/1000", "kg"}},
                                                                       {"kg", {"1", "kg"}},
                                                                       {"mg", {"1/1000000", "kg"}},
                                                                       {"lb", {"45359237/100000000", "kg"}},
                                                                       {"lbs", {"45359237/100000000", "kg"}},
                                                                       {"kgs", {"1", "kg"}},
                                                                       {"oz", {"45359237/1600000000", "kg"}},
                                                                       {"L", {"1/1000", "m", 3}},
                                                                       {"l", {"1/1000", "m", 3}},
                                                                       {"mL", {"1/1000000", "m", 3}},
                                                                       {"ml", {"1/1000000", "m", 3}},
                                                                       {"cc", {"1/1000000", "m", 3}},
                                                                       {"N", {"1", "N"}},
                                                                       {"kN", {"1000", "N"}},
                                                                       {"J", {"1", "J"}},
                                                                       {"kJ", {"1000", "J"}},
                                                                       {"eV", {"1", "eV"}},
                                                                       {"keV", {"1000", "eV"}},
                                                                       {"MeV", {"1000000", "eV"}},
                                                                       {"cal", {"1", "cal"}},
                                                                       {"kcal", {"1000", "cal"}},
                                                                       {"W", {"1", "W"}},
                                                                       {"kW", {"1000", "W"}},
                                                                       {"MW", {"1000000", "W"}},
                                                                       {"mW", {"1/1000", "W"}},
                                                                       {"Pa", {"1", "Pa"}},
                                                                       {"kPa", {"1000", "Pa"}},
                                                                       {"MPa", {"1000000", "Pa"}},
                                                                       {"GPa", {"1000000000", "Pa"}},
                                                                       {"atm", {"101325", "Pa"}},
                                                                       {"bar", {"100000", "Pa"}},
                                                                       {"Hz", {"1", "Hz"}},
                                                                       {"kHz", {"1000", "Hz"}},
                                                                       {"MHz", {"1000000", "Hz"}},
                                                                       {"GHz", {"1000000000", "Hz"}},
                                                                       {"V", {"1", "V"}},
                                                                       {"kV", {"1000", "V"}},
                                                                       {"mV", {"1/1000", "V"}},
                                                                       {"A", {"1", "A"}},
                                                                       {"mA", {"1/1000", "A"}},
                                                                       {"C", {"1", "C"}},
                                                                       {"K", {"1", "K"}},
                                                                       {"mol", {"1", "mol"}},
                                                                       {"M", {"1", "molar"}},
                                                                       {"T", {"1", "tesla"}},
                                                                       {"rad", {"1", "rad"}},
                                                                       {"rads", {"1", "rad"}},
                                                                       {"USD", {"1", "usd"}},
                                                                       {"EUR", {"1", "eur"}},
                                                                       {"GBP", {"1", "gbp"}},
                                                                       {"INR", {"1", "inr"}},
                                                                       {"CNY", {"1", "cny"}},
                                                                       {"RMB", {"1", "cny"}},
                                                                       {"JPY", {"1", "jpy"}},
                                                                       {"CHF", {"1", "chf"}},
                                                                       {"KRW", {"1", "krw"}},
                                                                       {"AUD", {"1", "aud"}},
                                                                       {"CAD", {"1", "cad"}},
                                                                       {"Rs", {"1", "inr"}},
                                                                       {"ha", {"10000", "m", 2}},
                                                                       {"pc", {"1", "parsec"}},
                                                                       {"kpc", {"1000", "parsec"}},
                                                                       {"Mpc", {"1000000", "parsec"}},
                                                                       {"AU", {"1", "au"}},
                                                                       {"erg", {"1", "erg"}},
                                                                       {"ergs", {"1", "erg"}},
                                                                       {"dyn", {"1", "dyn"}},
                                                                       {"ohm", {"1", "ohm"}}};
  return kSymbols;
}

const std::unordered_map<std::string_view, Entry>& names() {
  static const std::unordered_map<std::string_view, Entry> kNames = {
      {"meter", {"1", "m"}},
      {"metre", {"1", "m"}},
      {"kilometer", {"1000", "m"}},
      {"kilometre", {"1000", "m"}},
      {"centimeter", {"1/100", "m"}},
      {"centimetre", {"1/100", "m"}},
      {"millimeter", {"1/1000", "m"}},
      {"millimetre", {"1/1000", "m"}},
      {"decimeter", {"1/10", "m"}},
      {"nanometer", {"1/1000000000", "m"}},
      {"inch", {"127/5000", "m"}},
      {"foot", {"381/1250", "m"}},
      {"feet", {"381/1250", "m"}},
      {"yard", {"1143/1250", "m"}},
      {"mile", {"201168/125", "m"}},
      {"angstrom", {"1/10000000000", "m"}},
      {"second", {"1", "s"}},
      {"minute", {"60", "s"}},
      {"hour", {"3600", "s"}},
      {"day", {"86400", "s"}},
      {"week", {"604800", "s"}},
      {"month", {"1", "month"}},
      {"year", {"31557600", "s"}},
      {"decade", {"315576000", "s"}},
      {"gram", {"1/1000", "kg"}},
      {"kilogram", {"1", "kg"}},
      {"milligram", {"1/1000000", "kg"}},
      {"pound", {"45359237/100000000", "kg"}},
      {"ounce", {"45359237/1600000000", "kg"}},
      {"ton", {"1", "ton"}},
      {"liter", {"1/1000", "m", 3}},
      {"litre", {"1/1000", "m", 3}},
      {"milliliter", {"1/1000000", "m", 3}},
      {"gallon", {"473176473/125000000000", "m", 3}},
      {"quart", {"473176473/500000000000", "m", 3}},
      {"pint", {"473176473/1000000000000", "m", 3}},
      {"cup", {"473176473/2000000000000", "m", 3}},
      {"acre", {"40468564224/10000000", "m", 2}},
      {"hectare", {"10000", "m", 2}},
      {"dollar", {"1", "usd"}},
      {"buck", {"1", "usd"}},
      {"cent", {"1/100", "usd"}},
      {"euro", {"1", "eur"}},
      {"rupee", {"1", "inr"}},
      {"yuan", {"1", "cny"}},
      {"yen", {"1", "jpy"}},
      {"pence", {"1/100", "gbp"}},
      {"won", {"1", "krw"}},
      {"franc", {"1", "chf"}},
      {"peso", {"1", "peso"}},
      {"paise", {"1/100", "inr"}},
      {"paisa", {"1/100", "inr"}},
      {"newton", {"1", "N"}},
      {"joule", {"1", "J"}},
      {"watt", {"1", "W"}},
      {"kilowatt", {"1000", "W"}},
      {"pascal", {"1", "Pa"}},
      {"hertz", {"1", "Hz"}},
      {"volt", {"1", "V"}},
      {"ampere", {"1", "A"}},
      {"amp", {"1", "A"}},
      {"kelvin", {"1", "K"}},
      {"celsius", {"1", "celsius"}},
      {"fahrenheit", {"1", "fahrenheit"}},
      {"radian", {"1", "rad"}},
      {"mole", {"1", "mol"}},
      {"unit", {"1", ""}},
      // Chinese and Japanese
      {"米", {"1", "m"}},
      {"厘米", {"1/100", "m"}},
      {"毫米", {"1/1000", "m"}},
      {"千米", {"1000", "m"}},
      {"公里", {"1000", "m"}},
      {"平方米", {"1", "m", 2}},
      {"平方厘米", {"1/10000", "m", 2}},
      {"立方米", {"1", "m", 3}},
      {"立方厘米", {"1/1000000", "m", 3}},
      {"升", {"1/1000", "m", 3}},
      {"毫升", {"1/1000000", "m", 3}},
      {"克", {"1/1000", "kg"}},
      {"千克", {"1", "kg"}},
      {"公斤", {"1", "kg"}},
      {"吨", {"1", "ton"}},
      {"秒", {"1", "s"}},
      {"分钟", {"60", "s"}},
      {"小时", {"3600", "s"}},
      {"天", {"86400", "s"}},
      {"元", {"1", "cny"}},
      {"円", {"1", "jpy"}},
      {"个", {"1", ""}},
      {"個", {"1", ""}},
      {"人", {"1", ""}},
      {"种", {"1", ""}},
      {"次", {"1", ""}},
      {"名", {"1", ""}},
      {"只", {"1", ""}},
      {"本", {"1", ""}},
      {"张", {"1", ""}},
      {"条", {"1", ""}},
      {"岁", {"1", ""}},
      {"倍", {"1", ""}},
      // Russian
      {"м", {"1", "m"}},
      {"см", {"1/100", "m"}},
      {"мм", {"1/1000", "m"}},
      {"км", {"1000", "m"}},
      {"г", {"1/1000", "kg"}},
      {"кг", {"1", "kg"}},
      {"л", {"1/1000", "m", 3}},
      {"с", {"1", "s"}},
      {"сек", {"1", "s"}},
      {"мин", {"60", "s"}},
      {"ч", {"3600", "s"}},
      {"руб", {"1", "rub"}},
      {"рублей", {"1", "rub"}},
      // German, French and Spanish
      {"zentimeter", {"1/100", "m"}},
      {"sekunden", {"1", "s"}},
      {"minuten", {"60", "s"}},
      {"stunden", {"3600", "s"}},
      {"heures", {"3600", "s"}},
      {"metros", {"1", "m"}},
      {"horas", {"3600", "s"}},
      {"stück", {"1", ""}}};
  return kNames;
}

Unit to_unit(const Entry& entry) {
  Unit unit{.factor = {}, .base = entry.base, .exponent = entry.exponent};
  fmpq_set_str(unit.factor.get(), entry.factor, 10);
  fmpq_canonicalise(unit.factor.get());
  return unit;
}

}  // namespace

std::optional<Unit> find_unit(std::string_view name) {
  if (const auto found = symbols().find(name); found != symbols().end()) return to_unit(found->second);
  const std::string plain = lower(name);
  for (const size_t ending : {0, 1, 2}) {  // "foot", "metres", "inches"
    if (ending > 0 && (plain.size() <= ending || plain.back() != 's')) break;
    const auto found = names().find(std::string_view(plain).substr(0, plain.size() - ending));
    if (found != names().end()) return to_unit(found->second);
  }
  return std::nullopt;
}

std::optional<Rational> find_scale_word(std::string_view name) {
  const std::string plain = lower(name);
  constexpr std::pair<std::string_view, slong> kScales[] = {{"hundred", 100},
                                                            {"thousand", 1000},
                                                            {"million", 1'000'000},
                                                            {"billion", 1'000'000'000},
                                                            {"trillion", 1'000'000'000'000},
                                                            {"dozen", 12},
                                                            {"gross", 144},
                                                            {"lakh", 100'000},
                                                            {"crore", 10'000'000}};
  for (const auto& [word, value] : kScales) {
    if (plain == word ||
        (plain.size() == word.size() + 1 && plain.starts_with(word) && plain.back() == 's')) {
      return Rational(value);
    }
  }
  return std::nullopt;
}

}  // namespace deepscaler
