#include "serve/http/access.h"

#include <openssl/crypto.h>

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "base/trim.h"
#include "serve/http/json_body.h"

namespace deepscaler {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// "localhost:8080" -> "localhost", "[::1]:8080" -> "[::1]".
std::string without_port(std::string_view host) {
  const size_t end = host.starts_with('[') ? host.find(']') + 1 : host.find(':');
  return lower_case(host.substr(0, end));
}

// 127.0.0.0/8 in decimal.
bool is_loopback_address(std::string_view host) {
  if (!host.starts_with("127.")) return false;
  return host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string_view type_of(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    case 503:
      return "unavailable_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

}  // namespace

Access::Access(const AccessRules& rules) : rules_(rules) {
  for (const std::string& key : rules_.keys) key_hashes_.push_back(sha256_hex(key));
  rules_.keys.clear();
}

std::optional<HttpResponse> Access::refuse(const HttpRequest& request) const {
  const std::string* host = request.header("host");
  if (rules_.is_loopback && host != nullptr && !is_named_right(*host)) {
    return error_response(403, "the Host header is no name of this machine's loopback; ask localhost");
  }
  if (!is_right_origin(request)) {
    return error_response(403, "web pages of this origin may not ask; name it with --cors-origin");
  }
  if (request.method == "OPTIONS") return std::nullopt;  // holds no key: the browser asks whether it may ask
  const bool is_public = request.method == "GET" && std::ranges::count(rules_.public_paths, request.path) > 0;
  if (!is_public && !key_hashes_.empty() && key_number(request) == 0) {
    HttpResponse refused = error_response(401, "no right API key; send Authorization: Bearer KEY");
    refused.headers.emplace_back("WWW-Authenticate", "Bearer");
    return refused;
  }
  if (request.method == "POST") {
    const std::string* type = request.header("content-type");
    const std::string media = type == nullptr ? "" : lower_case(type->substr(0, type->find(';')));
    if (trim(media) != "application/json") {
      return error_response(415, "the body is not said to be JSON; send Content-Type: application/json");
    }
  }
  return std::nullopt;
}

int64_t Access::tenant(const HttpRequest& request) const { return key_number(request); }

HttpHeaders Access::cors_headers(const HttpRequest& request) const {
  const std::string* origin = request.header("origin");
  // The rule's text, not the request's.
  const auto rule = origin == nullptr ? rules_.origins.end() : std::ranges::find(rules_.origins, *origin);
  if (rule == rules_.origins.end()) return {};
  HttpHeaders headers = {{"Access-Control-Allow-Origin", *rule}, {"Vary", "Origin"}};
  if (request.method != "OPTIONS") return headers;
  headers.emplace_back("Access-Control-Allow-Methods", "GET, POST");
  headers.emplace_back(
      "Access-Control-Allow-Headers",
      "Authorization, Content-Type, X-Stainless-Lang, X-Stainless-OS, X-Stainless-Arch, "
      "X-Stainless-Runtime, X-Stainless-Runtime-Version, X-Stainless-Package-Version, "
      "X-Stainless-Async, X-Stainless-Retry-Count, X-Stainless-Timeout, X-Stainless-Read-Timeout");
  headers.emplace_back("Access-Control-Max-Age", "600");
  return headers;
}

bool Access::is_named_right(std::string_view host) const {
  const std::string name = without_port(host);
  return name == "localhost" || name.ends_with(".localhost") || name == "[::1]" || is_loopback_address(name);
}

bool Access::is_right_origin(const HttpRequest& request) const {
  const std::string* origin = request.header("origin");
  if (origin == nullptr) return true;
  const std::string* host = request.header("host");
  if (host != nullptr && (*origin == "http://" + *host || *origin == "https://" + *host)) return true;
  return std::ranges::count(rules_.origins, *origin) > 0;
}

int64_t Access::key_number(const HttpRequest& request) const {
  constexpr std::string_view kScheme = "bearer ";
  const std::string* authorization = request.header("authorization");
  if (authorization == nullptr || lower_case(authorization->substr(0, kScheme.size())) != kScheme) return 0;
  const std::string hash = sha256_hex(trim(std::string_view(*authorization).substr(kScheme.size())));
  int64_t number = 0;
  for (size_t i = 0; i < key_hashes_.size(); ++i) {
    if (CRYPTO_memcmp(hash.data(), key_hashes_[i].data(), hash.size()) == 0)
      number = static_cast<int64_t>(i + 1);
  }
  return number;
}

HttpResponse error_response(int status, std::string_view message, std::string_view type,
                            std::string_view param) {
  nlohmann::ordered_json error = {{"message", message},
                                  {"type", type.empty() ? type_of(status) : type},
                                  {"param", nullptr},
                                  {"code", nullptr}};
  if (!param.empty()) error["param"] = param;
  return {.status = status, .body = text_of({{"error", std::move(error)}})};
}

}  // namespace deepscaler
