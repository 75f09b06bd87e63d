// `deepscaler inspect`: what a model is made of, and the memory it takes.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/progress.h"
#include "cli/commands.h"
#include "eval/markdown.h"
#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "model/adapter_file.h"
#include "model/kv_cache.h"
#include "model/memory_plan.h"
#include "model/model.h"
#include "model/text_ends.h"
#include "ops/attention/attention_q8.h"
#include "run/own_files.h"
#include "text/chat/chat_template.h"
#include "text/tokenizer/tokenizer.h"
#include "train/optimizers/adamw.h"

namespace deepscaler {
namespace {

template <class... Args>
void line(std::string_view name, fmt::format_string<Args...> format, Args&&... args) {
  std::printf("%s\n",
              fmt::format("{:<20}{}", name, fmt::format(format, std::forward<Args>(args)...)).c_str());
}

std::string mib(int64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20)); }

std::string_view format_of(const StoredTensor& tensor) {
  return tensor.other_type.empty() ? dtype_name(tensor.dtype) : tensor.other_type;
}

// "12 in F32, 210 in Q4_K; 98.7 MiB".
std::string stored_text(const StoredTensors& tensors) {
  std::map<std::string_view, int64_t> counts;
  int64_t bytes = 0;
  for (const StoredTensor& tensor : tensors.all()) {
    ++counts[format_of(tensor)];
    bytes += std::ssize(tensor.bytes);
  }
  std::string text;
  for (const auto& [name, count] : counts) {
    text += fmt::format("{}{} in {}", text.empty() ? "" : ", ", count, name);
  }
  return fmt::format("{}; {}", text, mib(bytes));
}

// A row a tensor, in the order of the file.
void show_tensors(const StoredTensors& tensors) {
  std::vector<std::vector<std::string>> rows = {{"tensor", "shape", "format", "size"}};
  for (const StoredTensor& tensor : tensors.all()) {
    rows.push_back({tensor.name, fmt::format("{}", fmt::join(tensor.shape, " x ")),
                    std::string(format_of(tensor)), mib(std::ssize(tensor.bytes))});
  }
  std::printf("\n%s", markdown_table(rows).c_str());
}

// Calls show(tensors) with what is in the file or folder.
template <class Show>
void with_tensors(const std::filesystem::path& path, const Show& show) {
  if (std::filesystem::is_directory(path)) {
    show(SafetensorsFolder(path).tensors());
  } else {
    show(GgufFile(path).tensors());
  }
}

std::string token_text(const Tokenizer& tokenizer, int32_t id) {
  return fmt::format("{} {}", id, tokenizer.token_bytes(id));
}

void show_architecture(const ModelConfig& c, const Model& model) {
  line("architecture", "{}", architecture_name(c.architecture));
  line("parameters", "{} ({})", count_text(static_cast<double>(model.table().count())),
       model.table().count());
  line("layers", "{}", c.layers);
  line("width", "{}, feed-forward {}", c.hidden, c.feed_forward);
  line("attention heads", "{}, key/value heads {}, {} wide", c.attention.heads, c.attention.kv_heads,
       c.attention.head_dim);
  line("vocabulary", "{}, LM head {}", c.vocabulary,
       c.tied_embeddings ? "tied to the embedding" : "of its own");
  line("context", "{} tokens", c.context);
  const std::string scaling = rope_scaling_text(c.rope_scaling);
  line("RoPE", "theta {}{}{}", c.rope_theta, scaling.empty() ? "" : ", ", scaling);
  line("activation", "{}", activation_name(c.activation));
}

