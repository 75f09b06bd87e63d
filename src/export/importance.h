// An importance matrix: how large the inputs of each matrix are, column by column, over some text. Quantizing
// then keeps errors small where inputs are large. Files are llama.cpp's (tools/imatrix, the GGUF form).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace deepscaler {

struct ImportanceMatrix {
  struct Inputs {
    std::vector<float> squares;  // [in]: sums over tokens of the input's squares
    float count = 0;             // tokens
  };

  std::string file;                   // it came from
  std::vector<std::string> datasets;  // names of the texts
  int64_t chunks = 0, chunk_tokens = 0;
  std::map<std::string, Inputs> inputs;  // by the matrix's name in GGUF files

  // The mean squares of a matrix's inputs; empty where it is not there. Throws Error naming the file where it
  // has another number of columns.
  [[nodiscard]] std::vector<float> columns(const std::string& name, int64_t cols) const;
};

// Throws Error naming file and tensor.
[[nodiscard]] ImportanceMatrix read_importance(const std::filesystem::path& path);
void write_importance(const ImportanceMatrix& importance, const std::filesystem::path& path);

}  // namespace deepscaler
