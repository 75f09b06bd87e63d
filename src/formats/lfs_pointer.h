// What a clone without Git LFS leaves in place of a large file: three lines that name it
// (github.com/git-lfs/git-lfs, docs/spec.md).
#pragma once

#include <string>
#include <string_view>

namespace deepscaler {

// Throws Error naming `where` if `text`, the bytes of a file, is such a pointer.
void refuse_lfs_pointer(std::string_view text, const std::string& where);

}  // namespace deepscaler
