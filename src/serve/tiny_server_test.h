// A server of a tiny model whose answers are noise, for tests from outside.
#pragma once

#include <gtest/gtest.h>
#include <httplib.h>

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <thread>

#include "serve/server.h"

namespace deepscaler {

// With room for 2048 tokens.
[[nodiscard]] Model random_model();

inline constexpr const char* kPlainTemplate =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}<|endoftext|>{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}";

// Of bytes.
[[nodiscard]] Tokenizer chat_tokenizer(const std::string& chat_template = kPlainTemplate);

// A request to /v1/chat/completions for 30 tokens with all that is told of them.
[[nodiscard]] Json chat_request(const std::string& content, int64_t seed = 7);

// Answers as long as it lives.
struct TinyServer {
  explicit TinyServer(const ServerOptions& options = {}, Model random = random_model(),
                      const std::string& chat_template = kPlainTemplate);
  ~TinyServer();

  [[nodiscard]] httplib::Client client() const;
  [[nodiscard]] httplib::Result post(const std::string& path, const std::string& body,
                                     const httplib::Headers& headers = {}) const;
  // The answer to what must not be refused.
  [[nodiscard]] Json ask(const std::string& path, const Json& request,
                         const httplib::Headers& headers = {}) const;
  [[nodiscard]] int64_t metric(const std::string& name) const;

  Model model;
  Tokenizer tokenizer;
  std::optional<ServedModel> served;
  std::optional<Generator> generator;
  std::optional<Server> server;
  std::thread thread;
};

}  // namespace deepscaler
