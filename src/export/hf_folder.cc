#include "export/hf_folder.h"

#include "base/error.h"

namespace deepscaler {

namespace fs = std::filesystem;

void write_hf_folder(const Model& model, const Tokenizer& tokenizer, DType dtype, const fs::path& folder) {
  fs::path target = fs::absolute(folder).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "model/"
  const fs::path temporary = target.string() + ".tmp";
  try {
    if (fs::exists(target) && !(fs::is_directory(target) && fs::is_empty(target))) {
      throw Error(folder.string(), "is there already and not empty", "choose another --output");
    }
    if (fs::exists(temporary)) {
      throw Error(temporary.string(), "is in the way: the folder is written under this name first",
                  "remove it, if it is what a run that was cut off left, or choose another --output");
    }
    fs::create_directories(temporary);
    try {
      save_hf_model(model, temporary, dtype);
      tokenizer.save(temporary);
      fs::remove(target);  // at most an empty folder
      fs::rename(temporary, target);
    } catch (...) {
      std::error_code ignored;  // the first fault is the one to tell
      fs::remove_all(temporary, ignored);
      throw;
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(folder.string(), fmt::format("can't write: {}", error.code().message()),
                "check that the folder is writable and has space left");
  }
}

}  // namespace deepscaler
