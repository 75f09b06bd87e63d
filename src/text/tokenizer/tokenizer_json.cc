// Reads tokenizer.json (the format of Hugging Face's `tokenizers`). Every node's type is looked at:
// what is not known is refused by name, because ignoring it would silently give other ids.
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/excerpt.h"
#include "formats/json_text.h"
#include "text/tokenizer/tokenizer_definition.h"
#include "text/tokenizer/vocabulary_builder.h"

namespace deepscaler {
namespace {

using nlohmann::json;

constexpr const char* kDamaged = "the file is damaged; get it again";
constexpr const char* kUnknown = "use a byte-level BPE tokenizer of a model family this program knows";

// A node of the tree with what errors need.
struct Node {
  const json& value;
  std::string where;
  const char* separator = ".";  // between `where` and a key

  [[nodiscard]] Node at(const char* key) const {
    const std::string place = where + separator + key;
    const auto found = value.find(key);
    if (found == value.end()) throw Error(place, "is missing", kDamaged);
    return {*found, place};
  }
  // Null where the key is absent or null.
  [[nodiscard]] const json* find(const char* key) const {
    const auto found = value.find(key);
    return found == value.end() || found->is_null() ? nullptr : &*found;
  }
  [[nodiscard]] const std::string& text() const {
    if (!value.is_string()) throw Error(where, "is not a string", kDamaged);
    return value.get_ref<const std::string&>();
  }
  [[nodiscard]] bool flag(const char* key, bool otherwise) const {
    const json* found = find(key);
    if (!found) return otherwise;
    if (!found->is_boolean()) throw Error(where + "." + key, "is neither true nor false", kDamaged);
    return found->get<bool>();
  }
  [[nodiscard]] int64_t integer() const {
    constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
    if (!value.is_number_unsigned() || value.get<uint64_t>() > kMax)
      throw Error(where, "is not an id", kDamaged);
    return value.get<int64_t>();
  }
  // The elements of a list.
  [[nodiscard]] std::vector<Node> elements(const char* key) const {
    const Node list = at(key);
    if (!list.value.is_array()) throw Error(list.where, "is not a list", kDamaged);
    std::vector<Node> nodes;
    for (size_t i = 0; i < list.value.size(); ++i) {
      nodes.push_back({list.value[i], fmt::format("{}[{}]", list.where, i)});
    }
    return nodes;
  }
  [[nodiscard]] std::string type() const {
    if (!value.is_object()) throw Error(where, "is not an object", kDamaged);
    return at("type").text();
  }
  [[noreturn]] void unknown(const std::string& what) const {
    throw Error(where, what + " is not supported", kUnknown);
  }
  void refuse_unless(const char* key, std::initializer_list<json> accepted) const {
    const auto found = value.find(key);
    if (found == value.end()) return;
    for (const json& good : accepted) {
      if (*found == good) return;
    }
    unknown(fmt::format("{} = {}", key, excerpt(found->dump())));
  }
};

class Reader {
 public:
  Reader(const json& root, const std::string& where) : root_{root, where, ": "} { definition_.where = where; }

  TokenizerDefinition read() {
    read_vocabulary();
    if (const json* node = root_.find("normalizer")) read_normalizer({*node, place("normalizer")});
    if (const json* node = root_.find("pre_tokenizer")) read_pre_tokenizer({*node, place("pre_tokenizer")});
    if (!byte_level_) root_.unknown("a pre-tokenizer without a ByteLevel node");
    if (const json* node = root_.find("post_processor"))
      read_post_processor({*node, place("post_processor")});
    if (const json* node = root_.find("decoder")) read_decoder({*node, place("decoder")});
    return std::move(definition_);
  }

 private:
  [[nodiscard]] std::string place(const char* key) const { return root_.where + ": " + key; }

  void read_vocabulary() {
    const Node model = root_.at("model");
    // Old files name no type; BPE is then told by its merges.
    if (const json* type = model.find("type"); type && *type != "BPE")
      model.unknown("type " + excerpt(type->dump()));
    model.refuse_unless("dropout", {nullptr, 0.0});
    model.refuse_unless("continuing_subword_prefix", {nullptr, ""});
    model.refuse_unless("end_of_word_suffix", {nullptr, ""});
    model.refuse_unless("byte_fallback", {nullptr, false});
    const Node entries = model.at("vocab");
    if (!entries.value.is_object()) throw Error(entries.where, "is not an object", kDamaged);
    const std::vector<Node> added =
        root_.find("added_tokens") ? root_.elements("added_tokens") : std::vector<Node>();

    // Ids may leave holes, as many as there are tokens.
    VocabularyBuilder vocabulary(definition_, 2 * (entries.value.size() + added.size()) + 1024);
    for (const auto& [token, id] : entries.value.items()) {
      if (!id.is_number_integer())
        throw Error(entries.where, "token " + excerpt(token) + " has no id", kDamaged);
      vocabulary.add_token(token, id.get<int64_t>());
    }
    for (const Node& merge : model.elements("merges")) read_merge(merge, vocabulary);
    for (const Node& token : added) read_added_token(token, vocabulary);
    definition_.ignore_merges = model.flag("ignore_merges", false);
    if (const json* unknown = model.find("unk_token")) {
      model.refuse_unless("fuse_unk", {nullptr, false});
      definition_.unknown =
          vocabulary.require(Node{*unknown, model.where + ".unk_token"}.text(), "unk_token");
    }
  }

