// Who may ask. A server that only this machine reaches still meets web pages, which the user's browser lets
// send requests to it: their Origin is refused, and so is a Host that is another name for this machine (DNS
// rebinding, CVE-2024-28224). A server that others reach needs keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/http_message.h"

namespace deepscaler {

struct AccessRules {
  bool is_loopback = true;
  std::vector<std::string> keys;     // "Authorization: Bearer KEY" names one of them; none: everybody may ask
  std::vector<std::string> origins;  // web pages of other servers that may ask, as "http://localhost:3000"
  std::vector<std::string> public_paths;  // that need no key, with GET
};

// Immutable, thread-safe. Keys are held as their hashes, and compared in constant time.
class Access {
 public:
  explicit Access(const AccessRules& rules);

  // The answer to a request that may not be made: 401 without a right key, 403 for a Host or an Origin, 415
  // for a POST of anything but JSON. The headers decide; the body may be missing.
  [[nodiscard]] std::optional<HttpResponse> refuse(const HttpRequest& request) const;
  // A number for each key, from 1 on, whose bearers share nothing with others; 0 where no keys are needed.
  // Only for requests that are not refused.
  [[nodiscard]] int64_t tenant(const HttpRequest& request) const;
  // What the browser is told of an answer to a page of another server: nothing unless it is one of
  // rules.origins.
  [[nodiscard]] HttpHeaders cors_headers(const HttpRequest& request) const;

 private:
  [[nodiscard]] bool is_named_right(std::string_view host) const;
  [[nodiscard]] bool is_right_origin(const HttpRequest& request) const;
  [[nodiscard]] int64_t key_number(const HttpRequest& request) const;

  AccessRules rules_;
  std::vector<std::string> key_hashes_;
};

// {"error": {"message", "type", "param", "code"}}, as OpenAI's clients read it.
[[nodiscard]] HttpResponse error_response(int status, std::string_view message, std::string_view type = "",
                                          std::string_view param = "");

}  // namespace deepscaler
