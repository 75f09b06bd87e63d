// Reading what a request asks for: every field typed and in range, or refused by name. Nothing is clamped,
// and null is a field that is not there.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

using Json = nlohmann::ordered_json;

// A request that can't be answered: the client's fault, below 500.
class RequestError : public std::runtime_error {
 public:
  RequestError(int status, const std::string& message, std::string param = {})
      : std::runtime_error(message), status_(status), param_(std::move(param)) {}

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& param() const { return param_; }

 private:
  int status_;
  std::string param_;
};

// The fields of an object, which must outlive this. All functions throw RequestError (400) naming the field.
class RequestFields {
 public:
  explicit RequestFields(const Json& object, std::string where = {});

  // Null where there is no such field.
  [[nodiscard]] const Json* find(const char* key) const;
  [[nodiscard]] const Json& require(const char* key, const char* what) const;

  [[nodiscard]] std::optional<double> number(const char* key, double least, double most) const;
  [[nodiscard]] std::optional<int64_t> integer(const char* key, int64_t least, int64_t most) const;
  [[nodiscard]] bool flag(const char* key, bool otherwise = false) const;
  [[nodiscard]] std::optional<std::string> text(const char* key) const;
  // A list of at most `most`.
  [[nodiscard]] const Json* list(const char* key, size_t most) const;
  [[nodiscard]] const Json* object(const char* key) const;

  [[noreturn]] void fail(const char* key, const std::string& fault) const;

 private:
  const Json& object_;
  std::string where_;  // "messages[2].", before a key
};

// A list of token numbers of a vocabulary of that size, at most so many.
[[nodiscard]] std::vector<int32_t> token_list(const Json& list, const char* key, int64_t vocabulary,
                                              size_t most);

}  // namespace deepscaler
