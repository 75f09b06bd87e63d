#include "fetch/chat_endpoint.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "base/signals.h"
#include "base/stopwatch.h"
#include "base/thoughts.h"
#include "base/trim.h"
#include "fetch/http.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLongestDelayS = 32;

bool is_worth_another_try(long status) {
  return status == 408 || status == 409 || status == 429 || (status >= 500 && status != 501);
}

void sleep_until(std::chrono::steady_clock::time_point time) {
  constexpr std::chrono::milliseconds kSlice{50};  // how soon a request to stop is seen
  for (auto now = std::chrono::steady_clock::now(); now < time; now = std::chrono::steady_clock::now()) {
    throw_if_stop_requested();
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(kSlice, time - now));
  }
}

// What a server sent, discarded where it is no JSON, or nested so deeply that work on it could exhaust the
// stack.
Json parse_body(const std::string& body) {
  constexpr int kMostDepth = 64;
  bool is_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, const Json&) {
    is_deep = is_deep || depth > kMostDepth;
    return !is_deep;
  };
  Json json = Json::parse(body, watch, false);
  return is_deep ? Json(Json::value_t::discarded) : json;
}

// What the server says is wrong, on one line: {"error": {"message"}}, {"error": text}, or its first bytes.
std::string words_of(const HttpAnswer& answer) {
  constexpr size_t kMostBytes = 300;
  const Json json = parse_body(answer.body);
  std::string words = answer.body;
  if (json.is_object() && json.contains("error")) {
    const Json& error = json["error"];
    if (error.is_string()) words = error;
    if (error.is_object() && error.contains("message") && error["message"].is_string())
      words = error["message"];
  }
  if (words.size() > kMostBytes) words.resize(kMostBytes);
  return fmt::format("the server answers {}{}{}", answer.status, words.empty() ? "" : ": ", words);
}

std::string text_or_none(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

ChatChoice choice_of(const Json& choice) {
  const Json& message = choice.at("message");
  ChatChoice read = {.content = text_or_none(message, "content"),
                     .finish_reason = text_or_none(choice, "finish_reason")};
  for (const char* key : {"reasoning_content", "reasoning"}) {
    if (read.reasoning.empty()) read.reasoning = text_or_none(message, key);
  }
  return read;
}

ChatAnswer read_answer(const std::string& body, const std::string& where) {
  try {
    const Json json = parse_body(body);
    ChatAnswer answer;
    for (const Json& choice : json.at("choices")) answer.choices.push_back(choice_of(choice));
    if (answer.choices.empty()) throw std::out_of_range("no choices");
    if (const auto usage = json.find("usage"); usage != json.end() && usage->is_object()) {
      answer.prompt_tokens = usage->value("prompt_tokens", int64_t{0});
      answer.completion_tokens = usage->value("completion_tokens", int64_t{0});
    }
    return answer;
  } catch (const std::exception&) {
    throw Error(where, "what comes is no answer of /chat/completions",
                "check that the URL ends before /chat");
  }
}

bool has_fault(const ChatAnswer& answer) {
  return std::ranges::any_of(answer.choices,
                             [](const ChatChoice& choice) { return !choice.fault().empty(); });
}

// By the words of OpenAI, vLLM, llama.cpp and this program's own server.
bool is_of_length(const HttpAnswer& answer) {
  if (answer.status == 413) return true;
  if (answer.status != 400 && answer.status != 422) return false;
  const auto has = [&](const char* words) { return answer.body.find(words) != std::string::npos; };
  return has("context_length_exceeded") || has("maximum context length") ||
         has("exceed_context_size_error") || has("exceeds the available context size") ||
         has("there is room for");
}

std::string place(const std::string& purpose, const std::string& url) {
  return purpose.empty() ? url : purpose + ": " + url;
}

}  // namespace

std::string ChatChoice::text() const {
  if (reasoning.empty()) return content;
  const bool still_thinks = content.empty() && finish_reason == "length";
  return still_thinks ? unfinished_thoughts(reasoning) : with_thoughts(reasoning, content);
}

std::string ChatChoice::fault() const {
  if (finish_reason == "content_filter") return "the server withholds its answer (content_filter)";
  if (finish_reason == "length" || !trim(content).empty() || !trim(reasoning).empty()) return "";
  return "the answer is empty";
}

std::function<void(const std::string& fault)> warn_of_retries(double patience_s) {
  return [patience_s, last = std::string()](const std::string& fault) mutable {
    if (std::exchange(last, fault) != fault)
      log_warning("{}; asking again for up to {} s", fault, patience_s);
  };
}

int64_t request_seed(uint64_t seed, std::string_view item, int64_t sample) {
  const Rng rng(seed, {hash_name(item), static_cast<uint64_t>(sample)});
  return static_cast<int64_t>(rng.bits(0) >> 33);
}

