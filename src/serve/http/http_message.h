// A request that came over HTTP, and what it is answered with.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deepscaler {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;   // "GET"
  std::string path;     // "/v1/models", without the query
  HttpHeaders headers;  // names in lower case
  std::string body;

  // The first header of that name, in lower case; null where there is none.
  [[nodiscard]] const std::string* header(std::string_view name) const {
    const auto found = std::ranges::find(headers, name, &HttpHeaders::value_type::first);
    return found == headers.end() ? nullptr : &found->second;
  }
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  HttpHeaders headers = {};  // nothing in them comes from a request
};

// The way back to the client of one request. Every function may be called from any thread, and none waits.
// Either send() is called once, or begin(), write() any number of times, and end(). A reply that is given up
// before that closes the connection.
class HttpReply {
 public:
  virtual ~HttpReply() = default;

  virtual void send(HttpResponse response) = 0;
  // The head of an answer that comes in pieces, with its first piece.
  virtual void begin(HttpResponse head) = 0;
  virtual void write(std::string piece) = 0;
  virtual void end() = 0;
  // Whether nobody reads the answer any more.
  [[nodiscard]] virtual bool is_gone() const = 0;
};

}  // namespace deepscaler
