#include "formats/lfs_pointer.h"

#include "base/error.h"

namespace deepscaler {

void refuse_lfs_pointer(std::string_view text, const std::string& where) {
  if (!text.starts_with("version https://git-lfs.github.com/spec/")) return;
  throw Error(where, "is a Git LFS pointer, not the file itself",
              "run `git lfs pull` in its folder, or download it");
}

}  // namespace deepscaler
