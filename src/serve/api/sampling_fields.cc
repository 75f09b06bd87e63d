#include "serve/api/sampling_fields.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <random>

#include "generate/prompts.h"

namespace deepscaler {
namespace {

std::vector<LogitBias> read_biases(const ServedModel& served, const RequestFields& fields) {
  std::vector<LogitBias> biases;
  const Json* given = fields.object("logit_bias");
  if (given == nullptr) return biases;
  if (given->size() > served.limits.logit_biases) {
    fields.fail("logit_bias",
                fmt::format("has {} entries, more than {}", given->size(), served.limits.logit_biases));
  }
  const int64_t vocabulary = served.model.config().vocabulary;
  for (const auto& [key, value] : given->items()) {
    int64_t token = -1;
    const auto read = std::from_chars(key.data(), key.data() + key.size(), token);
    if (read.ec != std::errc() || read.ptr != key.data() + key.size() || token < 0 || token >= vocabulary) {
      fields.fail("logit_bias",
                  fmt::format("has a key that is no token number from 0 to {}", vocabulary - 1));
    }
    if (!value.is_number() || value < -100 || value > 100) {
      fields.fail("logit_bias", "has a value that is no number from -100 to 100");
    }
    biases.push_back({static_cast<int32_t>(token), value.get<float>()});
  }
  return biases;
}

std::vector<std::string> read_stops(const ServedModel& served, const RequestFields& fields) {
  const Json* given = fields.find("stop");
  if (given == nullptr) return {};
  std::vector<std::string> stops;
  const auto add = [&](const Json& stop) {
    if (!stop.is_string()) fields.fail("stop", "is neither a text nor a list of texts");
    stops.push_back(stop.get<std::string>());
    if (stops.back().empty()) fields.fail("stop", "is an empty text; leave it out");
    if (stops.back().size() > served.limits.stop_bytes) {
      fields.fail("stop", fmt::format("has more than {} bytes", served.limits.stop_bytes));
    }
  };
  if (!given->is_array()) {
    add(*given);
    return stops;
  }
  if (given->size() > served.limits.stops) {
    fields.fail("stop", fmt::format("has {} entries, more than {}", given->size(), served.limits.stops));
  }
  for (const Json& stop : *given) add(stop);
  return stops;
}

float or_default(std::optional<double> given, float otherwise) {
  return given ? static_cast<float>(*given) : otherwise;
}

uint64_t drawn_seed() {
  std::random_device device;
  // Within what every reader of JSON takes for a whole number.
  return ((uint64_t{device()} << 32) | device()) >> 12;
}

}  // namespace

AskedSampling read_sampling(const ServedModel& served, const Json& request) {
  const RequestFields fields(request);
  AskedSampling asked;
  SamplingConfig& sampling = asked.options.sampling = served.defaults;
  sampling.temperature = or_default(fields.number("temperature", 0, 100), sampling.temperature);
  if (sampling.temperature > 0 && sampling.temperature < 1e-6f) sampling.temperature = 0;
  const auto top_p = fields.number("top_p", 0, 1);
  // The most likely token alone, which is what 0 asks for.
  if (top_p) sampling.top_p = std::max(static_cast<float>(*top_p), 1e-6f);
  // -1 says "all" to vLLM.
  if (const auto top_k = fields.integer("top_k", -1, INT64_MAX))
    sampling.top_k = std::max<int64_t>(*top_k, 0);
  sampling.min_p = or_default(fields.number("min_p", 0, 0.999), sampling.min_p);
  for (const char* key : {"repetition_penalty", "repeat_penalty"}) {
    sampling.repetition_penalty = or_default(fields.number(key, 1e-3, 1e3), sampling.repetition_penalty);
  }
  asked.options.presence_penalty = or_default(fields.number("presence_penalty", -2, 2), 0);
  asked.options.frequency_penalty = or_default(fields.number("frequency_penalty", -2, 2), 0);
  asked.options.logit_bias = read_biases(served, fields);
  asked.options.ignore_eos = fields.flag("ignore_eos");
  const auto seed = fields.integer("seed", INT64_MIN, INT64_MAX);
  asked.options.seed = seed ? static_cast<uint64_t>(*seed) : served.seed.value_or(drawn_seed());
  asked.samples = fields.integer("n", 1, served.limits.samples).value_or(1);
  asked.stop = std::make_shared<StopStrings>(served.tokenizer, read_stops(served, fields));
  for (const char* key : {"max_tokens", "max_completion_tokens"}) {
    if (const auto most = fields.integer(key, 0, INT64_MAX)) asked.most_new_tokens = *most;
  }
  return asked;
}

Question make_question(const ServedModel& served, const EncodedPrompt& prompt, const AskedSampling& asked,
                       int64_t cache_space) {
  const auto length = std::ssize(prompt.tokens);
  const int64_t room = served.most_positions - length;
  const int64_t wanted = std::max<int64_t>(asked.most_new_tokens.value_or(std::max<int64_t>(room, 1)), 1);
  if (wanted > room) {
    throw RequestError(
        400,
        fmt::format("the prompt has {} tokens and the response may have {}, but there is room for {} "
                    "together; shorten the prompt or lower max_tokens",
                    length, wanted, served.most_positions),
        "max_tokens");
  }
  Question question;
  question.options = asked.options;
  question.options.sampling.max_response_tokens = wanted;
  question.stop = asked.stop;
  question.request = {.prompt = prompt.tokens,
                      .samples = asked.samples,
                      .stream = stream_of({.tokens = prompt.tokens}),
                      .keep_responses = true,
                      .cache_space = cache_space};
  return question;
}

void require_within_budget(const ServedModel& served, const std::vector<Question>& questions) {
  int64_t samples = 0, tokens = 0;
  for (const Question& question : questions) {
    samples += question.request.samples;
    tokens += std::ssize(question.request.prompt) +
              question.request.samples * question.options.sampling.max_response_tokens;
  }
  if (samples > static_cast<int64_t>(served.limits.prompts)) {
    throw RequestError(
        400, fmt::format("asks for {} responses, more than {}", samples, served.limits.prompts), "n");
  }
  if (tokens > served.limits.tokens && std::ssize(questions) * questions[0].request.samples > 1) {
    throw RequestError(
        400,
        fmt::format("asks for up to {} tokens, more than {}; ask for fewer or shorter responses", tokens,
                    served.limits.tokens),
        "max_tokens");
  }
}

}  // namespace deepscaler
