#include "data/demonstration.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"
#include "data/conversation.h"
#include "data/dataset.h"
#include "data/records.h"

namespace deepscaler {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr const char* kFormats =
    "a line is {\"messages\": [...]}, {\"prompt\": ..., \"completion\": ...}, {\"text\": ...} or a problem "
    "with "
    "a solution";

// Pieces of a demonstration, one after the other.
class Builder {
 public:
  Builder(const std::string& where, const PromptEncoder& encoder, LossOn loss_on)
      : where_(where), encoder_(encoder), loss_on_(loss_on) {}

  // Text that is only read; at the beginning with what the model wants before a text.
  void read(std::string_view text, bool add_special_tokens) {
    append(encoder_.tokenizer().encode(text, {.add_special_tokens = add_special_tokens}), false);
  }
  void read(const std::vector<TokenId>& tokens) { append(tokens, false); }
  // A text to learn, with the token that ends it.
  void learn(std::string_view text, bool add_special_tokens = false) {
    auto tokens = encoder_.tokenizer().encode(text, {.add_special_tokens = add_special_tokens});
    if (tokens.empty() || tokens.back() != eos()) tokens.push_back(eos());
    append(tokens, true);
  }
  // A turn as a template renders it: learned up to the token that ends it, where it has one. What
  // follows (a line break) is the template's, the model never gets to say it.
  void learn_turn(std::string_view text) {
    const auto tokens = encoder_.tokenizer().encode(text, {.add_special_tokens = false});
    const auto end = std::ranges::find(tokens, eos());
    const auto learned = end == tokens.end() ? tokens.end() : end + 1;
    append({tokens.begin(), learned}, true);
    append({learned, tokens.end()}, false);
  }

  Demonstration finish(const Json& identity) {
    Demonstration& d = result_;
    if (!d.in_loss.empty()) d.in_loss[0] = 0;  // nothing predicts it
    while (!d.in_loss.empty() && d.in_loss.back() == 0) {
      d.in_loss.pop_back();
      d.tokens.pop_back();
    }
    if (d.tokens.empty()) {
      throw Error(where_, "it has no token to learn: nothing comes before its first one",
                  "give it a prompt or a longer text");
    }
    d.where = where_;
    d.id = fmt::format("{:016x}", hash_name(identity.dump(-1, ' ', false, Json::error_handler_t::replace)));
    return std::move(d);
  }

 private:
  [[nodiscard]] TokenId eos() const { return *encoder_.tokenizer().eos(); }
  void append(const std::vector<TokenId>& tokens, bool learned) {
    result_.tokens.insert(result_.tokens.end(), tokens.begin(), tokens.end());
    result_.in_loss.insert(result_.in_loss.end(), tokens.size(), learned || loss_on_ == LossOn::kAll);
  }

  const std::string& where_;
  const PromptEncoder& encoder_;
  LossOn loss_on_;
  Demonstration result_;
};

class RecordReader {
 public:
  RecordReader(const Json& record, const std::string& where, const PromptEncoder& encoder, LossOn loss_on)
      : record_(record),
        where_(where),
        encoder_(encoder),
        loss_on_(loss_on),
        builder_(where, encoder, loss_on) {}

  Demonstration read() {
    if (!record_.is_object()) fail("it is not a JSON object", kFormats);
    if (has("tools")) fail("\"tools\" are not supported", "write them into the system message");
    if (has("messages")) return conversation(messages("messages"), 0);
    if (has("prompt") && has("completion")) return prompt_and_completion();
    if (has("text")) {
      builder_.learn(text("text"), true);
      return builder_.finish(record_["text"]);
    }
    if (has("problem") || has("question")) return problem();
    fail("it has none of the keys of a demonstration", kFormats);
  }

