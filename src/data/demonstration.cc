#include "data/demonstration.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "base/log.h"
#include "base/rng.h"
#include "data/conversation.h"
#include "data/dataset.h"
#include "data/grading.h"
#include "data/records.h"
#include "formats/excerpt.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormats =
    "a line is {\"messages\": [...]}, {\"prompt\": ..., \"completion\": ...}, {\"text\": ...} or a problem "
    "with "
    "a solution";

// What names a record does not depend on the order of its keys.
std::string in_alphabetical_order(const Json& json) {
  return nlohmann::json(json).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_white_space(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Pieces of a demonstration, one after the other.
class Builder {
 public:
  Builder(const std::string& where, const PromptEncoder& encoder, LossOn loss_on)
      : where_(where), encoder_(encoder), loss_on_(loss_on) {}

  // Text that is only read; at the beginning with what the model wants before a text.
  void read(std::string_view text, bool add_special_tokens) {
    append(encode(text, add_special_tokens), false);
  }
  void read(const std::vector<TokenId>& tokens) { append(tokens, false); }
  // A text to learn, with the token that ends it.
  void learn(std::string_view text, TokenId end, bool add_special_tokens = false) {
    auto tokens = encode(text, add_special_tokens);
    if (tokens.empty() || !is_end(tokens.back())) tokens.push_back(end);
    append(tokens, true);
  }
  // A turn as a template renders it: learned up to the last token that ends a response, if only white space
  // follows (the template's, which the model never gets to say). Whether there is one.
  bool learn_turn(std::string_view text) {
    const auto tokens = encode(text, false);
    const auto last =
        std::find_if(tokens.rbegin(), tokens.rend(), [&](TokenId id) { return is_end(id); }).base();
    const auto behind = std::span(tokens).subspan(static_cast<size_t>(last - tokens.begin()));
    const bool ends = last != tokens.begin() && is_white_space(encoder_.tokenizer().decode(behind));
    const auto learned = ends ? last : tokens.end();
    append({tokens.begin(), learned}, true);
    append({learned, tokens.end()}, false);
    return ends;
  }
  // The token that a turn ends with whose template writes none.
  void learn_end() { append({encoder_.end_of_turn()}, true); }

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
    d.id = fmt::format("{:016x}", hash_name(in_alphabetical_order(identity)));
    return std::move(d);
  }

 private:
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text, bool add_special_tokens) const {
    if (add_special_tokens) return encoder_.encode_text(text, where_);
    return encoder_.tokenizer().encode(text, {.add_special_tokens = false});
  }
  [[nodiscard]] bool is_end(TokenId id) const {
    return std::ranges::count(encoder_.tokenizer().ends(), id) > 0;
  }
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

  // Whether the record, once read, is a problem in whose worked solution the checker does not find the
  // answer.
  [[nodiscard]] bool hides_answer() const { return hides_answer_; }

  Demonstration read() {
    if (!record_.is_object()) fail("it is not a JSON object", kFormats);
    if (has("messages")) return conversation(messages("messages"), 0);
    if (has("conversations")) return conversation(sharegpt_messages(), 0);
    if (has("prompt") && has("completion")) return prompt_and_completion();
    if (has("text")) {
      builder_.learn(text("text"), encoder_.end_of_text(), true);
      return builder_.finish(record_["text"]);
    }
    if (has("instruction") && has("output")) return conversation(alpaca_messages(), 0);
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

  // What the chat template gets beside the messages. Data sets hold "tools" as a text, too.
  [[nodiscard]] Json variables() const {
    Json object = Json::object();
    for (const char* key : {"tools", "documents", "chat_template_kwargs", "enable_thinking"}) {
      if (has(key)) object[key] = record_[key];
    }
    if (has("tools") && record_["tools"].is_string()) {
      object["tools"] = parse_record(text("tools"), where_ + ": \"tools\"");
    }
    return encoder_.variables(template_variables_in(object, where_));
  }

  [[nodiscard]] Json messages(const char* key) const {
    const Json& list = record_[key];
    if (!list.is_array() || list.empty()) {
      fail(fmt::format("its \"{}\" is not a list of messages", key), kFormats);
    }
    for (size_t i = 0; i < list.size(); ++i) {
      const bool calls = list[i].is_object() && list[i].contains("tool_calls") &&
                         list[i]["tool_calls"].is_array() && !list[i]["tool_calls"].empty();
      for (const char* part : {"role", "content"}) {
        const Json value = list[i].is_object() ? list[i].value(part, Json()) : Json();
        if (value.is_string() || (calls && part == std::string_view("content") && value.is_null())) continue;
        fail(fmt::format("message {} of its \"{}\" has no \"{}\" that is a text", i + 1, key, part),
             "a message is {\"role\": text, \"content\": text}");
      }
    }
    return list;
  }

  // {"from", "value"} as {"role", "content"}; other keys of a message stay.
  [[nodiscard]] Json sharegpt_messages() const {
    const Json& list = record_["conversations"];
    if (!list.is_array() || list.empty()) fail("its \"conversations\" is not a list of messages", kFormats);
    if (list[0].is_object() && list[0].contains("role")) return messages("conversations");
    Json turns = Json::array();
    if (has("system") && !text("system").empty()) {
      turns.push_back({{"role", "system"}, {"content", text("system")}});
    }
    for (size_t i = 0; i < list.size(); ++i) {
      Json turn = {{"role", sharegpt_role(list[i], i)},
                   {"content", with_think_marks(list[i]["value"].get<std::string>())}};
      for (const auto& [key, value] : list[i].items()) {
        if (key != "from" && key != "value") turn[key] = value;
      }
      turns.push_back(std::move(turn));
    }
    return turns;
  }

  [[nodiscard]] std::string sharegpt_role(const Json& message, size_t index) const {
    constexpr std::pair<std::string_view, const char*> kRoles[] = {
        {"human", "user"},          {"user", "user"},         {"gpt", "assistant"},
        {"assistant", "assistant"}, {"chatgpt", "assistant"}, {"model", "assistant"},
        {"system", "system"},       {"tool", "tool"},         {"observation", "tool"}};
    const bool whole = message.is_object() && message.value("from", Json()).is_string() &&
                       message.value("value", Json()).is_string();
    if (!whole) {
      fail(fmt::format("message {} of its \"conversations\" has no \"from\" and \"value\" that are texts",
                       index + 1),
           "a message is {\"from\": text, \"value\": text}");
    }
    const auto& from = message["from"].get_ref<const std::string&>();
    const auto* role =
        std::ranges::find(kRoles, std::string_view(from), [](const auto& pair) { return pair.first; });
    if (role == std::end(kRoles)) {
      fail(fmt::format("message {} of its \"conversations\" is from {}", index + 1, excerpt(from)),
           "known are human, gpt, system, tool and observation");
    }
    return role->second;
  }

  // The question is the instruction and, below it, the input.
  [[nodiscard]] Json alpaca_messages() const {
    Json turns = Json::array();
    const auto add = [&](const char* role, const Json& content) {
      if (!content.is_string()) fail("its \"history\" is not a list of pairs of texts", kFormats);
      turns.push_back({{"role", role}, {"content", content}});
    };
    if (has("system") && !text("system").empty()) add("system", text("system"));
    for (const Json& pair : has("history") ? record_["history"] : Json::array()) {
      if (!pair.is_array() || pair.size() != 2)
        fail("its \"history\" is not a list of pairs of texts", kFormats);
      add("user", pair[0]);
      add("assistant", pair[1]);
    }
    const std::string input = has("input") ? text("input") : "";
    add("user", text("instruction") + (input.empty() ? "" : "\n" + input));
    add("assistant", text("output"));
    return turns;
  }

  Demonstration prompt_and_completion() {
    const Json identity = Json::array({record_["prompt"], record_["completion"]});
    if (!record_["prompt"].is_array()) {
      builder_.read(text("prompt"), true);
      builder_.learn(text("completion"), encoder_.end_of_text());
      return builder_.finish(identity);
    }
    Json turns = messages("prompt");
    if (record_["completion"].is_array()) {
      const size_t first_learned = turns.size();
      for (auto& message : messages("completion")) turns.push_back(std::move(message));
      return conversation(turns, first_learned);
    }
    builder_.read(encoder_.encode_messages(turns, variables()).tokens);
    builder_.learn(text("completion"), encoder_.end_of_turn());
    return builder_.finish(identity);
  }

  Demonstration conversation(const Json& turns, size_t first_learned) {
    const ChatTemplate* chat_template = encoder_.chat_template();
    if (chat_template == nullptr) {
      fail("it has messages, and the model has no chat template",
           "give \"prompt\" and \"completion\" as texts");
    }
    bool ends = true;
    for (const TextPiece& piece :
         conversation_pieces(turns, first_learned, *chat_template, variables(), where_)) {
      if (!piece.learned) {
        builder_.read(piece.text, false);
      } else {
        ends = builder_.learn_turn(piece.text);
      }
    }
    if (!ends) builder_.learn_end();
    return builder_.finish(turns);
  }

  Demonstration problem() {
    const Problem problem = read_problem(record_, where_, "", Answers::kOptional);
    hides_answer_ = !problem.answers.empty() && !problem.solution.empty() &&
                    !grade_response(problem, problem.solution, /*prompt_opened_thinking=*/false).correct;
    return demonstrate(problem, where_, encoder_, loss_on_);
  }

  const Json& record_;
  const std::string& where_;
  const PromptEncoder& encoder_;
  LossOn loss_on_;
  Builder builder_;
  bool hides_answer_ = false;
};

// A trace after the prompt of its problem, whose own opening <think> it then leaves out.
Demonstration demonstrate_trace(const Problem& problem, std::string text, const std::string& where,
                                const PromptEncoder& encoder, LossOn loss_on) {
  constexpr std::string_view kOpen = "<think>";
  Builder builder(where, encoder, loss_on);
  const EncodedPrompt prompt = encoder.encode(problem);
  builder.read(prompt.tokens);
  if (prompt.opened_thinking && text.starts_with(kOpen)) {
    text.erase(0, kOpen.size());
    const bool line_is_over = encoder.tokenizer().decode(prompt.tokens).ends_with('\n');
    if (line_is_over && text.starts_with('\n')) text.erase(0, 1);
  }
  builder.learn(text, encoder.chat_template() ? encoder.end_of_turn() : encoder.end_of_text());
  // All traces to a problem share an id, so that they stand on one side of a split.
  return builder.finish(Json(problem.problem));
}

// Whether the last turn of a conversation is a thought that never ends.
bool is_cut_conversation(const Json& record) {
  for (const auto& [list, text] : {std::pair("messages", "content"), std::pair("conversations", "value")}) {
    if (!record.is_object() || !record.contains(list)) continue;
    const Json& turns = record[list];
    if (!turns.is_array() || turns.empty() || !turns.back().is_object()) return false;
    const Json last = turns.back().value(text, Json());
    return last.is_string() && breaks_off(with_think_marks(last.get<std::string>()));
  }
  return false;
}

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
  builder.learn(problem.solution, encoder.chat_template() ? encoder.end_of_turn() : encoder.end_of_text());
  return builder.finish(Json::array({problem.problem, problem.solution}));
}

