#include "verify/words/counted_words.h"

#include <string>
#include <unordered_set>

#include "verify/words/number_words.h"
#include "verify/words/units.h"

namespace deepscaler {
namespace {

using Words = std::unordered_set<std::string_view>;

const Words kChanging = {
    "not",       "less",      "more",       "fewer",     "no",      "minus",   "plus",    "over",
    "squared",   "cubed",     "factorial",  "point",     "half",    "below",   "above",   "negative",
    "by",        "if",        "when",       "where",     "is",      "are",     "mod",     "modulo",
    "base",      "least",     "most",       "than",      "then",    "but",     "maybe",   "else",
    "except",    "without",   "to",         "greater",   "rather",  "instead", "wrong",   "false",
    "choose",    "divided",   "multiplied", "th",        "st",      "nd",      "rd",      "perhaps",
    "either",    "neither",   "nor",        "versus",    "vs",      "pi",      "root",    "in",
    "into",      "out",       "with",       "incorrect", "almost",  "nearly",  "for",     "through",
    "until",     "possibly",  "probably",   "also",      "so",      "etc",     "doubled", "tripled",
    "halved",    "twice",     "thrice",     "doubles",   "triples", "was",     "has",     "does",
    "equals",    "means",     "becomes",    "remains",   "seems",   "fails",   "makes",   "gives",
    "always",    "sometimes", "besides",    "this",      "his",     "hers",    "its",     "yes",
    "as",        "thus",      "unless",     "exceeds",   "differs", "says",    "lacks",   "never",
    "nothing",   "something", "nope",       "unknown",   "invalid", "again",   "other",   "others",
    "otherwise", "percent",   "percents",   "percentage"};

// Singulars and irregular plurals. Others count by their s.
const Words kNouns = {
    "people",   "person",   "men",      "man",           "women",      "woman",      "children",
    "child",    "boy",      "girl",     "student",       "teacher",    "friend",     "player",
    "team",     "family",   "feet",     "teeth",         "mice",       "geese",      "sheep",
    "fish",     "deer",     "cattle",   "dice",          "die",        "oxen",       "vertices",
    "radii",    "matrices", "indices",  "data",          "way",        "value",      "number",
    "integer",  "solution", "digit",    "zeros",         "zeroes",     "line",       "side",
    "edge",     "face",     "angle",    "triangle",      "square",     "circle",     "rectangle",
    "polygon",  "term",     "factor",   "divisor",       "prime",      "pair",       "triple",
    "subset",   "element",  "function", "sequence",      "outcome",    "case",       "step",
    "move",     "turn",     "round",    "game",          "match",      "goal",       "vote",
    "time",     "trip",     "lap",      "page",          "book",       "word",       "letter",
    "question", "problem",  "test",     "class",         "room",       "house",      "door",
    "table",    "chair",    "seat",     "box",           "bag",        "bottle",     "glass",
    "can",      "jar",      "plate",    "piece",         "slice",      "pizza",      "cake",
    "pie",      "cookie",   "candy",    "egg",           "apple",      "orange",     "banana",
    "bus",      "car",      "truck",    "train",         "bike",       "dog",        "cat",
    "bird",     "cow",      "horse",    "animal",        "plant",      "tree",       "flower",
    "ball",     "marble",   "card",     "coin",          "penny",      "nickel",     "dime",
    "stamp",    "ticket",   "bill",     "item",          "object",     "set",        "group",
    "row",      "column",   "section",  "part",          "portion",    "serving",    "batch",
    "bar",      "stick",    "block",    "tile",          "brick",      "board",      "sheet",
    "roll",     "pack",     "packet",   "package",       "carton",     "shirt",      "shoe",
    "dress",    "hat",      "sock",     "toy",           "doll",       "bead",       "button",
    "pen",      "pencil",   "crayon",   "paper",         "water",      "milk",       "juice",
    "rice",     "sugar",    "flour",    "money",         "score",      "grade",      "level",
    "place",    "position", "night",    "weekend",       "birthday",   "revolution", "rotation",
    "cycle",    "beat",     "note",     "message",       "call",       "email",      "worker",
    "employee", "customer", "member",   "guest",         "visitor",    "passenger",  "driver",
    "pcs",      "pts",      "kph",      "rpm",           "bps",        "calorie",    "kcal",
    "watt",     "goldfish", "shrimp",   "grandchildren", "grandchild", "ads",        "ad",
    "tbs",      "tbsp",     "tsp",      "profit",        "loss",       "discount",   "change",
    "tip",      "tax",      "interest", "price",         "cost",       "salary",     "pay",
    "payment",  "rent",     "income",   "revenue",       "savings",    "allowance",  "deposit",
    "donation", "raise",    "silver",   "gold",          "food",       "fruit",      "bread",
    "meat",     "cheese",   "butter",   "chocolate",     "gum",        "coffee",     "tea",
    "soda",     "sand",     "soil",     "gas",           "fuel",       "oil",        "wood",
    "wool",     "cotton",   "yarn",     "fabric",        "rope",       "ribbon",     "wire",
    "tape",     "land",     "space",    "weight",        "height",     "length",     "width",
    "depth",    "distance", "speed",    "area",          "volume",     "perimeter",  "radius",
    "diameter", "homework", "work",     "luggage",       "furniture",  "jewelry",    "clothing",
    "equipment"};

const Words kFollowing = {"old",     "each",      "total",     "altogether", "left",      "long",
                          "tall",    "high",      "wide",      "deep",       "away",      "apart",
                          "ago",     "remaining", "overall",   "combined",   "thick",     "later",
                          "early",   "late",      "only",      "exactly",    "daily",     "weekly",
                          "monthly", "yearly",    "annually",  "hourly",     "clockwise", "counterclockwise",
                          "now",     "today",     "tomorrow",  "yesterday",  "together",  "needed",
                          "sold",    "bought",    "used",      "remain",     "remained",  "made",
                          "saved",   "eaten",     "added",     "removed",    "earned",    "spent",
                          "paid",    "given",     "correctly", "required",   "them",      "these",
                          "apiece"};

// The singulars that a plural may be of.
bool is_plural_of_number(std::string_view word) {
  std::string stem(word.substr(0, word.size() - 1));
  if (is_number_word(stem) || find_scale_word(stem)) return true;
  if (!stem.ends_with('e')) return false;
  stem.pop_back();  // sixes
  if (is_number_word(stem)) return true;
  if (!stem.ends_with('i')) return false;
  stem.back() = 'y';  // fifties
  return is_number_word(stem);
}

}  // namespace

bool changes_the_number(std::string_view word) {
  return kChanging.contains(word) || is_number_word(word) ||
         (word.size() > 1 && word.ends_with('s') && is_plural_of_number(word) && word != "zeros" &&
          word != "zeroes");
}

bool is_counted_noun(std::string_view word) {
  if (changes_the_number(word)) return false;
  if (kNouns.contains(word)) return true;
  const bool plural = word.size() > 3 && word.ends_with('s') && !word.ends_with("ss") &&
                      !word.ends_with("us") && !word.ends_with("is");
  return plural && word.find_first_of("aeiouy") != word.npos;
}

bool follows_a_noun(std::string_view word) { return kFollowing.contains(word); }

}  // namespace deepscaler