  static void read_merge(const Node& merge, VocabularyBuilder& vocabulary) {
    if (merge.value.is_string()) {
      const auto& pair = merge.value.get_ref<const std::string&>();
      if (!pair.starts_with(kMergesHeader)) vocabulary.add_merge(pair);
      return;
    }
    if (!merge.value.is_array() || merge.value.size() != 2 || !merge.value[0].is_string() ||
        !merge.value[1].is_string()) {
      throw Error(merge.where, "is not two tokens", kDamaged);
    }
    vocabulary.add_merge(merge.value[0].get_ref<const std::string&>(),
                         merge.value[1].get_ref<const std::string&>());
  }

  void read_added_token(const Node& node, VocabularyBuilder& vocabulary) {
    if (!node.value.is_object()) throw Error(node.where, "is not an object", kDamaged);
    AddedToken token{.content = node.at("content").text(),
                     .special = node.flag("special", false),
                     .single_word = node.flag("single_word", false),
                     .lstrip = node.flag("lstrip", false),
                     .rstrip = node.flag("rstrip", false)};
    token.normalized = node.flag("normalized", !token.special);
    vocabulary.add_token(token.content, node.at("id").integer());
    token.id = vocabulary.require(token.content, "added_tokens");
    definition_.added_tokens.push_back(std::move(token));
  }

  void read_normalizer(const Node& node) {
    const std::string type = node.type();
    if (type == "Sequence") {
      for (const Node& inner : node.elements("normalizers")) read_normalizer(inner);
    } else if (type == "NFC") {
      definition_.normalize_nfc = true;
    } else {
      node.unknown("normalizer " + excerpt(type));
    }
  }

  void read_pre_tokenizer(const Node& node) {
    const std::string type = node.type();
    if (byte_level_) node.unknown("a pre-tokenizer after ByteLevel");
    if (type == "Sequence") {
      for (const Node& inner : node.elements("pretokenizers")) read_pre_tokenizer(inner);
    } else if (type == "Split") {
      read_split(node);
    } else if (type == "Digits") {
      definition_.pre_tokenizer.emplace_back(DigitsRule{.individual = node.flag("individual_digits", false)});
    } else if (type == "ByteLevel") {
      if (node.flag("add_prefix_space", true)) node.unknown("add_prefix_space = true");
      if (node.flag("use_regex", true)) {
        definition_.pre_tokenizer.emplace_back(SplitRule{.pattern = std::string(gpt2_pattern())});
      }
      byte_level_ = true;
    } else {
      node.unknown("pre-tokenizer " + excerpt(type));
    }
  }

  void read_split(const Node& node) {
    const Node pattern = node.at("pattern");
    const json* regex = pattern.value.is_object() ? pattern.find("Regex") : nullptr;
    SplitRule rule;
    rule.is_regex = regex != nullptr;
    rule.pattern = pattern.value.is_object() ? pattern.at(regex ? "Regex" : "String").text() : pattern.text();
    const std::string behavior = node.at("behavior").text();
    const bool invert = node.flag("invert", false);
    if (behavior == "Removed") {
      // Inverted, what matches is kept and the delimiters, which lie between, are removed.
      (invert ? rule.keep_between : rule.keep_matches) = false;
    } else if (behavior != "Isolated") {
      node.unknown("behavior " + excerpt(behavior));
    }
    definition_.pre_tokenizer.emplace_back(std::move(rule));
  }

  void read_post_processor(const Node& node) {
    const std::string type = node.type();
    if (type == "Sequence") {
      for (const Node& inner : node.elements("processors")) read_post_processor(inner);
    } else if (type == "TemplateProcessing") {
      read_template(node);
    } else if (type != "ByteLevel") {  // ByteLevel moves offsets only
      node.unknown("post-processor " + excerpt(type));
    }
  }

  // "single": a list of {"SpecialToken": {"id": name}} and one {"Sequence": {"id": "A"}}.
  void read_template(const Node& node) {
    std::vector<TokenId>* side = &definition_.prefix;
    for (const Node& item : node.elements("single")) {
      if (item.find("Sequence")) {
        side = &definition_.suffix;
        continue;
      }
      const std::string name = item.at("SpecialToken").at("id").text();
      const Node tokens = node.at("special_tokens").at(name.c_str());
      for (const Node& id : tokens.elements("ids")) {
        const int64_t value = id.integer();
        if (static_cast<uint64_t>(value) >= definition_.tokens.size())
          throw Error(id.where, "is no token", kDamaged);
        side->push_back(static_cast<TokenId>(value));
      }
    }
  }

  static void read_decoder(const Node& node) {
    const std::string type = node.type();
    if (type == "Sequence") {
      for (const Node& inner : node.elements("decoders")) read_decoder(inner);
    } else if (type != "ByteLevel" && type != "Fuse") {  // Fuse joins what is one text here
      node.unknown("decoder " + excerpt(type));
    }
  }

  Node root_;
  TokenizerDefinition definition_;
  bool byte_level_ = false;
};

}  // namespace

TokenizerDefinition parse_tokenizer_json(std::string_view text, const std::string& where) {
  const json root = parse_model_object(text, where);
  return Reader(root, where).read();
}

}  // namespace deepscaler
