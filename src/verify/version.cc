#include "verify/version.h"

namespace deepscaler {

std::string verifier_version() { return DEEPSCALER_VERSION "+" DEEPSCALER_VERIFIER_SOURCES; }

}  // namespace deepscaler
