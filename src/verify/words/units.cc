#include "verify/words/units.h"

#include <algorithm>
#include <unordered_map>

#include "verify/latex/characters.h"

namespace deepscaler {
namespace {

struct Entry {
  const char* factor;
  std::optional<BaseUnit> base;
  int exponent = 1;
};

// Symbols keep their case; names are in lower case and singular.
const std::unordered_map<std::string_view, Entry>& symbols() {
  static const std::unordered_map<std::string_view, Entry> kSymbols = {
      {"m", {"1", BaseUnit::metre}},
      {"km", {"1000", BaseUnit::metre}},
      {"dm", {"1/10", BaseUnit::metre}},
      {"cm", {"1/100", BaseUnit::metre}},
      {"mm", {"1/1000", BaseUnit::metre}},
      {"nm", {"1/1000000000", BaseUnit::metre}},
      {"in", {"127/5000", BaseUnit::metre}},
      {"ft", {"381/1250", BaseUnit::metre}},
      {"yd", {"1143/1250", BaseUnit::metre}},
      {"mi", {"201168/125", BaseUnit::metre}},
      {"s", {"1", BaseUnit::second}},
      {"sec", {"1", BaseUnit::second}},
      {"secs", {"1", BaseUnit::second}},
      {"ms", {"1/1000", BaseUnit::second}},
      {"min", {"60", BaseUnit::second}},
      {"mins", {"60", BaseUnit::second}},
      {"h", {"3600", BaseUnit::second}},
      {"hr", {"3600", BaseUnit::second}},
      {"hrs", {"3600", BaseUnit::second}},
      {"yr", {"31557600", BaseUnit::second}},
      {"yrs", {"31557600", BaseUnit::second}},
      {"g", {"1/1000", BaseUnit::kilogram}},
      {"kg", {"1", BaseUnit::kilogram}},
      {"mg", {"1/1000000", BaseUnit::kilogram}},
      {"lb", {"45359237/100000000", BaseUnit::kilogram}},
      {"lbs", {"45359237/100000000", BaseUnit::kilogram}},
      {"kgs", {"1", BaseUnit::kilogram}},
      {"oz", {"45359237/1600000000", BaseUnit::kilogram}},
      {"L", {"1/1000", BaseUnit::metre, 3}},
      {"l", {"1/1000", BaseUnit::metre, 3}},
      {"mL", {"1/1000000", BaseUnit::metre, 3}},
      {"ml", {"1/1000000", BaseUnit::metre, 3}},
      {"cc", {"1/1000000", BaseUnit::metre, 3}},
      {"N", {"1", BaseUnit::newton}},
      {"kN", {"1000", BaseUnit::newton}},
      {"J", {"1", BaseUnit::joule}},
      {"kJ", {"1000", BaseUnit::joule}},
      {"eV", {"1", BaseUnit::electronvolt}},
      {"keV", {"1000", BaseUnit::electronvolt}},
      {"MeV", {"1000000", BaseUnit::electronvolt}},
      {"cal", {"1", BaseUnit::calorie}},
      {"kcal", {"1000", BaseUnit::calorie}},
      {"W", {"1", BaseUnit::watt}},
      {"kW", {"1000", BaseUnit::watt}},
      {"MW", {"1000000", BaseUnit::watt}},
      {"mW", {"1/1000", BaseUnit::watt}},
      {"Pa", {"1", BaseUnit::pascal}},
      {"kPa", {"1000", BaseUnit::pascal}},
      {"MPa", {"1000000", BaseUnit::pascal}},
      {"GPa", {"1000000000", BaseUnit::pascal}},
      {"atm", {"101325", BaseUnit::pascal}},
      {"bar", {"100000", BaseUnit::pascal}},
      {"Hz", {"1", BaseUnit::hertz}},
      {"kHz", {"1000", BaseUnit::hertz}},
      {"MHz", {"1000000", BaseUnit::hertz}},
      {"GHz", {"1000000000", BaseUnit::hertz}},
      {"V", {"1", BaseUnit::volt}},
      {"kV", {"1000", BaseUnit::volt}},
      {"mV", {"1/1000", BaseUnit::volt}},
      {"A", {"1", BaseUnit::ampere}},
      {"mA", {"1/1000", BaseUnit::ampere}},
      {"C", {"1", BaseUnit::coulomb}},
      {"K", {"1", BaseUnit::kelvin}},
      {"mol", {"1", BaseUnit::mole}},
      {"M", {"1", BaseUnit::molar}},
      {"T", {"1", BaseUnit::tesla}},
      {"rad", {"1", BaseUnit::radian}},
      {"rads", {"1", BaseUnit::radian}},
      {"USD", {"1", BaseUnit::us_dollar}},
      {"EUR", {"1", BaseUnit::euro}},
      {"GBP", {"1", BaseUnit::pound_sterling}},
      {"INR", {"1", BaseUnit::rupee}},
      {"CNY", {"1", BaseUnit::yuan}},
      {"RMB", {"1", BaseUnit::yuan}},
      {"JPY", {"1", BaseUnit::yen}},
      {"CHF", {"1", BaseUnit::swiss_franc}},
      {"KRW", {"1", BaseUnit::won}},
      {"AUD", {"1", BaseUnit::australian_dollar}},
      {"CAD", {"1", BaseUnit::canadian_dollar}},
      {"Rs", {"1", BaseUnit::rupee}},
      {"ha", {"10000", BaseUnit::metre, 2}},
      {"pc", {"1", BaseUnit::parsec}},
      {"kpc", {"1000", BaseUnit::parsec}},
      {"Mpc", {"1000000", BaseUnit::parsec}},
      {"AU", {"1", BaseUnit::astronomical_unit}},
      {"erg", {"1", BaseUnit::erg}},
      {"ergs", {"1", BaseUnit::erg}},
      {"dyn", {"1", BaseUnit::dyne}},
      {"ohm", {"1", BaseUnit::ohm}}};
  return kSymbols;
}

const std::unordered_map<std::string_view, Entry>& names() {
  static const std::unordered_map<std::string_view, Entry> kNames = {
      {"meter", {"1", BaseUnit::metre}},
      {"metre", {"1", BaseUnit::metre}},
      {"kilometer", {"1000", BaseUnit::metre}},
      {"kilometre", {"1000", BaseUnit::metre}},
      {"centimeter", {"1/100", BaseUnit::metre}},
      {"centimetre", {"1/100", BaseUnit::metre}},
      {"millimeter", {"1/1000", BaseUnit::metre}},
      {"millimetre", {"1/1000", BaseUnit::metre}},
      {"decimeter", {"1/10", BaseUnit::metre}},
      {"nanometer", {"1/1000000000", BaseUnit::metre}},
      {"inch", {"127/5000", BaseUnit::metre}},
      {"foot", {"381/1250", BaseUnit::metre}},
      {"feet", {"381/1250", BaseUnit::metre}},
      {"yard", {"1143/1250", BaseUnit::metre}},
      {"mile", {"201168/125", BaseUnit::metre}},
      {"angstrom", {"1/10000000000", BaseUnit::metre}},
      {"second", {"1", BaseUnit::second}},
      {"minute", {"60", BaseUnit::second}},
      {"hour", {"3600", BaseUnit::second}},
      {"day", {"86400", BaseUnit::second}},
      {"week", {"604800", BaseUnit::second}},
      {"month", {"1", BaseUnit::month}},
      {"year", {"31557600", BaseUnit::second}},
      {"decade", {"315576000", BaseUnit::second}},
      {"gram", {"1/1000", BaseUnit::kilogram}},
      {"kilogram", {"1", BaseUnit::kilogram}},
      {"milligram", {"1/1000000", BaseUnit::kilogram}},
      {"pound", {"45359237/100000000", BaseUnit::kilogram}},
      {"ounce", {"45359237/1600000000", BaseUnit::kilogram}},
      {"ton", {"1", BaseUnit::ton}},
      {"liter", {"1/1000", BaseUnit::metre, 3}},
      {"litre", {"1/1000", BaseUnit::metre, 3}},
      {"milliliter", {"1/1000000", BaseUnit::metre, 3}},
      {"gallon", {"473176473/125000000000", BaseUnit::metre, 3}},
      {"quart", {"473176473/500000000000", BaseUnit::metre, 3}},
      {"pint", {"473176473/1000000000000", BaseUnit::metre, 3}},
      {"cup", {"473176473/2000000000000", BaseUnit::metre, 3}},
      {"acre", {"40468564224/10000000", BaseUnit::metre, 2}},
      {"hectare", {"10000", BaseUnit::metre, 2}},
      {"dollar", {"1", BaseUnit::us_dollar}},
      {"buck", {"1", BaseUnit::us_dollar}},
      {"cent", {"1/100", BaseUnit::us_dollar}},
      {"euro", {"1", BaseUnit::euro}},
      {"rupee", {"1", BaseUnit::rupee}},
      {"yuan", {"1", BaseUnit::yuan}},
      {"yen", {"1", BaseUnit::yen}},
      {"pence", {"1/100", BaseUnit::pound_sterling}},
      {"won", {"1", BaseUnit::won}},
      {"franc", {"1", BaseUnit::swiss_franc}},
      {"peso", {"1", BaseUnit::peso}},
      {"paise", {"1/100", BaseUnit::rupee}},
      {"paisa", {"1/100", BaseUnit::rupee}},
      {"newton", {"1", BaseUnit::newton}},
      {"joule", {"1", BaseUnit::joule}},
      {"watt", {"1", BaseUnit::watt}},
      {"kilowatt", {"1000", BaseUnit::watt}},
      {"pascal", {"1", BaseUnit::pascal}},
      {"hertz", {"1", BaseUnit::hertz}},
      {"volt", {"1", BaseUnit::volt}},
      {"ampere", {"1", BaseUnit::ampere}},
      {"amp", {"1", BaseUnit::ampere}},
      {"kelvin", {"1", BaseUnit::kelvin}},
      {"celsius", {"1", BaseUnit::celsius}},
      {"fahrenheit", {"1", BaseUnit::fahrenheit}},
      {"radian", {"1", BaseUnit::radian}},
      {"mole", {"1", BaseUnit::mole}},
      {"unit", {"1", std::nullopt}},
      // Chinese and Japanese
      {"米", {"1", BaseUnit::metre}},
      {"厘米", {"1/100", BaseUnit::metre}},
      {"毫米", {"1/1000", BaseUnit::metre}},
      {"千米", {"1000", BaseUnit::metre}},
      {"公里", {"1000", BaseUnit::metre}},
      {"平方米", {"1", BaseUnit::metre, 2}},
      {"平方厘米", {"1/10000", BaseUnit::metre, 2}},
      {"立方米", {"1", BaseUnit::metre, 3}},
      {"立方厘米", {"1/1000000", BaseUnit::metre, 3}},
      {"升", {"1/1000", BaseUnit::metre, 3}},
      {"毫升", {"1/1000000", BaseUnit::metre, 3}},
      {"克", {"1/1000", BaseUnit::kilogram}},
      {"千克", {"1", BaseUnit::kilogram}},
      {"公斤", {"1", BaseUnit::kilogram}},
      {"吨", {"1", BaseUnit::ton}},
      {"秒", {"1", BaseUnit::second}},
      {"分钟", {"60", BaseUnit::second}},
      {"小时", {"3600", BaseUnit::second}},
      {"天", {"86400", BaseUnit::second}},
      {"元", {"1", BaseUnit::yuan}},
      {"円", {"1", BaseUnit::yen}},
      {"个", {"1", std::nullopt}},
      {"個", {"1", std::nullopt}},
      {"人", {"1", std::nullopt}},
      {"种", {"1", std::nullopt}},
      {"次", {"1", std::nullopt}},
      {"名", {"1", std::nullopt}},
      {"只", {"1", std::nullopt}},
      {"本", {"1", std::nullopt}},
      {"张", {"1", std::nullopt}},
      {"条", {"1", std::nullopt}},
      {"岁", {"1", std::nullopt}},
      {"倍", {"1", std::nullopt}},
      // Russian
      {"м", {"1", BaseUnit::metre}},
      {"см", {"1/100", BaseUnit::metre}},
      {"мм", {"1/1000", BaseUnit::metre}},
      {"км", {"1000", BaseUnit::metre}},
      {"г", {"1/1000", BaseUnit::kilogram}},
      {"кг", {"1", BaseUnit::kilogram}},
      {"л", {"1/1000", BaseUnit::metre, 3}},
      {"с", {"1", BaseUnit::second}},
      {"сек", {"1", BaseUnit::second}},
      {"мин", {"60", BaseUnit::second}},
      {"ч", {"3600", BaseUnit::second}},
      {"руб", {"1", BaseUnit::rouble}},
      {"рублей", {"1", BaseUnit::rouble}},
      // German, French and Spanish
      {"zentimeter", {"1/100", BaseUnit::metre}},
      {"sekunden", {"1", BaseUnit::second}},
      {"minuten", {"60", BaseUnit::second}},
      {"stunden", {"3600", BaseUnit::second}},
      {"heures", {"3600", BaseUnit::second}},
      {"metros", {"1", BaseUnit::metre}},
      {"horas", {"3600", BaseUnit::second}},
      {"stück", {"1", std::nullopt}}};
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