 private:
  [[noreturn]] void fail(std::string_view what, std::string_view remedy) const {
    throw Error(where_, what, remedy);
  }
  [[nodiscard]] bool has(const char* key) const {
    const auto found = record_.find(key);
    return found != record_.end() && !found->is_null();
  }
  [[nodiscard]] const std::string& text(const char* key) const {
    if (!record_[key].is_string()) fail(fmt::format("its \"{}\" is not a text", key), kFormats);
    return record_[key].get_ref<const std::string&>();
  }

  [[nodiscard]] OrderedJson messages(const char* key) const {
    const Json& list = record_[key];
    if (!list.is_array() || list.empty()) {
      fail(fmt::format("its \"{}\" is not a list of messages", key), kFormats);
    }
    for (size_t i = 0; i < list.size(); ++i) {
      for (const char* part : {"role", "content"}) {
        if (list[i].is_object() && list[i].contains(part) && list[i][part].is_string()) continue;
        fail(fmt::format("message {} of its \"{}\" has no \"{}\" that is a text", i + 1, key, part),
             "a message is {\"role\": text, \"content\": text}");
      }
    }
    return list;
  }

  Demonstration prompt_and_completion() {
    const Json identity = Json::array({record_["prompt"], record_["completion"]});
    if (!record_["prompt"].is_array()) {
      builder_.read(text("prompt"), true);
      builder_.learn(text("completion"));
      return builder_.finish(identity);
    }
    OrderedJson turns = messages("prompt");
    if (record_["completion"].is_array()) {
      const size_t first_learned = turns.size();
      for (auto& message : messages("completion")) turns.push_back(std::move(message));
      return conversation(turns, first_learned);
    }
    builder_.read(encoder_.encode_messages(turns).tokens);
    builder_.learn(text("completion"));
    return builder_.finish(identity);
  }

  Demonstration conversation(const OrderedJson& turns, size_t first_learned) {
    const ChatTemplate* chat_template = encoder_.chat_template();
    if (chat_template == nullptr) {
      fail("it has messages, and the model has no chat template",
           "give \"prompt\" and \"completion\" as texts");
    }
    const OrderedJson variables = template_variables(encoder_.tokenizer());
    for (const TextPiece& piece :
         conversation_pieces(turns, first_learned, *chat_template, variables, where_)) {
      piece.learned ? builder_.learn_turn(piece.text) : builder_.read(piece.text, false);
    }
    return builder_.finish(turns);
  }

  Demonstration problem() {
    return demonstrate(read_problem(record_, where_, "", Answers::kOptional), where_, encoder_, loss_on_);
  }

  const Json& record_;
  const std::string& where_;
  const PromptEncoder& encoder_;
  LossOn loss_on_;
  Builder builder_;
};

}  // namespace

int64_t Demonstration::learned() const { return std::accumulate(in_loss.begin(), in_loss.end(), int64_t{0}); }

Demonstration read_demonstration(const Json& record, const std::string& where, const PromptEncoder& encoder,
                                 LossOn loss_on) {
  return RecordReader(record, where, encoder, loss_on).read();
}

Demonstration demonstrate(const Problem& problem, const std::string& where, const PromptEncoder& encoder,
                          LossOn loss_on) {
  if (problem.solution.empty()) {
    throw Error(where, "the problem has no worked solution", "an sft stage needs problems with solutions");
  }
  Builder builder(where, encoder, loss_on);
  builder.read(encoder.encode(problem).tokens);
  builder.learn(problem.solution);
  return builder.finish(Json::array({problem.problem, problem.solution}));
}

std::vector<Demonstration> read_demonstrations(std::span<const std::filesystem::path> files,
                                               const PromptEncoder& encoder, LossOn loss_on) {
  std::vector<Demonstration> demonstrations;
  for (const auto& file : files) {
    const size_t before = demonstrations.size();
    for_each_record(file, [&](const Json& record, const std::string& where) {
      demonstrations.push_back(read_demonstration(record, where, encoder, loss_on));
    });
    if (demonstrations.size() == before) throw Error(file.string(), "it holds no demonstrations", kFormats);
  }
  return demonstrations;
}

}  // namespace deepscaler
