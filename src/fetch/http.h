// HTTP(S) as downloads need it, on libcurl: redirects followed, credentials kept from other hosts,
// short waits for a connection, partial files continued, stop signals obeyed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"

namespace deepscaler {

// The server can't be reached, or is out of order for now: another try, or source, may work.
class Unreachable : public Error {
 public:
  using Error::Error;
};

struct HttpOptions {
  std::string token;  // sent as bearer to the first host only; empty for none
  int64_t connect_timeout_ms = 5000;
  int64_t stall_timeout_s = 30;  // a transfer without a byte for so long counts as cut
};

// What a server says to a request, whether it grants it or not.
struct HttpAnswer {
  long status = 0;
  std::string body;
  std::optional<double> retry_after_s;  // the header Retry-After, where it is a number
};

// One thread owns it. All functions but post_json() throw Unreachable; Error for an answer other than success
// (401 and 403: a token is needed; 404: no such thing); Interrupted when the user asks to stop.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options) : options_(std::move(options)) {}

  // The body of a page; one above `limit_bytes` is refused.
  [[nodiscard]] std::string get(const std::string& url, size_t limit_bytes = size_t{1} << 26);

  // Completes the file at `path`: asks by Range for the bytes that are missing, and begins anew where the
  // server has no ranges. Refuses more than `limit_bytes` in all. `on_progress` gets the file's size so far.
  void download(const std::string& url, const std::filesystem::path& path, int64_t limit_bytes,
                const std::function<void(int64_t size_bytes)>& on_progress);

  // Sends `json`. Every status is an answer; redirects are not followed. Throws Unreachable where none comes,
  // Error for one above `limit_bytes`, Interrupted.
  [[nodiscard]] HttpAnswer post_json(const std::string& url, const std::string& json,
                                     size_t limit_bytes = size_t{1} << 26);

 private:
  HttpOptions options_;
};

}  // namespace deepscaler
