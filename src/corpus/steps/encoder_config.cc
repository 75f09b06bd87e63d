#include "corpus/steps/encoder_config.h"

#include "base/config.h"
#include "base/error.h"
#include "embed/sentence_encoder.h"
#include "model/device.h"

namespace deepscaler {

void bind(ConfigSection& s, EncoderConfig& c) {
  s.field("encoder", c.folder, "the folder of all-MiniLM-L6-v2, for embeddings");
  s.field("cosine", c.cosine, "cosine above which embeddings count as the same").range(0, 1);
}

void require_encoder(const EncoderConfig& config, const std::string& where) {
  if (!config.folder.empty()) return;
  throw Error(where + ".encoder", "is empty, and the rule \"embeddings\" needs it",
              "name the folder that `deepscaler fetch sentence-transformers/all-MiniLM-L6-v2` prints");
}

std::pair<std::string, std::string> encoder_version() { return {"kernels", default_device().name()}; }

std::vector<std::filesystem::path> encoder_files(const EncoderConfig& config, const StepContext& context) {
  return SentenceEncoder::files(from_root(context, config.folder));
}

}  // namespace deepscaler