void show_text(const ModelConfig& c, const Tokenizer& tokenizer) {
  line("tokenizer", "byte-level BPE, {} tokens", tokenizer.size());
  if (tokenizer.bos()) line("begins a text", "{}", token_text(tokenizer, *tokenizer.bos()));
  for (const TextEnd& end : find_text_ends(c, tokenizer))
    line("ends a text", "{}", text_end_text(end, tokenizer));
  const auto& source = tokenizer.chat_template();
  line("chat template", "{}", source ? fmt::format("{} characters", source->size()) : "none");
  if (source) {
    const auto messages = nlohmann::ordered_json::array({{{"role", "user"}, {"content", "Hi"}}});
    const std::string text =
        ChatTemplate(*source).render(messages, GenerationPrompt::kAdd, template_variables(tokenizer));
    line("opens <think>", "{}", opens_think(text) ? "yes" : "no");
  }
}

// Of the quantized matrices alone.
int64_t bytes_in_blocks(const StoredTensors& tensors) {
  int64_t bytes = 0;
  for (const StoredTensor& tensor : tensors.all()) {
    if (tensor.other_type.empty() && block_elements(tensor.dtype) > 1) bytes += std::ssize(tensor.bytes);
  }
  return bytes;
}

// Of the weights to generate with them: quantized ones stay so.
int64_t bytes_in_use(const Model& model, const StoredTensors& tensors) {
  return bytes_in_blocks(tensors) + model.table().size() * static_cast<int64_t>(sizeof(float));
}

std::string kib_of_token(const ModelConfig& c, KvStore store) {
  const auto bytes = static_cast<double>(KvCache::block_bytes(attention_shape(c, store), c.layers));
  return fmt::format("{:.1f} KiB", bytes / kKeysPerBlock / 1024);
}

void show_memory(const Model& model, const StoredTensors& tensors) {
  const ModelConfig& c = model.config();
  const auto of_training = [&](int64_t rows) {
    return plan_memory(c, {}, {.rows = rows, .optimizer_bytes = adamw_memory(ParameterTable(c))}, {}).total();
  };
  const int64_t token = KvCache::block_bytes(attention_shape(c, KvStore::kF32), c.layers) / kKeysPerBlock;
  if (model.is_quantized())
    line("quantized weights", "{}, as they are used",
         mib(bytes_in_use(model.base() ? *model.base() : model, tensors)));
  line("weights", "{} in f32; half as much again to compute in bf16",
       mib(plan_memory(c, {}, {}, {}).total()));
  line(
      "to generate", "weights, and {} a token for keys and values ({} for a full context), half in bf16{}",
      kib_of_token(c, KvStore::kF32), mib(token * c.context),
      c.attention.head_dim % kQ8Run == 0 ? fmt::format(", {} in q8_0", kib_of_token(c, KvStore::kQ8_0)) : "");
  line("to train", "{} with micro-batches of 1024 rows, {} of 2048 (see `deepscaler plan`)",
       mib(of_training(1024)), mib(of_training(2048)));
}

struct Options {
  std::string model;
  bool tensors = false;
};

void run(const Options& options) {
  require_no_run(options.model);
  const bool adapted = is_adapter(options.model);
  const std::filesystem::path path =
      adapted ? adapter_base(options.model) : std::filesystem::path(options.model);
  const Tokenizer tokenizer = Tokenizer::load(path);
  const Model model = Model::load(options.model, QuantizedAs::kBlocks);
  if (adapted) {
    line("adapter", "of rank {} over {}, {} in f32", model.lora().rank, path.string(),
         mib(model.table().size() * static_cast<int64_t>(sizeof(float))));
  }
  show_architecture(model.config(), model);
  with_tensors(path,
               [](const StoredTensors& tensors) { line("stored tensors", "{}", stored_text(tensors)); });
  show_text(model.config(), tokenizer);
  with_tensors(path, [&](const StoredTensors& tensors) { show_memory(model, tensors); });
  line("model", "{}", model.hash());
  if (options.tensors) with_tensors(path, show_tensors);
}

}  // namespace

void add_inspect_command(CLI::App& app) {
  auto* command = app.add_subcommand("inspect", "What a model is made of, and the memory it takes");
  auto options = std::make_shared<Options>();
  command->add_option("--model,model", options->model, "Hugging Face folder or GGUF file")->required();
  command->add_flag("--tensors", options->tensors, "list the stored tensors too, with shape and format");
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
