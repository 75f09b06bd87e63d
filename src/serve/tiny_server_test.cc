#include "serve/tiny_server_test.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/temporary_folder.h"
#include "model/device.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {

Model random_model() {
  ModelConfig config = read_hf_config(std::filesystem::path(DEEPSCALER_GOLDENS) / "../../recipes/tiny-model");
  config.context = 2048;
  Model model(config);
  randomize(model, 5, 0.02f);
  return model;
}

Tokenizer chat_tokenizer(const std::string& chat_template) {
  const TemporaryFolder folder;
  byte_tokenizer().save(folder.path());
  std::ofstream(folder / "chat_template.jinja") << chat_template;
  return Tokenizer::load(folder.path());
}

Json chat_request(const std::string& content, int64_t seed) {
  return {{"model", "tiny"},
          {"messages", {{{"role", "user"}, {"content", content}}}},
          {"seed", seed},
          {"temperature", 1},
          {"max_tokens", 30},
          {"ignore_eos", true},
          {"logprobs", true},
          {"top_logprobs", 2},
          {"return_token_ids", true}};
}

TinyServer::TinyServer(const ServerOptions& options, Model random, const std::string& chat_template)
    : model(std::move(random)), tokenizer(chat_tokenizer(chat_template)) {
  served.emplace(model, tokenizer, "tiny");
  generator.emplace(model, int64_t{64} << 20, default_device(), PassLimits{.prompt_rows = 64, .samples = 32});
  served->most_positions = generator->most_positions();
  ServerOptions own = options;
  own.port = 0;
  server.emplace(*served, *generator, own);
  thread = std::thread([this] { server->run(); });
}

TinyServer::~TinyServer() {
  server->stop();
  thread.join();
}

httplib::Client TinyServer::client() const {
  httplib::Client client("127.0.0.1", server->port());
  client.set_read_timeout(3600);  // however slow the machine: a test that hangs is ended from outside
  return client;
}

httplib::Result TinyServer::post(const std::string& path, const std::string& body,
                                 const httplib::Headers& headers) const {
  return client().Post(path, headers, body, "application/json");
}

Json TinyServer::ask(const std::string& path, const Json& request, const httplib::Headers& headers) const {
  const auto answer = post(path, request.dump(), headers);
  if (!answer) return "no answer";
  EXPECT_EQ(answer->status, 200) << answer->body;
  return Json::parse(answer->body);
}

int64_t TinyServer::metric(const std::string& name) const {
  const std::string text = client().Get("/metrics")->body, line = "\ndeepscaler_" + name + " ";
  return std::stoll(text.substr(text.find(line) + line.size()));
}

}  // namespace deepscaler
