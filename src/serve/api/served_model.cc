#include "serve/api/served_model.h"

#include <fmt/format.h>

#include "model/device.h"

namespace deepscaler {

ServedModel::ServedModel(const Model& its_model, const Tokenizer& its_tokenizer, std::string its_name)
    : model(its_model),
      tokenizer(its_tokenizer),
      encoder(its_tokenizer, {}),
      marks(its_tokenizer),
      tokens(its_tokenizer, its_model.config().vocabulary, its_model.config().eos),
      name(std::move(its_name)) {
  hash = its_model.hash();
  fingerprint = fmt::format("{}-{}-{}", hash.substr(0, 16), compute_type_name(its_model.compute_type()),
                            default_device().name());
  if (its_model.is_quantized()) fingerprint += fmt::format("-{}", products_name(its_model.products()));
  if (its_model.stores_keys_values_in_q8()) fingerprint += "-q8_0";
  most_positions = its_model.config().context;
}

void ServedModel::require_name(const Json& request) const {
  const auto asked = RequestFields(request).text("model");
  if (!asked || asked->empty() || *asked == name || *asked == name + ":latest") return;
  throw RequestError(404, fmt::format("there is no such model; this server has {}", name), "model");
}

}  // namespace deepscaler
