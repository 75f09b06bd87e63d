#include "corpus/asking/local_replies.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "data/prompt_encoder.h"
#include "generate/missing_samples.h"
#include "infer/generator.h"
#include "model/model.h"
#include "model/text_ends.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int64_t kMemoryOfKeysAndValues = int64_t{2} << 30;  // bytes

Model load_model(const fs::path& path, const Tokenizer& tokenizer) {
  Model model = Model::load(path, QuantizedAs::kBlocks);
  if (model.is_quantized()) model.compute_in(ComputeType::kF32, Products::kInteger);
  model.end_responses_at(tokenizer.ends());
  return model;
}

// One text for the whole conversation where the model has no chat template.
EncodedPrompt encode(const PromptEncoder& encoder, const ChatQuestion& question) {
  const Json messages = Json::parse(question.messages);
  if (encoder.chat_template() != nullptr) return encoder.encode_messages(messages);
  std::string text;
  for (const Json& message : messages) text += message["content"].get<std::string>() + "\n\n";
  return {encoder.encode_text(text, question.id), false};
}

// Replies by what they depend on, a file each.
class KeptReplies {
 public:
  KeptReplies(fs::path folder, Json common) : folder_(std::move(folder)), common_(std::move(common)) {}

  [[nodiscard]] std::optional<std::string> find(const EncodedPrompt& prompt, uint64_t stream,
                                                int64_t sample) const {
    const fs::path path = path_of(prompt, stream, sample);
    if (folder_.empty() || !fs::exists(path)) return std::nullopt;
    return read_file(path);
  }
  void keep(const EncodedPrompt& prompt, uint64_t stream, int64_t sample, const std::string& text) const {
    if (folder_.empty()) return;
    const fs::path path = path_of(prompt, stream, sample);
    fs::create_directories(path.parent_path());
    write_file_atomically(path, text);
  }

 private:
  [[nodiscard]] fs::path path_of(const EncodedPrompt& prompt, uint64_t stream, int64_t sample) const {
    Json parts = common_;
    parts["prompt"] = prompt.tokens;
    parts["stream"] = stream;
    parts["sample"] = sample;
    const std::string hash = sha256_hex(parts.dump());
    return folder_ / hash.substr(0, 2) / (hash + ".txt");
  }

  fs::path folder_;
  Json common_;
};

}  // namespace

std::vector<Replies> ask_local(const ChatModelConfig& config, std::span<const ChatQuestion> questions,
                               const Asking& asking) {
  const fs::path path = asking.root / config.model;
  const Tokenizer tokenizer = load_tokenizer(path);
  const PromptEncoder encoder(tokenizer, {});
  const Model model = load_model(path, tokenizer);
  Generator generator(model, kMemoryOfKeysAndValues);
  const GenerationOptions options = {.sampling = {.temperature = static_cast<float>(config.temperature),
                                                  .max_response_tokens = config.max_response_tokens},
                                     .seed = asking.seed};
  const KeptReplies kept(asking.kept, {{"model", model.hash()},
                                       {"kernels", default_device().name()},
                                       {"temperature", config.temperature},
                                       {"max_response_tokens", config.max_response_tokens},
                                       {"seed", asking.seed}});

  std::vector<Replies> all(questions.size());
  std::vector<EncodedPrompt> prompts(questions.size());
  std::vector<std::vector<bool>> has(questions.size());
  int64_t ended = 0;
  const auto enter = [&](size_t q, int64_t sample, std::string text) {
    all[q].texts[static_cast<size_t>(sample)] = std::move(text);
    has[q][static_cast<size_t>(sample)] = true;
    asking.progress(++ended / config.samples);
  };
  const int64_t room =
      std::min(generator.most_positions(), model.config().context) - config.max_response_tokens;
  for (size_t q = 0; q < questions.size(); ++q) {
    all[q].texts.resize(static_cast<size_t>(config.samples));
    has[q].assign(static_cast<size_t>(config.samples), false);
    prompts[q] = encode(encoder, questions[q]);
    if (const auto length = std::ssize(prompts[q].tokens); length > room) {
      all[q].too_long = fmt::format("its prompt of {} tokens leaves no room for {} of a reply", length,
                                    config.max_response_tokens);
      has[q].assign(static_cast<size_t>(config.samples), true);
      ended += config.samples;
      continue;
    }
    for (int64_t sample = 0; sample < config.samples; ++sample) {
      if (auto text = kept.find(prompts[q], hash_name(questions[q].id), sample))
        enter(q, sample, std::move(*text));
    }
  }
  const SampleBatch batch = {
      .items = std::ssize(questions),
      .samples = config.samples,
      .request =
          [&](int64_t q) {
            const auto at = static_cast<size_t>(q);
            return GenerationRequest{.prompt = prompts[at].tokens,
                                     .stream = hash_name(questions[at].id),
                                     .name = questions[at].id};
          },
      .has =
          [&](SampleName name) {
            return has[static_cast<size_t>(name.item)][static_cast<size_t>(name.sample)];
          }};
  generate_missing(generator, batch, options, [&](SampleName name, Generation&& generation) {
    const auto q = static_cast<size_t>(name.item);
    std::string text = prompts[q].opened_thinking ? "<think>\n" : "";
    text += tokenizer.decode(generation.tokens, {.skip_special_tokens = true});
    kept.keep(prompts[q], hash_name(questions[q].id), name.sample, text);
    enter(q, name.sample, std::move(text));
  });
  return all;
}

}  // namespace deepscaler
