// The tokenizer of an HF model folder: tokenizer.json holds the ids, the files beside it name bos, eos and
// pad and may add tokens; the chat template is in tokenizer_config.json or, before that, in
// chat_template.jinja.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "formats/excerpt.h"
#include "formats/json_text.h"
#include "text/tokenizer/folder_tokens.h"
#include "text/tokenizer/tokenizer_definition.h"

namespace deepscaler {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// A string, or a list of {"name", "template"} of which "default" counts.
std::optional<std::string> template_in(const json& config, const std::string& where) {
  const auto found = config.find("chat_template");
  if (found == config.end() || found->is_null()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  if (found->is_array()) {
    for (const json& entry : *found) {
      if (entry.is_object() && entry.value("name", json()) == "default" &&
          entry.value("template", json()).is_string()) {
        return entry["template"].get<std::string>();
      }
    }
  }
  throw Error(where, "'chat_template' is neither a string nor a list with a template named 'default'",
              "remove it or write it as a string");
}

// transformers takes it where there are tools.
bool has_template_for_tools(const json& config, const fs::path& folder) {
  const json templates = config.value("chat_template", json());
  const bool listed = templates.is_array() && std::ranges::any_of(templates, [](const json& entry) {
                        return entry.is_object() && entry.value("name", json()) == "tool_use";
                      });
  return listed || fs::exists(folder / "additional_chat_templates" / "tool_use.jinja");
}

// Older models have their tokens in other files alone.
void require_tokenizer_json(const fs::path& folder) {
  std::error_code ignored;
  const auto is_missing = [&](const char* name) {
    return fs::status(folder / name, ignored).type() == fs::file_type::not_found;
  };
  if (!is_missing("tokenizer.json")) return;
  for (const char* other : {"tokenizer.model", "vocab.json"}) {
    if (is_missing(other)) continue;
    throw Error(folder.string(), fmt::format("has its tokenizer in {}, and no tokenizer.json", other),
                "save it with transformers: AutoTokenizer.from_pretrained(M).save_pretrained(M)");
  }
  throw Error(folder.string(), "has no tokenizer.json",
              "name a folder that holds a whole Hugging Face model");
}

json token_name(const TokenizerDefinition& definition, std::optional<TokenId> id) {
  return id ? json(definition.tokens[static_cast<size_t>(*id)]) : json();
}

json rule_node(const PreTokenizerRule& rule) {
  if (const auto* digits = std::get_if<DigitsRule>(&rule)) {
    return {{"type", "Digits"}, {"individual_digits", digits->individual}};
  }
  const auto& split = std::get<SplitRule>(rule);
  return {{"type", "Split"},
          {"pattern", {{split.is_regex ? "Regex" : "String", split.pattern}}},
          {"behavior", split.keep_matches && split.keep_between ? "Isolated" : "Removed"},
          {"invert", !split.keep_between}};
}

json byte_level(bool use_regex) {
  return {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", use_regex}};
}

json pre_tokenizer_node(const TokenizerDefinition& definition) {
  const auto& rules = definition.pre_tokenizer;
  // GPT-2's pattern is what ByteLevel itself splits by; published files leave it there.
  const auto* last = rules.empty() ? nullptr : std::get_if<SplitRule>(&rules.back());
  const bool gpt2 = last && *last == SplitRule{.pattern = std::string(gpt2_pattern())};
  json steps = json::array();
  for (const PreTokenizerRule& rule : std::span(rules).first(rules.size() - gpt2)) {
    steps.push_back(rule_node(rule));
  }
  steps.push_back(byte_level(gpt2));
  return {{"type", "Sequence"}, {"pretokenizers", steps}};
}

json post_processor_node(const TokenizerDefinition& definition) {
  if (definition.prefix.empty() && definition.suffix.empty()) return byte_level(false);
  json special = json::object();
  const auto add = [&](json& items, TokenId id, int type_id) {
    const std::string& name = definition.tokens[static_cast<size_t>(id)];
    special[name] = {{"id", name}, {"ids", {id}}, {"tokens", {name}}};
    items.push_back({{"SpecialToken", {{"id", name}, {"type_id", type_id}}}});
  };
  const auto items = [&](std::initializer_list<const char*> sequences) {
    json list = json::array();
    int type_id = 0;
    for (const char* sequence : sequences) {
      for (const TokenId id : definition.prefix) add(list, id, type_id);
      list.push_back({{"Sequence", {{"id", sequence}, {"type_id", type_id}}}});
      for (const TokenId id : definition.suffix) add(list, id, type_id);
      ++type_id;
    }
    return list;
  };
  json single = items({"A"});
  json pair = items({"A", "B"});
  return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", special}};
}

json model_node(const TokenizerDefinition& definition) {
  json vocabulary = json::object();
  for (size_t id = 0; id < definition.tokens.size(); ++id) {
    if (!definition.tokens[id].empty()) vocabulary[definition.tokens[id]] = id;
  }
  json merges = json::array();
  for (const Merge& merge : definition.merges) {
    merges.push_back({definition.tokens[static_cast<size_t>(merge.left)],
                      definition.tokens[static_cast<size_t>(merge.right)]});
  }
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", token_name(definition, definition.unknown)},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", definition.ignore_merges},
          {"vocab", std::move(vocabulary)},
          {"merges", std::move(merges)}};
}

json added_tokens_node(const TokenizerDefinition& definition) {
  json list = json::array();
  for (const AddedToken& token : definition.added_tokens) {
    list.push_back({{"id", token.id},
                    {"content", token.content},
                    {"single_word", token.single_word},
                    {"lstrip", token.lstrip},
                    {"rstrip", token.rstrip},
                    {"normalized", token.normalized},
                    {"special", token.special}});
  }
  return list;
}

json config_node(const TokenizerDefinition& definition) {
  json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"clean_up_tokenization_spaces", false},
                 {"bos_token", token_name(definition, definition.bos)},
                 {"eos_token", token_name(definition, definition.eos)},
                 {"pad_token", token_name(definition, definition.pad)},
                 {"unk_token", token_name(definition, definition.unknown)}};
  if (definition.chat_template) config["chat_template"] = *definition.chat_template;
  return config;
}

}  // namespace

