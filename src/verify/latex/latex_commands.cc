#include "verify/latex/latex_commands.h"

#include <unordered_map>
#include <unordered_set>

namespace deepscaler {
namespace {

// Commands whose argument is running text, and those that only change how it looks.
const std::unordered_set<std::string_view> kTextCommands = {
    "text", "textbf", "textit",       "textrm", "textnormal", "texttt", "textsf", "mbox",   "hbox",  "mathrm",
    "rm",   "mathop", "operatorname", "textup", "emph",       "unit",   "si",     "textsc", "textmd"};
const std::unordered_set<std::string_view> kDropped = {
    "left",      "right",        "middle",    "big",         "Big",        "bigg",
    "Bigg",      "bigl",         "bigr",      "Bigl",        "Bigr",       "biggl",
    "biggr",     "displaystyle", "textstyle", "scriptstyle", "limits",     "nolimits",
    "boxed",     "fbox",         "mathbf",    "mathit",      "mathsf",     "mathtt",
    "mathcal",   "boldsymbol",   "bm",        "bf",          "it",         "ensuremath",
    "underline", "mathstrut",    "strut",     "null",        "relax",      "nonumber",
    "cal",       "displaylines", "centering", "mathnormal",  "Large",      "large",
    "small",     "mathbin",      "mathrel",   "mathpunct",   "bigm",       "Bigm",
    "pmb",       "mathord",      "mathclose", "mathopen",    "mathinner",  "scriptscriptstyle",
    "sf",        "tt",           "sl",        "em",          "normalsize", "LARGE",
    "huge",      "num"};
const std::unordered_set<std::string_view> kDroppedWithArgument = {
    "phantom", "hspace", "vspace", "color", "textcolor", "label", "hphantom", "vphantom", "colorbox"};
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
                                                                          {"deg", "circ"},
                                                                          {"textdegree", "circ"},
                                                                          {"rupee", "rupees"},
                                                                          {"textyen", "yen"},
                                                                          {"texteuro", "euro"},
                                                                          {"textsterling", "pounds"},
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
    {"times", "*"},   {"cdot", "*"},    {"ast", "*"},      {"bullet", "*"},      {"div", "/"},
    {"lbrace", "{."}, {"rbrace", "}."}, {"lvert", "|("},   {"rvert", "|)"},      {"lparen", "("},
    {"rparen", ")"},  {"lbrack", "["},  {"rbrack", "]"},   {"cr", "\\\\"},       {"vert", "|"},
    {"mid", "|"},     {"colon", ":"},   {"prime", "'"},    {"slash", "/"},       {">", ">"},
    {"<", "<"},       {"percent", "%"}, {"dollar", "\\$"}, {"textdollar", "\\$"}};

// Spaces and operators that are often written into the letters behind them: \quadx, \cdotx.
constexpr std::string_view kGlued[] = {"qquad", "quad",  "cdot", "times", "pi",  "ldots", "cdots",
                                       "pm",    "infty", "neq",  "leq",   "geq", "div",   "circ"};
const std::unordered_set<std::string_view> kNotGlued = {"pmod", "pmb", "cdotp", "piv"};

}  // namespace

size_t glued_command_length(std::string_view name) {
  for (const std::string_view glued : kGlued) {
    const bool longer = name.size() > glued.size() && name.size() <= glued.size() + 2;
    if (!longer || !name.starts_with(glued)) continue;
    const LatexCommand known = latex_command(name);
    const bool is_known = known.role != LatexCommand::Role::symbol || known.spelling != name;
    return is_known || kNotGlued.contains(name) ? name.size() : glued.size();
  }
  return name.size();
}

LatexCommand latex_command(std::string_view name) {
  using Role = LatexCommand::Role;
  if (kSpaces.contains(name)) return {Role::space, {}};
  if (kDroppedWithArgument.contains(name)) return {Role::dropped_with_argument, {}};
  if (kTextCommands.contains(name)) return {Role::text, {}};
  if (kDropped.contains(name)) return {Role::dropped, {}};
  if (const auto mark = kMarks.find(name); mark != kMarks.end()) return {Role::mark, mark->second};
  const auto synonym = kSynonyms.find(name);
  return {Role::symbol, synonym == kSynonyms.end() ? name : synonym->second};
}

}  // namespace deepscaler
