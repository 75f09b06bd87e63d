// What a request to an endpoint comes to: questions for the engine, and the form of the answer to them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "serve/answer/answer_writer.h"
#include "serve/api/served_model.h"

namespace deepscaler {

struct AnswerOrder {
  std::vector<Question> questions;
  std::vector<AnswerReading> readings;  // of the responses to each
  std::unique_ptr<const AnswerForm> form;
  Delivery delivery = Delivery::kWhole;
  std::optional<HttpResponse> ready;  // the answer, where there are no questions
};

// Throws RequestError, and Error for what the layers below refuse. `cache_space`: of who asks.
using TakeOrder = AnswerOrder (*)(const ServedModel& served, const Json& request, int64_t cache_space);

}  // namespace deepscaler
