// Which program this is, and what it finds here.
#pragma once

#include <string>

namespace deepscaler {

// The commit that it was built from, "bc93af5de9a1", with "+" where files differed from it; "unknown" where
// it was built outside of a repository.
[[nodiscard]] std::string commit();

// What --version prints: the version, the commit, the verifier, the kernels that this CPU can run, best
// first, and the devices that models compute on.
[[nodiscard]] std::string version_text();

}  // namespace deepscaler
