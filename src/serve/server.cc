#include "serve/server.h"

#include <fmt/format.h>

#include <atomic>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/signals.h"
#include "formats/json_text.h"
#include "serve/answer/answer_engine.h"
#include "serve/ollama/ollama_form.h"
#include "serve/ollama/ollama_models.h"
#include "serve/openai/openai_head.h"
#include "serve/openai/text_tools.h"
#include "serve/page/page.h"
#include "serve/post_routes.h"
#include "serve/request_queue.h"

namespace deepscaler {
namespace {

constexpr std::string_view kHealth = "/health", kHealthToo = "/v1/health", kMetrics = "/metrics",
                           kModels = "/v1/models", kModel = "/v1/models/", kTags = "/api/tags",
                           kVersion = "/api/version";

bool is_get_path(std::string_view path) {
  return path == kHealth || path == kHealthToo || path == kMetrics || path == kModels || path == kTags ||
         path == kVersion || path.starts_with(kModel) || page_file(path).has_value();
}

// Errors of Ollama's paths are written as its clients read them.
HttpResponse in_form_of(std::string_view path, HttpResponse error) {
  return path.starts_with("/api/") ? ollama_error(std::move(error)) : std::move(error);
}

// Tells a web page's browser that the page may read the answers.
class CorsReply : public HttpReply {
 public:
  CorsReply(std::shared_ptr<HttpReply> reply, HttpHeaders headers)
      : reply_(std::move(reply)), headers_(std::move(headers)) {}

  void send(HttpResponse response) override { reply_->send(with_headers(std::move(response))); }
  void begin(HttpResponse head) override { reply_->begin(with_headers(std::move(head))); }
  void write(std::string piece) override { reply_->write(std::move(piece)); }
  void end() override { reply_->end(); }
  [[nodiscard]] bool is_gone() const override { return reply_->is_gone(); }

 private:
  [[nodiscard]] HttpResponse with_headers(HttpResponse response) const {
    response.headers.insert(response.headers.end(), headers_.begin(), headers_.end());
    return response;
  }

  std::shared_ptr<HttpReply> reply_;
  HttpHeaders headers_;
};

AccessRules rules_of(const ServerOptions& options, bool is_loopback) {
  AccessRules rules = options.access;
  rules.is_loopback = is_loopback;
  rules.public_paths = page_paths();
  rules.public_paths.insert(rules.public_paths.end(), {std::string(kHealth), std::string(kHealthToo)});
  return rules;
}

}  // namespace

struct Server::Threads {
  Threads(const ServedModel& served, Generator& generator, const ServerOptions& options)
      : model(served),
        engine(generator, options.most_open),
        http(
            options.host, options.port, options.limits,
            [this](const HttpRequest& head) { return gate(head); },
            [this](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
              handle(std::move(request), std::move(reply));
            }),
        access(rules_of(options, http.is_loopback())) {}

  // On the thread of the sockets, before a body is read.
  [[nodiscard]] std::optional<HttpResponse> gate(const HttpRequest& head) const {
    auto refused = refuse(head);
    if (refused) refused = in_form_of(head.path, std::move(*refused));
    return refused;
  }

  [[nodiscard]] std::optional<HttpResponse> refuse(const HttpRequest& head) const {
    if (auto refused = access.refuse(head)) return refused;
    if (head.method == "OPTIONS") return std::nullopt;
    const bool is_post = find_post_route(head.path) != nullptr, is_get = is_get_path(head.path);
    if (!is_post && !is_get)
      return error_response(404, "there is nothing at this path; docs/serve.md has what there is");
    if (head.method == (is_post ? "POST" : "GET")) return std::nullopt;
    HttpResponse refused =
        error_response(405, fmt::format("this path is asked with {}", is_post ? "POST" : "GET"));
    refused.headers.emplace_back("Allow", is_post ? "POST" : "GET");
    return refused;
  }

