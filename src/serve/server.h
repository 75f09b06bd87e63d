// A model behind HTTP: which path is answered by what, and the threads of it.
//
//   sockets   reads requests, refuses those that may not be made, writes answers (serve/http/http_server.h)
//   reader    parses bodies, renders chat templates, tokenizes, and so makes questions of them
//   engine    computes the answers to all open questions together (serve/answer/answer_engine.h)
//
// An answer depends on the request, the weights, the precision and the kernels alone: neither on what else is
// being answered, nor on what is cached. What one API key has asked is not found in the cache by another.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "infer/generator.h"
#include "serve/api/served_model.h"
#include "serve/http/access.h"
#include "serve/http/http_server.h"

namespace deepscaler {

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;     // 0: any that is free
  int64_t most_open = 256;  // requests being answered or waiting; more are refused with 429
  HttpLimits limits;
  AccessRules access;  // its is_loopback and public_paths are set by the server
};

class Server {
 public:
  // Listens at once; answers once run() is called. Model and generator must outlive this object, and the
  // generator is used by it alone. Throws Error where it can't listen, and for an address that others reach
  // without a key, unless `options.access.keys` or `open_to_all` allow it.
  Server(const ServedModel& model, Generator& generator, const ServerOptions& options,
         bool open_to_all = false);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  [[nodiscard]] uint16_t port() const;

  // Answers until stop() is called or the user asks to stop. What is open then is answered with 503.
  void run();
  // From any thread.
  void stop();

 private:
  struct Threads;
  std::unique_ptr<Threads> threads_;
};

}  // namespace deepscaler
