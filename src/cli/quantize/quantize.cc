// `deepscaler quantize`: a model as a GGUF file, in the formats and mixes of llama.cpp.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <regex>

#include "base/error.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "eval/markdown.h"
#include "export/gguf_file.h"
#include "formats/excerpt.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

struct Options {
  std::string model, output, type, importance;
  std::vector<std::string> tensor_types;
  bool pure = false, allow_requantize = false, dry_run = false;
  int threads = 0;
};

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const FileType& type : file_types()) names.emplace_back(type.name);
  return names;
}

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

// "ffn_down=Q6_K"; the last '=' counts.
TensorRule tensor_rule(const std::string& text) {
  constexpr const char* kOption = "--tensor-type";
  const size_t at = text.rfind('=');
  const auto dtype =
      at == std::string::npos ? std::nullopt : dtype_from_name(upper_case(text.substr(at + 1)));
  if (!dtype || *dtype == DType::kF64) {
    throw Error(kOption, excerpt(text) + " is no REGEX=TYPE", "give a format as in 'ffn_down=Q6_K'");
  }
  const std::string names = text.substr(0, at);
  try {
    const std::regex expression(names);
    return {[expression](const std::string& name) { return std::regex_search(name, expression); }, *dtype};
  } catch (const std::regex_error&) {
    throw Error(kOption, excerpt(names) + " is no regular expression", "correct it");
  }
}

GgufOptions export_options(const Options& options) {
  GgufOptions result;
  result.mix = {.type = find_file_type(options.type), .pure = options.pure};
  for (const std::string& text : options.tensor_types) result.mix.rules.push_back(tensor_rule(text));
  if (!options.importance.empty()) result.importance = read_importance(options.importance);
  result.allow_requantize = options.allow_requantize;
  return result;
}

void require_rules_to_count(const std::vector<std::string>& rules, const GgufExport& file) {
  for (size_t i = 0; i < rules.size(); ++i) {
    if (file.rule_counts(i)) continue;
    throw Error("--tensor-type",
                excerpt(rules[i]) +
                    " changes nothing: it finds no tensor that is quantized and that no earlier rule has",
                "see their names with --dry-run");
  }
}

std::string mib(int64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20)); }

// A row a tensor.
void print_tensors(const std::vector<PlannedTensor>& tensors) {
  std::vector<std::vector<std::string>> rows = {{"tensor", "shape", "from", "to", "size", ""}};
  for (const PlannedTensor& tensor : tensors) {
    rows.push_back(
        {tensor.name, fmt::format("{}", fmt::join(tensor.shape, " x ")),
         std::string(dtype_name(tensor.stored)), std::string(dtype_name(tensor.dtype)), mib(tensor.bytes()),
         tensor.instead_of ? fmt::format("rows are no whole blocks of {}", dtype_name(*tensor.instead_of))
                           : ""});
  }
  fmt::print("{}\n", markdown_table(rows));
}

// A row a format, and the whole.
void print_formats(const std::vector<PlannedTensor>& tensors) {
  struct Part {
    int64_t tensors = 0, elements = 0, bytes = 0;
  };
  std::map<std::string_view, Part> parts;
  Part whole;
  for (const PlannedTensor& tensor : tensors) {
    for (Part* part : {&parts[dtype_name(tensor.dtype)], &whole}) {
      ++part->tensors;
      part->elements += tensor.elements();
      part->bytes += tensor.bytes();
    }
  }
  std::vector<std::vector<std::string>> rows = {{"format", "tensors", "weights", "size", "bits a weight"}};
  const auto add = [&](std::string_view name, const Part& part) {
    rows.push_back(
        {std::string(name), std::to_string(part.tensors), count_text(static_cast<double>(part.elements)),
         mib(part.bytes),
         fmt::format("{:.2f}", 8.0 * static_cast<double>(part.bytes) / static_cast<double>(part.elements))});
  };
  for (const auto& [name, part] : parts) add(name, part);
  add("all", whole);
  std::fputs(markdown_table(rows).c_str(), stdout);
}

void run(const Options& options) {
  if (options.output.empty() && !options.dry_run) throw CLI::RequiredError("--output or --dry-run");
  set_thread_count(options.threads);
  install_stop_signals();
  require_no_run(options.model);
  if (!options.output.empty()) {
    require_new_file(options.output, {options.model, options.importance});
    require_ending(options.output, ".gguf", "name it FILE.gguf");
  }
  const ModelFile source(options.model);
  const GgufExport file(source, export_options(options));
  require_rules_to_count(options.tensor_types, file);
  if (const int64_t count = file.without_importance(); count > 0) {
    log_warning("{}: has nothing of {} matrices, which are quantized without it", options.importance, count);
  }
  if (options.dry_run) print_tensors(file.tensors());
  if (!options.dry_run) {
    int64_t elements = 0;
    for (const PlannedTensor& tensor : file.tensors()) elements += tensor.elements();
    Progress progress("quantizing", "weights", elements);
    file.write(options.output, [&](int64_t done) { progress.update(done); });
  }
  print_formats(file.tensors());
}

}  // namespace

void add_quantize_command(CLI::App& app) {
  auto* command = app.add_subcommand("quantize", "Write a model as a GGUF file, quantized or not");
  auto options = std::make_shared<Options>();
  command->add_option("--model,model", options->model, "Hugging Face folder or GGUF file")->required();
  command
      ->add_option("--type", options->type,
                   "the formats of its matrices, by llama.cpp's names; Q4_K_M is the usual one")
      ->required()
      ->transform(upper_case)
      ->check(CLI::IsMember(type_names()));
  command->add_option("--output", options->output, "the GGUF file to write");
  command->add_option("--imatrix", options->importance,
                      "importance matrix, of `deepscaler imatrix` or llama-imatrix");
  command->add_flag("--pure", options->pure,
                    "one format for all matrices, where its blocks divide their rows");
  command->add_option(
      "--tensor-type", options->tensor_types,
      "REGEX=FORMAT: the format of tensors whose name the expression finds; the first counts");
  command->add_flag("--allow-requantize", options->allow_requantize,
                    "quantize what is quantized already, which loses more");
  command->add_flag("--dry-run", options->dry_run, "only show what each tensor would become");
  command->add_option("--threads", options->threads, "0 for one per core")
      ->check(whole_number(0, 1024))
      ->capture_default_str();
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
