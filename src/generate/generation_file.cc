#include "generate/generation_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "data/grading.h"

namespace deepscaler {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kRemedy = "use the same input and settings, or another --output";

SampleLines our_lines() {
  return {.beginnings = {R"({"index":)"},
          .item = "prompt",
          .item_key = "index",
          .owner = "`generate`",
          .remedy = kRemedy};
}

std::vector<std::string_view> lines_of(std::string_view bytes) {
  std::vector<std::string_view> lines;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) lines.push_back(line);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  return lines;
}

}  // namespace

GenerationFile::GenerationFile(std::filesystem::path path, GenerationJob job, Generator& generator,
                               const PromptEncoder& encoder)
    : job_(std::move(job)),
      generator_(generator),
      encoder_(encoder),
      stop_(encoder.tokenizer(), job_.settings.stop),
      settings_(
          std::make_unique<const ordered_json>(settings_of_lines(job_.settings, generator.model(), encoder))),
      file_(std::move(path), our_lines(), std::ssize(job_.prompts), job_.samples) {
  require_fewer_responses("generation", std::ssize(job_.prompts), job_.samples);
}

GenerationFile::~GenerationFile() = default;

void GenerationFile::resume() {
  file_.resume([&](const ordered_json& line, const std::string& where) {
    const SampleName name = file_.name_in(line, where);
    check_prompt(line, name.item, where);
    check_settings(line, where);
    remember(name, where);
  });
}

void GenerationFile::check_prompt(const ordered_json& line, int64_t prompt, const std::string& where) const {
  const Prompt& ours = job_.prompts[static_cast<size_t>(prompt)];
  if (read_token_ids(line, "prompt_token_ids", where) != ours.tokens ||
      (line.contains("id") ? line["id"].dump() : "null") != ours.id) {
    throw Error(where, fmt::format("has another prompt or id than {}", ours.where), kRemedy);
  }
}

void GenerationFile::check_settings(const ordered_json& line, const std::string& where) const {
  const bool graded = line.contains("correct");
  if (graded == job_.problems.empty()) {
    throw Error(where,
                graded ? "was graded, and this run grades nothing" : "was not graded, and this run grades",
                kRemedy);
  }
  const json now = json(*settings_).flatten();
  json made = json::object();
  for (const auto& [key, value] : settings_->items()) {
    if (line.contains(key)) made[key] = line[key];
  }
  const json before = made.flatten();
  json all = now;
  all.update(before);
  const auto value_of = [](const json& keys, const std::string& key) {
    return keys.contains(key) ? keys[key].dump() : "nothing";
  };
  for (const auto& [key, value] : all.items()) {
    if (value_of(before, key) == value_of(now, key)) continue;
    throw Error(where,
                fmt::format("was made with {} for {}, and this run has {}", value_of(before, key),
                            key.substr(1), value_of(now, key)),
                kRemedy);
  }
}

void GenerationFile::remember(SampleName name, const std::string& where) {
  if (!file_.remember(name)) {
    throw Error(where, fmt::format("is sample {} of prompt {} a second time", name.sample, name.item),
                "remove one of the two lines");
  }
  order_.push_back(name);
}

void GenerationFile::fill(const GenerationProgress& progress) {
  GenerationOptions options = job_.settings.options;
  options.stop = &stop_;
  const SampleBatch batch = {.items = std::ssize(job_.prompts),
                             .samples = job_.samples,
                             .request =
                                 [&](int64_t p) {
                                   const Prompt& prompt = job_.prompts[static_cast<size_t>(p)];
                                   return GenerationRequest{.prompt = prompt.tokens,
                                                            .stream = stream_of(prompt),
                                                            .name = prompt.where};
                                 },
                             .has = [&](SampleName name) { return file_.has(name); }};
  Generator::OnTokens on_tokens;
  if (progress.tokens) on_tokens = [&](auto tokens) { progress.tokens(std::ssize(tokens)); };
  generate_missing(
      generator_, batch, options,
      [&](SampleName name, Generation&& generation) {
        add(name, generation);
        if (progress.finished) progress.finished(responses());
      },
      on_tokens);
  put_in_order();
}

void GenerationFile::add(SampleName name, const Generation& generation) {
  const Prompt& prompt = job_.prompts[static_cast<size_t>(name.item)];
  const std::string text = encoder_.tokenizer().decode(generation.tokens, {.skip_special_tokens = true});
  ordered_json line = {{"index", name.item},
                       {"id", ordered_json::parse(prompt.id)},
                       {"sample", name.sample},
                       {"text", stop_.cut(text)},
                       {"prompt_token_ids", prompt.tokens},
                       {"token_ids", generation.tokens},
                       {"logprobs", generation.log_probs},
                       {"finish_reason", finish_reason_name(generation.finish_reason)},
                       {"prompt_opened_thinking", prompt.opened_thinking}};
  if (!job_.problems.empty()) {
    const Problem& problem = job_.problems[static_cast<size_t>(name.item)];
    const Verdict verdict =
        grade_response(problem, line["text"].get_ref<const std::string&>(), prompt.opened_thinking);
    line["problem"] = problem.problem;
    line["correct"] = verdict.undecided ? ordered_json() : ordered_json(verdict.correct);
  }
  line.update(*settings_);
  file_.write(line);
  remember(name, file_.path().string());
}

void GenerationFile::put_in_order() {
  if (std::ranges::is_sorted(order_) || !std::filesystem::is_regular_file(file_.path())) return;
  AtomicFile sorted(file_.path());
  {
    const MappedFile file(file_.path());
    const auto lines = lines_of({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
    DEEPSCALER_CHECK(lines.size() == order_.size());
    std::vector<size_t> by_name(lines.size());
    for (size_t i = 0; i < by_name.size(); ++i) by_name[i] = i;
    std::ranges::sort(by_name, {}, [&](size_t i) { return order_[i]; });
    for (size_t i : by_name) sorted.write(std::string(lines[i]) + "\n");
  }
  sorted.commit();
  std::ranges::sort(order_);
}

}  // namespace deepscaler
