#include "tables/csv.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/error.h"
#include "formats/excerpt.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& name) : text_(text), name_(name) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
    const std::string_view names = text_.substr(0, text_.find('\n'));
    const auto count = [&](char c) { return std::ranges::count(names, c); };
    for (const char c : {';', '\t'}) {
      if (count(c) > count(separator_)) separator_ = c;
    }
  }

  // The fields of the next record; nothing at the end.
  std::optional<std::vector<std::string>> next() {
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) pass();
    if (at_ == text_.size()) return std::nullopt;
    first_line_ = line_;
    std::vector<std::string> fields;
    do {
      const bool opens_quote = at_ < text_.size() && text_[at_] == '"';
      fields.push_back(opens_quote ? quoted() : plain());
    } while (took_separator());
    return fields;
  }

  [[nodiscard]] std::string where() const { return fmt::format("{}:{}", name_, first_line_); }

 private:
  void pass() {
    if (text_[at_++] == '\n') ++line_;
  }
  [[nodiscard]] bool ends_field() const {
    return at_ == text_.size() || text_[at_] == separator_ || text_[at_] == '\n' || text_[at_] == '\r';
  }
  bool took_separator() {
    if (at_ == text_.size() || text_[at_] != separator_) return false;
    ++at_;
    return true;
  }
  std::string plain() {
    const size_t begin = at_;
    while (!ends_field()) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }
  std::string quoted() {
    const size_t opened = line_;
    std::string field;
    pass();
    while (at_ < text_.size()) {
      const char c = text_[at_];
      pass();
      if (c == '"') {
        if (at_ == text_.size() || text_[at_] != '"') {
          if (ends_field()) return field;
          throw Error(fmt::format("{}:{}", name_, line_), "has text after a closing quote",
                      "double the quotes that belong to a field");
        }
        pass();
      }
      field += c;
    }
    throw Error(fmt::format("{}:{}", name_, opened), "opens a quote that is never closed",
                "close it, or double the quotes that belong to a field");
  }

  std::string_view text_;
  const std::string& name_;
  char separator_ = ',';
  size_t at_ = 0;
  size_t line_ = 1, first_line_ = 1;
};

void check_names(const std::vector<std::string>& names, const std::string& where) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      throw Error(where, fmt::format("has no name for column {}", i + 1),
                  "name every column in the first line");
    }
    if (std::ranges::count(names, names[i]) > 1) {
      throw Error(where, fmt::format("names the column {} twice", excerpt(names[i])), "rename one of them");
    }
  }
}

}  // namespace

void for_each_csv_row(std::string_view text, const std::string& name, const OnRow& on_row) {
  if (const size_t valid = valid_utf8_prefix(text); valid < text.size()) {
    throw Error(fmt::format("{}: byte {}", name, valid), "is not UTF-8", "save the file as UTF-8");
  }
  CsvReader reader(text, name);
  const auto names = reader.next();
  if (!names) return;
  check_names(*names, reader.where());
  while (auto fields = reader.next()) {
    if (fields->size() != names->size()) {
      throw Error(reader.where(),
                  fmt::format("has {} fields where the first line names {}", fields->size(), names->size()),
                  "put fields that hold separators or line breaks into double quotes");
    }
    nlohmann::ordered_json row = nlohmann::ordered_json::object();
    for (size_t i = 0; i < names->size(); ++i) row[(*names)[i]] = std::move((*fields)[i]);
    on_row(row, reader.where());
  }
}

}  // namespace deepscaler
