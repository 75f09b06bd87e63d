#include "serve/api/response_format.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "serve/constraint/json_constraint.h"

namespace deepscaler {
namespace {

ThoughtsBefore thoughts_before(Thoughts thoughts) {
  switch (thoughts) {
    case Thoughts::kInContent:
      return ThoughtsBefore::kNone;
    case Thoughts::kApart:
      return ThoughtsBefore::kMayCome;
    case Thoughts::kApartOpened:
      break;
  }
  return ThoughtsBefore::kOpened;
}

std::shared_ptr<const TokenConstraint> constraint_of(const ServedModel& served, const RequestFields& fields,
                                                     const char* key, const AnswerReading& reading,
                                                     JsonSchema schema) {
  if (reading.tool_calls)
    fields.fail(key, "goes with no tools, of which the calls have a form of their own; leave one out");
  served.tokens.require_all_bytes();
  return std::make_shared<JsonConstraint>(served.tokens, std::move(schema),
                                          thoughts_before(reading.thoughts));
}

}  // namespace

std::shared_ptr<const TokenConstraint> read_response_format(const ServedModel& served, const Json& request,
                                                            const AnswerReading& reading) {
  constexpr const char* kKey = "response_format";
  const RequestFields fields(request);
  const Json* given = fields.object(kKey);
  if (given == nullptr) return nullptr;
  const RequestFields format(*given, kKey);
  const std::string type = format.text("type").value_or("");
  if (type == "text") return nullptr;
  if (type == "json_object") return constraint_of(served, fields, kKey, reading, JsonSchema::any_object());
  if (type != "json_schema") format.fail("type", "is not text, json_object or json_schema");
  const Json* named = format.object("json_schema");
  if (named == nullptr || !named->contains("schema"))
    format.fail("json_schema", "is missing, or has no schema");
  return constraint_of(served, fields, kKey, reading,
                       JsonSchema::compile((*named)["schema"], "response_format.json_schema.schema"));
}

std::shared_ptr<const TokenConstraint> read_ollama_format(const ServedModel& served, const Json& request,
                                                          const AnswerReading& reading) {
  constexpr const char* kKey = "format";
  const RequestFields fields(request);
  const Json* given = fields.find(kKey);
  if (given == nullptr || *given == "") return nullptr;
  if (*given == "json") return constraint_of(served, fields, kKey, reading, JsonSchema::any_object());
  if (!given->is_object()) fields.fail(kKey, "is neither \"json\" nor a schema");
  return constraint_of(served, fields, kKey, reading, JsonSchema::compile(*given, kKey));
}

}  // namespace deepscaler