ChatEndpoint::ChatEndpoint(ChatEndpointOptions options) : options_(std::move(options)) {
  const std::string& url = options_.url;
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    throw Error(url.empty() ? "endpoint" : url, "is no URL", "give one as http://127.0.0.1:8080/v1");
  }
  url_ = url.substr(0, url.find_last_not_of('/') + 1) + "/chat/completions";
}

ChatAnswer ChatEndpoint::ask(const Json& request, const std::string& purpose) {
  const std::string text = request.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (const auto kept = find_kept(text)) {
    ChatAnswer answer = read_answer(*kept, kept_at(text).string());
    answer.was_kept = true;
    if (!has_fault(answer)) return answer;
  }
  const std::string body = fetch(text, purpose);
  ChatAnswer answer = read_answer(body, place(purpose, url_));
  if (!options_.cache.empty() && !has_fault(answer)) {
    const std::filesystem::path path = kept_at(text);
    std::filesystem::create_directories(path.parent_path());
    write_file_atomically(path,
                          Json{{"url", url_}, {"request", request}, {"response", parse_body(body)}}.dump(1));
  }
  return answer;
}

std::filesystem::path ChatEndpoint::kept_at(const std::string& request) const {
  const std::string hash = sha256_hex(url_ + '\n' + request);
  return options_.cache / hash.substr(0, 2) / (hash + ".json");
}

std::optional<std::string> ChatEndpoint::find_kept(const std::string& request) const {
  if (options_.cache.empty()) return std::nullopt;
  const std::filesystem::path path = kept_at(request);
  if (!std::filesystem::exists(path)) return std::nullopt;
  const Json kept = Json::parse(read_file(path), nullptr, false);
  if (!kept.is_object() || !kept.contains("response")) {
    throw Error(path.string(), "is no kept answer", "remove the file");
  }
  return kept["response"].dump();
}

std::string ChatEndpoint::fetch(const std::string& request, const std::string& purpose) {
  HttpClient client({.token = options_.key, .stall_timeout_s = options_.answer_time_s});
  const Stopwatch waited;
  for (double delay_s = static_cast<double>(options_.retry_delay_ms) / 1000;;
       delay_s = std::min(2 * delay_s, kLongestDelayS)) {
    wait_for_turn();
    double pause_s = delay_s;
    std::string fault;
    try {
      HttpAnswer answer = client.post_json(url_, request);
      if (answer.status >= 200 && answer.status < 300) return std::move(answer.body);
      fault = words_of(answer);
      if (answer.status == 401 || answer.status == 403) throw Error(url_, fault, "check the key");
      if (is_of_length(answer)) {
        throw PromptTooLong(place(purpose, url_), fault,
                            "shorten what is asked, or ask for a shorter answer");
      }
      if (!is_worth_another_try(answer.status))
        throw Error(place(purpose, url_), fault, "check the request and the model's name");
      pause_s = answer.retry_after_s.value_or(delay_s);
    } catch (const Unreachable& error) {
      fault = error.what();
    }
    if (waited.seconds() + pause_s > options_.patience_s) {
      throw Unreachable(url_, fmt::format("no answer within {} s; last: {}", options_.patience_s, fault),
                        "try again later");
    }
    hold_back(pause_s, fault);
  }
}

// Turns are given out one after the other, a pause apart.
void ChatEndpoint::wait_for_turn() {
  Clock::time_point turn;
  {
    const std::lock_guard lock(mutex_);
    turn = std::max(next_turn_, Clock::now());
    next_turn_ = turn;
    if (options_.requests_per_minute > 0) {
      next_turn_ += std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(60 / options_.requests_per_minute));
    }
  }
  sleep_until(turn);
}

// A server that has enough has it from all threads.
void ChatEndpoint::hold_back(double seconds, const std::string& fault) {
  const std::lock_guard lock(mutex_);
  if (options_.on_retry) options_.on_retry(fault);
  const auto pause = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  next_turn_ = std::max(next_turn_, Clock::now() + pause);
}

void ask_all(ChatEndpoint& endpoint, const ChatJob& job) {
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<int64_t> next = 0;
  const auto ask_one = [&](int64_t i) {
    std::optional<ChatAnswer> answer;
    try {
      answer = endpoint.ask(job.request(i), job.purpose(i));
    } catch (const Error& fault) {
      if (!job.on_failure) throw;
      const std::lock_guard lock(mutex);
      if (!failure) job.on_failure(i, fault);
      return;
    }
    const std::lock_guard lock(mutex);
    if (!failure) job.on_answer(i, std::move(*answer));
  };
  const auto work = [&] {
    for (int64_t i = next++; i < job.requests; i = next++) {
      try {
        ask_one(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = job.requests;
      }
    }
  };
  std::vector<std::jthread> threads;
  for (int64_t t = 1; t < std::min(job.side_by_side, job.requests); ++t) threads.emplace_back(work);
  work();
  threads.clear();  // joins
  if (failure) std::rethrow_exception(failure);
}

}  // namespace deepscaler
