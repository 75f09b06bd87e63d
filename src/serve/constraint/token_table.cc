#include "serve/constraint/token_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace deepscaler {
namespace {

// How many characters a text has, if they are whole and stand in a string as they are.
std::optional<uint32_t> plain_characters(const JsonSchema& any, std::string_view text) {
  JsonProgress progress(any);
  if (!progress.push('"')) return std::nullopt;
  for (char byte : text)
    if (byte == '"' || byte == '\\' || !progress.push(byte)) return std::nullopt;
  const auto room = progress.room_in_string();
  return room ? std::optional(UINT32_MAX - *room) : std::nullopt;
}

}  // namespace

TokenTable::TokenTable(const Tokenizer& tokenizer, int64_t vocabulary, std::vector<int32_t> ends)
    : bytes_(static_cast<size_t>(vocabulary)), ends_(std::move(ends)) {
  for (int32_t token = 0; token < vocabulary; ++token) {
    const bool is_end = std::ranges::count(ends_, token) > 0;
    if (!is_end) going_on_.push_back(token);
    if (token >= tokenizer.size() || is_end || tokenizer.is_special(token)) continue;
    std::string& bytes = bytes_[static_cast<size_t>(token)] = tokenizer.token_bytes(token);
    if (bytes.empty() || tokenizer.is_added(token)) continue;
    longest_ = std::max(longest_, bytes.size());
    sorted_.push_back({token, 0});
  }
  const JsonSchema any = JsonSchema::any_value();
  for (const Entry& entry : sorted_) {
    if (const auto characters = plain_characters(any, bytes(entry.token)))
      plain_.push_back({entry.token, *characters});
    else
      others_.push_back(entry);
  }
  share(sorted_, bytes_);
  share(others_, bytes_);
  const auto think = tokenizer.find("<think>");
  if (think && *think < vocabulary && bytes(*think) == "<think>") opens_thoughts_ = *think;
}

void TokenTable::require_all_bytes() const {
  constexpr std::string_view kRemedy = "ask for text";
  if (ends_.empty()) throw Error("the model", "has no token that ends a response", kRemedy);
  std::vector<bool> there(256);
  for (const Entry& entry : sorted_) {
    const std::string_view own = bytes(entry.token);
    if (own.size() == 1) there[static_cast<uint8_t>(own[0])] = true;
  }
  // Printable ASCII, and what a character of several bytes goes on with.
  for (size_t byte = 0x20; byte < 0xc0; ++byte) {
    if (byte != 0x7f && !there[byte])
      throw Error("the model", fmt::format("has no token for the byte 0x{:02x} alone", byte), kRemedy);
  }
}

// Sorts by bytes.
void TokenTable::share(std::vector<Entry>& entries, const std::vector<std::string>& bytes) {
  const auto bytes_of = [&](const Entry& entry) -> const std::string& {
    return bytes[static_cast<size_t>(entry.token)];
  };
  std::ranges::sort(entries, [&](const Entry& a, const Entry& b) { return bytes_of(a) < bytes_of(b); });
  for (size_t i = 1; i < entries.size(); ++i) {
    const std::string &before = bytes_of(entries[i - 1]), &own = bytes_of(entries[i]);
    entries[i].shared = static_cast<uint32_t>(std::ranges::mismatch(before, own).in1 - before.begin());
  }
}

void TokenTable::walk(std::span<const Entry> entries, const JsonProgress& progress,
                      std::vector<bool>& is_allowed) const {
  // After each of the bytes of the entry before that may come; the first is before them.
  std::vector<JsonProgress> after(longest_ + 1, progress);
  size_t taken = 0;
  for (const Entry& entry : entries) {
    if (entry.shared > taken) continue;  // it has the byte that may not come
    taken = entry.shared;
    const std::string_view own = bytes(entry.token);
    while (taken < own.size()) {
      after[taken + 1] = after[taken];
      if (!after[taken + 1].push(own[taken])) break;
      ++taken;
    }
    if (taken == own.size()) is_allowed[static_cast<size_t>(entry.token)] = true;
  }
}

std::vector<int32_t> TokenTable::allowed(const JsonProgress& progress) const {
  std::vector<bool> is_allowed(bytes_.size());
  if (const auto room = progress.room_in_string()) {
    for (const Plain& plain : plain_)
      if (plain.characters <= *room) is_allowed[static_cast<size_t>(plain.token)] = true;
    walk(others_, progress, is_allowed);
  } else {
    walk(sorted_, progress, is_allowed);
  }
  if (progress.is_whole())
    for (int32_t end : ends_) is_allowed[static_cast<size_t>(end)] = true;
  std::vector<int32_t> tokens;
  for (size_t token = 0; token < is_allowed.size(); ++token)
    if (is_allowed[token]) tokens.push_back(static_cast<int32_t>(token));
  return tokens;
}

}  // namespace deepscaler
