// A response whose answer is a JSON value of a schema: free while it thinks, held to the schema after
// "</think>", and over when the value is whole.
#pragma once

#include "infer/token_constraint.h"
#include "serve/constraint/json_schema.h"
#include "serve/constraint/token_table.h"

namespace deepscaler {

// Before the value.
enum class ThoughtsBefore {
  kNone,
  kMayCome,  // where the model has a token <think> and begins with it
  kOpened,   // by the prompt
};

// The table must outlive it.
class JsonConstraint : public TokenConstraint {
 public:
  JsonConstraint(const TokenTable& table, JsonSchema schema, ThoughtsBefore thoughts);

  [[nodiscard]] std::unique_ptr<ConstrainedResponse> begin() const override;

 private:
  class Response;

  const TokenTable& table_;
  JsonSchema schema_;
  ThoughtsBefore thoughts_;
};

}  // namespace deepscaler
