#include "cli/bench/bench_texts.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/jsonl.h"

namespace deepscaler {

std::vector<std::string> read_bench_texts(const std::string& path) {
  std::vector<std::string> texts;
  JsonlReader lines(path);
  for (nlohmann::json line; lines.next(line);) {
    if (!line.is_object() || !line.contains("text") || !line["text"].is_string()) {
      throw Error(lines.where(), "has no text", R"(a line is {"text": ...})");
    }
    texts.push_back(line["text"]);
  }
  if (texts.empty()) throw Error(path, "holds no texts", R"(give lines {"text": ...})");
  return texts;
}

}  // namespace deepscaler
