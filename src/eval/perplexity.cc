#include "eval/perplexity.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/parallel.h"
#include "base/signals.h"
#include "model/segments.h"

namespace deepscaler {
namespace {

// ln of a distribution from logits: what is subtracted from each.
struct LogSum {
  double shift;
  size_t top;  // the most likely token
};

LogSum log_sum(std::span<const float> logits) {
  const auto largest = std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - *largest);
  return {*largest + std::log(sum), static_cast<size_t>(largest - logits.begin())};
}

// Mean and standard error of numbers of predictions.
template <class Number>
Estimate mean_of(std::span<const Prediction> predictions, const Number& number) {
  double sum = 0, squares = 0;
  for (const Prediction& p : predictions) sum += number(p);
  const auto n = static_cast<double>(predictions.size());
  const double mean = sum / n;
  for (const Prediction& p : predictions) squares += (number(p) - mean) * (number(p) - mean);
  return {mean, predictions.size() < 2 ? 0 : std::sqrt(squares / (n * (n - 1)))};
}

// The exponential of an estimate.
Estimate exponential(const Estimate& log) {
  const double value = std::exp(log.value);
  return {value, value * log.error};
}

double probability_change(const Prediction& p) { return std::exp(p.log_prob) - std::exp(p.base_log_prob); }

// A model that reads chunks.
class Reader {
 public:
  explicit Reader(const Model& model) : pass_(default_device().make_pass(model)) {}

  void read(const MicroBatch& batch) {
    pass_->reserve(batch.blocks, Contents::kZero);
    pass_->forward(batch.forward, PassPurpose::kInference);
  }
  // [rows, V], until the next call.
  ConstMatrixView logits(std::span<const int64_t> rows) { return pass_->logits(rows); }

 private:
  std::unique_ptr<Pass> pass_;
};

std::span<const float> row_of(ConstMatrixView logits, int64_t row) {
  if (logits.rows == 0) return {};
  return {logits.row(row), static_cast<size_t>(logits.cols)};
}

// The scored tokens of one chunk that both have read.
void predict_chunk(const MicroBatch& batch, Reader& model, Reader* base, std::vector<Prediction>& all) {
  const std::span scored(batch.predicted);
  for (size_t first = 0; first < scored.size(); first += kHeadRows) {
    const auto piece = scored.subspan(first, std::min<size_t>(kHeadRows, scored.size() - first));
    std::vector<int64_t> rows;
    for (const PredictedToken& token : piece) rows.push_back(token.row);
    const ConstMatrixView logits = model.logits(rows);
    const ConstMatrixView base_logits = base ? base->logits(rows) : ConstMatrixView();
    const size_t before = all.size();
    all.resize(before + piece.size());
    parallel_for(std::ssize(piece), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      all[before + at] = predict(row_of(logits, i), row_of(base_logits, i), piece[at].target);
    });
  }
}

}  // namespace

TextChunks text_chunks(const Tokenizer& tokenizer, std::string_view text, int64_t context,
                       const std::string& where) {
  const std::vector<TokenId> around = tokenizer.encode("");
  const bool begins_with_bos = tokenizer.bos() && !around.empty() && around.front() == *tokenizer.bos();
  const std::vector<TokenId> tokens = tokenizer.encode(text, {.special_tokens = SpecialTokens::kLeaveAsText});
  TextChunks chunks;
  for (auto at = tokens.begin(); tokens.end() - at >= context; at += context) {
    chunks.emplace_back(at, at + context);
    if (begins_with_bos) chunks.back().front() = *tokenizer.bos();
  }
  if (chunks.empty()) {
    throw Error(where, fmt::format("has {} tokens, less than a chunk of {}", tokens.size(), context),
                "give a longer text, or a smaller --context");
  }
  return chunks;
}

Prediction predict(std::span<const float> logits, std::span<const float> base, TokenId target) {
  const LogSum sum = log_sum(logits);
  const auto token = static_cast<size_t>(target);
  Prediction prediction{.log_prob = logits[token] - sum.shift};
  if (base.empty()) return prediction;
  const LogSum base_sum = log_sum(base);
  prediction.base_log_prob = base[token] - base_sum.shift;
  prediction.same_top = sum.top == base_sum.top;
  for (size_t i = 0; i < base.size(); ++i) {
    const double log_p = base[i] - base_sum.shift;
    prediction.divergence += std::exp(log_p) * (log_p - (logits[i] - sum.shift));
  }
  return prediction;
}

std::vector<Prediction> predict_text(const Model& model, const Model* base, const TextChunks& chunks,
                                     const std::function<void(int64_t)>& progress) {
  Reader reader(model);
  std::optional<Reader> base_reader;
  if (base != nullptr) base_reader.emplace(*base);
  std::vector<Prediction> predictions;
  for (size_t c = 0; c < chunks.size(); ++c) {
    throw_if_stop_requested();
    const std::span<const TokenId> chunk(chunks[c]);
    const size_t read = chunk.size() / 2 + 1;
    const TokenGroup group{chunk.first(read), {chunk.subspan(read)}};
    const std::vector<MicroBatch> batches = pack_groups({&group, 1}, std::ssize(chunk));
    reader.read(batches.front());
    if (base_reader) base_reader->read(batches.front());
    predict_chunk(batches.front(), reader, base_reader ? &*base_reader : nullptr, predictions);
    if (!std::isfinite(predictions.back().log_prob + predictions.back().divergence)) {
      throw Error(fmt::format("chunk {}", c), "its logits are not finite",
                  "the weights have diverged, or are damaged");
    }
    progress(static_cast<int64_t>(c) + 1);
  }
  return predictions;
}

TextFit text_fit(std::span<const Prediction> predictions) {
  return {std::ssize(predictions),
          exponential(mean_of(predictions, [](const Prediction& p) { return -p.log_prob; }))};
}

Divergence divergence(std::span<const Prediction> predictions) {
  Divergence result;
  result.base_perplexity =
      exponential(mean_of(predictions, [](const Prediction& p) { return -p.base_log_prob; }));
  result.log_ratio = mean_of(predictions, [](const Prediction& p) { return p.base_log_prob - p.log_prob; });
  result.divergence = mean_of(predictions, [](const Prediction& p) { return p.divergence; });
  result.same_top = mean_of(predictions, [](const Prediction& p) { return p.same_top ? 1.0 : 0.0; });
  const Estimate squares =
      mean_of(predictions, [](const Prediction& p) { return probability_change(p) * probability_change(p); });
  const double root = std::sqrt(squares.value);
  result.rms_probability = {root, root > 0 ? squares.error / (2 * root) : 0};

  std::vector<double> sorted;
  for (const Prediction& p : predictions) sorted.push_back(p.divergence);
  std::ranges::sort(sorted);
  const auto at = [&](double share) {
    return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  result.median = at(0.5);
  result.percentile_99 = at(0.99);
  result.largest = sorted.back();
  return result;
}

}  // namespace deepscaler
