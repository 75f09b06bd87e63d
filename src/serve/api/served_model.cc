#include "serve/api/served_model.h"

#include <fmt/format.h>

#include "model/device.h"

namespace deepscaler {

ServedModel::ServedModel(const Model& served, const Tokenizer& tokens, std::string its_name)
    : model(served), tokenizer(tokens), encoder(tokens, {}), marks(tokens), name(std::move(its_name)) {
  hash = served.hash();
  fingerprint = fmt::format("{}-{}-{}", hash.substr(0, 16), compute_type_name(served.compute_type()),
                            default_device().name());
  if (served.is_quantized()) fingerprint += fmt::format("-{}", products_name(served.products()));
  if (served.stores_keys_values_in_q8()) fingerprint += "-q8_0";
  most_positions = served.config().context;
}

void ServedModel::require_name(const Json& request) const {
  const auto asked = RequestFields(request).text("model");
  if (!asked || asked->empty() || *asked == name || *asked == name + ":latest") return;
  throw RequestError(404, fmt::format("there is no such model; this server has {}", name), "model");
}

}  // namespace deepscaler