TokenizerDefinition read_hf_tokenizer(const fs::path& folder) {
  const fs::path path = folder / "tokenizer.json";
  require_tokenizer_json(folder);
  TokenizerDefinition definition = parse_tokenizer_json(read_file(path), path.string());
  json config = json::object();
  if (const fs::path config_path = folder / "tokenizer_config.json"; fs::exists(config_path)) {
    config = read_model_object(config_path);
    definition.chat_template = template_in(config, config_path.string());
  }
  definition.has_template_for_tools = has_template_for_tools(config, folder);
  add_folder_tokens(folder, config, definition);
  if (const fs::path jinja = folder / "chat_template.jinja"; fs::exists(jinja)) {
    definition.chat_template = read_file(jinja);
  }
  return definition;
}

void write_hf_tokenizer(const TokenizerDefinition& definition, const fs::path& folder) {
  const json tokenizer = {{"version", "1.0"},
                          {"truncation", nullptr},
                          {"padding", nullptr},
                          {"added_tokens", added_tokens_node(definition)},
                          {"normalizer", definition.normalize_nfc ? json{{"type", "NFC"}} : json()},
                          {"pre_tokenizer", pre_tokenizer_node(definition)},
                          {"post_processor", post_processor_node(definition)},
                          {"decoder", byte_level(true)},
                          {"model", model_node(definition)}};
  constexpr int kIndent = 1;
  write_file_atomically(folder / "tokenizer.json", tokenizer.dump(kIndent));
  write_file_atomically(folder / "tokenizer_config.json", config_node(definition).dump(kIndent));
}

}  // namespace deepscaler
