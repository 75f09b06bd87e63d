// An HTTP/1.1 server on Boost.Beast: all sockets are one thread's, the one that calls run(). What a client
// may send is bounded in bytes, counts and time before anybody looks at it; that a client has gone is seen
// within a few milliseconds, while it waits for an answer too.
//
// Refused before the handler sees them: headers of more than header_bytes or `headers` lines (431), targets
// of more than target_bytes (414), bodies of more than body_bytes (413) or without a length (411), compressed
// bodies (415), lengths that contradict each other, more than one Host, line ends other than CR LF (400).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "serve/http/http_message.h"

namespace deepscaler {

struct HttpLimits {
  size_t header_bytes = 16 << 10;
  size_t target_bytes = 8 << 10;
  size_t headers = 100;
  size_t body_bytes = 8 << 20;
  size_t all_bodies_bytes = 64 << 20;     // of requests being read and answered; more: 503
  size_t unread_answer_bytes = 16 << 20;  // of a client that does not read: then it counts as gone
  size_t connections = 512;
  std::chrono::milliseconds header_time{10'000};  // from a request's first byte to the end of its headers
  std::chrono::milliseconds body_time{60'000};
  std::chrono::milliseconds idle_time{60'000};   // between requests
  std::chrono::milliseconds write_time{60'000};  // for a piece of an answer
  std::chrono::milliseconds silence{15'000};     // after so long a stream of events gets a comment
};

class HttpServer {
 public:
  // Sees a request's headers before its body is read; an answer refuses it.
  using Gate = std::function<std::optional<HttpResponse>(const HttpRequest& head)>;
  // Both are called on the thread of run() and must not wait. A reply may outlive the server, not its io.
  using Handler = std::function<void(HttpRequest&& request, std::shared_ptr<HttpReply> reply)>;

  // Listens at once. `host` is an address or "localhost"; port 0 is any that is free. Throws Error.
  HttpServer(const std::string& host, uint16_t port, const HttpLimits& limits, Gate gate, Handler handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  [[nodiscard]] uint16_t port() const;
  // Whether only this machine can connect.
  [[nodiscard]] bool is_loopback() const;
  // Serves until stop().
  void run();
  // From any thread: no connection is taken any more, and run() returns when the answers under way have been
  // sent, or after two seconds.
  void stop();

  struct Io;  // the sockets, of which others know nothing

 private:
  std::unique_ptr<Io> io_;
};

}  // namespace deepscaler