  // On the thread of the sockets.
  void handle(HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
    if (HttpHeaders cors = access.cors_headers(request); !cors.empty()) {
      reply = std::make_shared<CorsReply>(std::move(reply), std::move(cors));
    }
    if (request.method == "OPTIONS") return reply->send({.status = 204});
    if (request.method == "GET") return reply->send(get(request.path));
    const auto* route = find_post_route(request.path);
    const int64_t tenant = access.tenant(request);
    queue.add([this, route, tenant, body = std::move(request.body), reply] {
      if (!reply->is_gone()) post(*route, tenant, body, reply);
    });
  }

  [[nodiscard]] HttpResponse get(const std::string& path) const {
    if (auto file = page_file(path)) return std::move(*file);
    if (path == kHealth || path == kHealthToo) return {.body = R"({"status":"ok"})"};
    if (path == kMetrics) {
      return {.body = prometheus_text(engine.metrics()), .content_type = "text/plain; version=0.0.4"};
    }
    if (path == kTags) return {.body = text_of(ollama_tags_json(model))};
    if (path == kVersion) return {.body = text_of({{"version", DEEPSCALER_VERSION}})};
    const Json entry = model_json(model);
    if (path == kModels) return {.body = text_of({{"object", "list"}, {"data", Json::array({entry})}})};
    if (path.substr(kModel.size()) == model.name) return {.body = text_of(entry)};
    return error_response(404, fmt::format("there is no such model; this server has {}", model.name), "",
                          "model");
  }

  // On the reader's thread.
  void post(const PostRoute& route, int64_t tenant, const std::string& body,
            const std::shared_ptr<HttpReply>& reply) {
    try {
      const Json request = parse_record(body, "body");
      if (route.tool != nullptr) return reply->send({.body = text_of(route.tool(model, request))});
      ask(route, route.order(model, request, tenant), reply);
    } catch (const RequestError& error) {
      reply->send(in_form_of(route.path, error_response(error.status(), error.what(), "", error.param())));
    } catch (const Error& error) {
      reply->send(in_form_of(route.path, error_response(400, error.what())));
    } catch (const std::bad_alloc&) {
      reply->send(in_form_of(
          route.path, error_response(503, "there is not enough memory for this request; ask for less")));
    } catch (const std::exception& error) {
      reply->send(in_form_of(route.path, error_response(500, error.what())));
    }
  }

  void ask(const PostRoute& route, AnswerOrder&& order, const std::shared_ptr<HttpReply>& reply) {
    if (order.ready) return reply->send(std::move(*order.ready));
    deliver(order.questions, order.readings, model.tokenizer, reply, std::move(order.form), order.delivery);
    if (engine.ask(std::move(order.questions))) return;
    HttpResponse full =
        error_response(429, "as many requests as this server takes are open; try again later");
    full.headers.emplace_back("Retry-After", "1");
    reply->send(in_form_of(route.path, std::move(full)));
  }

  const ServedModel& model;
  AnswerEngine engine;
  RequestQueue queue;
  HttpServer http;
  Access access;
  std::atomic<bool> stopping = false;
};

Server::Server(const ServedModel& model, Generator& generator, const ServerOptions& options, bool open_to_all)
    : threads_(std::make_unique<Threads>(model, generator, options)) {
  if (threads_->http.is_loopback() || !options.access.keys.empty() || open_to_all) return;
  throw Error(fmt::format("--host {}", options.host),
              "other machines can reach this address, and no key is needed",
              "give --api-key-file, or --open-to-all if everybody may ask");
}

Server::~Server() = default;

uint16_t Server::port() const { return threads_->http.port(); }

void Server::run() {
  std::jthread sockets([this] { threads_->http.run(); });
  std::jthread reader([this] { threads_->queue.run(); });
  std::jthread engine([this] { threads_->engine.run(); });
  constexpr std::chrono::milliseconds kLook{50};
  while (!threads_->stopping && !stop_requested()) std::this_thread::sleep_for(kLook);
  threads_->queue.stop();
  reader.join();
  threads_->engine.stop();
  engine.join();
  threads_->http.stop();
}

void Server::stop() { threads_->stopping = true; }

}  // namespace deepscaler
