#include "serve/api/request_fields.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace deepscaler {

RequestFields::RequestFields(const Json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object()) {
    throw RequestError(400, fmt::format("{} is no JSON object", where_.empty() ? "the body" : where_),
                       where_);
  }
  if (!where_.empty()) where_ += '.';
}

const Json* RequestFields::find(const char* key) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const Json& RequestFields::require(const char* key, const char* what) const {
  const Json* value = find(key);
  if (value == nullptr) fail(key, fmt::format("is missing; give {}", what));
  return *value;
}

std::optional<double> RequestFields::number(const char* key, double least, double most) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) fail(key, "is no number");
  const auto number = value->get<double>();
  if (!(number >= least && number <= most)) fail(key, fmt::format("is not from {} to {}", least, most));
  return number;
}

std::optional<int64_t> RequestFields::integer(const char* key, int64_t least, int64_t most) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer()) fail(key, "is no whole number");
  const bool is_huge =
      value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  if (is_huge || value->get<int64_t>() < least || value->get<int64_t>() > most) {
    fail(key, fmt::format("is not from {} to {}", least, most));
  }
  return value->get<int64_t>();
}

bool RequestFields::flag(const char* key, bool otherwise) const {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) fail(key, "is neither true nor false");
  return value->get<bool>();
}

std::optional<std::string> RequestFields::text(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) fail(key, "is no text");
  return value->get<std::string>();
}

const Json* RequestFields::list(const char* key, size_t most) const {
  const Json* value = find(key);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) fail(key, "is no list");
  if (value->size() > most) fail(key, fmt::format("has {} entries, more than {}", value->size(), most));
  return value;
}

const Json* RequestFields::object(const char* key) const {
  const Json* value = find(key);
  if (value != nullptr && !value->is_object()) fail(key, "is no object");
  return value;
}

void RequestFields::fail(const char* key, const std::string& fault) const {
  throw RequestError(400, fmt::format("{}{} {}", where_, key, fault), where_ + key);
}

std::vector<int32_t> token_list(const Json& list, const char* key, int64_t vocabulary, size_t most) {
  const auto fail = [&](const std::string& fault) {
    throw RequestError(400, fmt::format("{} {}", key, fault), key);
  };
  if (!list.is_array()) fail("is no list of token numbers");
  if (list.size() > most) fail(fmt::format("has {} tokens, more than {}", list.size(), most));
  std::vector<int32_t> tokens;
  for (const Json& token : list) {
    if (!token.is_number_integer() || token < 0 || token >= vocabulary) {
      fail(fmt::format("holds something that is no token number from 0 to {}", vocabulary - 1));
    }
    tokens.push_back(token.get<int32_t>());
  }
  return tokens;
}

}  // namespace deepscaler
