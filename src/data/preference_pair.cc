#include "data/preference_pair.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/records.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormats =
    "a line is {\"prompt\": ..., \"chosen\": ..., \"rejected\": ...}, all texts or all lists of messages";

// A prompt and its two answers: texts, or lists of messages.
struct Parts {
  Json prompt, chosen, rejected;
};

// UTF-8 is cut between characters.
size_t common_bytes(const std::string& a, const std::string& b) {
  size_t count = 0;
  while (count < std::min(a.size(), b.size()) && a[count] == b[count]) ++count;
  const auto continues = [&](const std::string& text) {
    return count < text.size() && (static_cast<unsigned char>(text[count]) & 0xC0) == 0x80;
  };
  while (count > 0 && (continues(a) || continues(b))) --count;
  return count;
}

Parts split_texts(const std::string& chosen, const std::string& rejected) {
  size_t count = common_bytes(chosen, rejected);
  if (count > 0 && chosen[count - 1] == ' ') --count;
  return {chosen.substr(0, count), chosen.substr(count), rejected.substr(count)};
}

Parts split_messages(const Json& chosen, const Json& rejected) {
  Parts parts = {Json::array(), Json::array(), Json::array()};
  size_t count = 0;
  while (count < std::min(chosen.size(), rejected.size()) && chosen[count] == rejected[count]) ++count;
  for (size_t i = 0; i < chosen.size(); ++i) (i < count ? parts.prompt : parts.chosen).push_back(chosen[i]);
  for (size_t i = count; i < rejected.size(); ++i) parts.rejected.push_back(rejected[i]);
  return parts;
}

Parts parts_of(const Json& record, const std::string& where) {
  const auto require = [&](bool holds, const char* what) {
    if (!holds) throw Error(where, what, kFormats);
  };
  require(record.is_object(), "it is not a JSON object");
  require(record.contains("chosen") && record.contains("rejected"), "it has no \"chosen\" and \"rejected\"");
  const Json &chosen = record["chosen"], &rejected = record["rejected"];
  const bool texts = chosen.is_string() && rejected.is_string();
  require(texts || (chosen.is_array() && rejected.is_array()),
          "its \"chosen\" and \"rejected\" are neither both texts nor both lists of messages");
  if (chosen == rejected) {
    throw Error(where, "its \"chosen\" and \"rejected\" are equal",
                "leave such pairs out: they teach nothing");
  }
  const bool has_prompt = record.contains("prompt") && !record["prompt"].is_null();
  const bool is_repeated = !texts && has_prompt && record["prompt"].is_string();  // in the lists of messages
  if (has_prompt && !is_repeated) {
    const Json& prompt = record["prompt"];
    require(texts ? prompt.is_string() : prompt.is_array(),
            "its \"prompt\" is not of the kind of its \"chosen\": a text or a list of messages");
    return {prompt, chosen, rejected};
  }
  Parts parts = texts ? split_texts(chosen, rejected) : split_messages(chosen, rejected);
  const auto is_empty = [](const Json& part) { return part.empty() || part == ""; };
  require(!is_empty(parts.prompt), "its answers begin differently, so there is no prompt");
  require(!is_empty(parts.chosen) && !is_empty(parts.rejected),
          "one of its answers is the beginning of the other");
  return parts;
}

std::optional<double> number(const Json& record, const char* key, const std::string& where) {
  if (!record.contains(key) || record[key].is_null()) return std::nullopt;
  if (!record[key].is_number())
    throw Error(where, fmt::format("its \"{}\" is not a number", key), "correct it");
  return record[key].get<double>();
}

Demonstration demonstration(const Json& record, const Json& prompt, const Json& completion,
                            const std::string& where, const PromptEncoder& encoder) {
  Json demonstrated = {{"prompt", prompt}, {"completion", completion}};
  for (const char* key : {"tools", "documents", "chat_template_kwargs", "enable_thinking"}) {
    if (record.contains(key)) demonstrated[key] = record[key];
  }
  return read_demonstration(demonstrated, where, encoder, LossOn::kCompletions);
}

// Whether the answers are to a problem, whose prompt is the recipe's.
bool is_of_problem(const Json& record) {
  const auto is_text = [&](const char* key) { return record.contains(key) && record[key].is_string(); };
  return record.is_object() && !record.contains("prompt") && is_text("problem") && is_text("chosen") &&
         is_text("rejected") && record["chosen"] != record["rejected"];
}

Demonstration answer_to(const Json& record, const char* key, const std::string& where,
                        const PromptEncoder& encoder) {
  Problem problem;
  problem.problem = record["problem"];
  problem.solution = record[key];
  return demonstrate(problem, where, encoder, LossOn::kCompletions);
}

std::span<const TokenId> prompt_of(const Demonstration& d) {
  const auto first = std::ranges::find(d.in_loss, uint8_t{1}) - d.in_loss.begin();
  return std::span(d.tokens).first(static_cast<size_t>(first));
}

}  // namespace

PreferencePair read_preference_pair(const Json& record, const std::string& where,
                                    const PromptEncoder& encoder) {
  if (is_of_problem(record)) {
    return {.chosen = answer_to(record, "chosen", where, encoder),
            .rejected = answer_to(record, "rejected", where, encoder),
            .margin = number(record, "margin", where)};
  }
  const Parts parts = parts_of(record, where);
  PreferencePair pair = {.chosen = demonstration(record, parts.prompt, parts.chosen, where, encoder),
                         .rejected = demonstration(record, parts.prompt, parts.rejected, where, encoder),
                         .reference_chosen = number(record, "ref_chosen_logps", where),
                         .reference_rejected = number(record, "ref_rejected_logps", where),
                         .margin = number(record, "margin", where)};
  if (!std::ranges::equal(prompt_of(pair.chosen), prompt_of(pair.rejected))) {
    throw Error(where, "its answers do not follow the same tokens",
                "give the messages that both answers follow as \"prompt\"");
  }
  return pair;
}

std::vector<PreferencePair> read_preference_pairs(std::span<const std::filesystem::path> files,
                                                  const PromptEncoder& encoder) {
  std::vector<PreferencePair> pairs;
  for (const auto& file : files) {
    const size_t before = pairs.size();
    for_each_record(file, [&](const Json& record, const std::string& where) {
      pairs.push_back(read_preference_pair(record, where, encoder));
    });
    if (pairs.size() == before) throw Error(file.string(), "it holds no preference pairs", kFormats);
  }
  return pairs;
}

}  // namespace deepscaler
