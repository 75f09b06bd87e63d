#include "data/overlap.h"

#include <cctype>
#include <nlohmann/json.hpp>

#include "data/records.h"

namespace deepscaler {
namespace {

using Json = nlohmann::json;

std::string normalized(std::string_view text) {
  std::string words;
  bool between = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isspace(byte) != 0) {
      between = !words.empty();
      continue;
    }
    if (between) words += ' ';
    between = false;
    words += static_cast<char>(std::tolower(byte));
  }
  return words;
}

// What users say in a conversation, in the keys of messages and of ShareGPT's.
void add_messages(const Json& messages, QuestionSet& questions) {
  for (const Json& message : messages) {
    if (!message.is_object()) continue;
    for (const auto& [role, text] : {std::pair("role", "content"), std::pair("from", "value")}) {
      const Json speaker = message.value(role, Json()), said = message.value(text, Json());
      if ((speaker == "user" || speaker == "human") && said.is_string()) {
        questions.add(said.get_ref<const std::string&>());
      }
    }
  }
}

}  // namespace

bool QuestionSet::add(std::string_view question) { return questions_.insert(normalized(question)).second; }

bool QuestionSet::contains(std::string_view question) const {
  return questions_.contains(normalized(question));
}

void QuestionSet::add_file(const std::filesystem::path& path) {
  for_each_record(path, [&](const Json& record, const std::string&) {
    if (!record.is_object()) return;
    for (const char* key : {"problem", "question", "prompt", "messages", "conversations", "instruction"}) {
      const auto value = record.find(key);
      if (value == record.end()) continue;
      if (value->is_string()) add(value->get_ref<const std::string&>());
      if (value->is_array()) add_messages(*value, *this);
    }
  });
}

int64_t count_copies(std::span<const Problem> problems) {
  QuestionSet seen;
  int64_t copies = 0;
  for (const Problem& problem : problems) copies += seen.add(problem.problem) ? 0 : 1;
  return copies;
}

}  // namespace deepscaler
