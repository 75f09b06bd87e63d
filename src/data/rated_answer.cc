#include "data/rated_answer.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/records.h"

namespace deepscaler {
namespace {

constexpr const char* kFormat = "a line is {\"prompt\": ..., \"completion\": ..., \"label\": true or false}";

bool label_of(const nlohmann::ordered_json& record, const std::string& where) {
  const auto found = record.find("label");
  if (found != record.end() && found->is_boolean()) return found->get<bool>();
  if (found != record.end() && (*found == 0 || *found == 1)) return *found == 1;
  throw Error(where, "its \"label\" is neither true nor false", kFormat);
}

}  // namespace

RatedAnswer read_rated_answer(const nlohmann::ordered_json& record, const std::string& where,
                              const PromptEncoder& encoder) {
  const auto require = [&](bool holds, const char* what) {
    if (!holds) throw Error(where, what, kFormat);
  };
  require(record.is_object(), "it is not a JSON object");
  require(record.contains("prompt") && record.contains("completion"),
          "it has no \"prompt\" and \"completion\"");
  return {.answer = read_demonstration(record, where, encoder, LossOn::kCompletions),
          .is_good = label_of(record, where)};
}

std::vector<RatedAnswer> read_rated_answers(std::span<const std::filesystem::path> files,
                                            const PromptEncoder& encoder) {
  std::vector<RatedAnswer> answers;
  for (const auto& file : files) {
    const size_t before = answers.size();
    for_each_record(file, [&](const nlohmann::ordered_json& record, const std::string& where) {
      answers.push_back(read_rated_answer(record, where, encoder));
    });
    if (answers.size() == before) throw Error(file.string(), "it holds no rated answers", kFormat);
  }
  return answers;
}

}  // namespace deepscaler