DemonstrationSet read_demonstrations(std::span<const std::filesystem::path> files,
                                     const PromptEncoder& encoder, LossOn loss_on, TraceChoice choice) {
  DemonstrationSet set;
  for (const auto& file : files) {
    const size_t before = set.demonstrations.size();
    bool holds_records = false;
    int64_t hidden = 0;
    for_each_record(file, [&](const Json& record, const std::string& where) {
      holds_records = true;
      if (auto traces = read_traces(record, where)) {
        const Problem problem = traces->problem;
        for (std::string& text : choose_traces(*std::move(traces), choice, set.traces)) {
          set.demonstrations.push_back(demonstrate_trace(problem, std::move(text), where, encoder, loss_on));
        }
      } else if (is_cut_conversation(record)) {
        set.traces.records += 1;
        set.traces.traces += 1;
        set.traces.truncated += 1;
      } else {
        RecordReader reader(record, where, encoder, loss_on);
        set.demonstrations.push_back(reader.read());
        hidden += reader.hides_answer();
      }
    });
    if (hidden > 0) {
      log_warning(
          "{}: in {} worked solutions of {} the checker does not find the answer; it looks in \\boxed{{}}",
          file.string(), hidden, set.demonstrations.size() - before);
    }
    if (!holds_records) throw Error(file.string(), "it holds no demonstrations", kFormats);
  }
  if (!files.empty() && set.demonstrations.empty()) {
    throw Error(files[0].string(), "no trace is left to learn: " + describe(set.traces),
                choice == TraceChoice::kAll ? "name a file of complete ones"
                                            : "give problems an \"answer\", or set traces = \"all\"");
  }
  return set;
}

}  // namespace deepscaler
