#include "train/checkpoint.h"

#include "base/error.h"
#include "base/file.h"

namespace deepscaler {

namespace fs = std::filesystem;

void save_checkpoint(const fs::path& folder, const Model& model, const Tokenizer& tokenizer) {
  const fs::path temporary = folder.string() + ".tmp";
  try {
    fs::remove_all(temporary);
    fs::create_directories(temporary);
    save_hf_model(model, temporary);
    tokenizer.save(temporary);
    write_file_atomically(temporary / "DONE", "");
    fs::remove_all(folder);
    fs::rename(temporary, folder);
  } catch (const fs::filesystem_error& error) {
    throw Error(folder.string(), fmt::format("can't save the checkpoint: {}", error.code().message()),
                "check that the folder is writable and has space left");
  }
}

}  // namespace deepscaler
