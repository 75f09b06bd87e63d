// Filters over the items of a value, as jinja2's filters.py has them.
#include <algorithm>

#include "text/jinja/python_text.h"
#include "text/jinja/template_filter_table.h"
#include "text/jinja/template_operators.h"

namespace deepscaler::jinja {
namespace {

// What an item is compared by: itself or an attribute, texts without regard to case unless told otherwise.
struct Key {
  const Value* attribute = nullptr;
  bool case_sensitive = false;

  [[nodiscard]] Value of(const Value& item) const {
    Value key = attribute ? at_path(item, *attribute) : item;
    return key.is_text() && !case_sensitive ? Value::text(lower(key.str())) : key;
  }
};

// Sorts by keys worked out once. Descending order keeps equal ones in their order too, as Python does.
std::vector<Value> sorted_by(const std::vector<Value>& items, const std::vector<Value>& keys,
                             bool descending) {
  std::vector<size_t> order(items.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    return descending ? less(keys[b], keys[a]) : less(keys[a], keys[b]);
  });
  std::vector<Value> sorted;
  for (const size_t i : order) sorted.push_back(items[i]);
  return sorted;
}

Value filter_sort(const Value& value, const Arguments& arguments) {
  const std::vector<Value> items = iterate(value);
  const Value* attribute = arguments.find(2, "attribute");
  const bool case_sensitive = arguments.flag(1, "case_sensitive");
  std::vector<Value> keys;
  for (const Value& item : items) {
    if (!attribute || !attribute->is_text()) {
      keys.push_back(Key{attribute, case_sensitive}.of(item));
      continue;
    }
    // "a,b" sorts by one after the other.
    std::vector<Value> parts;
    for (const std::string& name : split(attribute->str(), ",", std::nullopt)) {
      const Value path = Value::text(std::string(strip(name)));
      parts.push_back(Key{&path, case_sensitive}.of(item));
    }
    keys.push_back(Value::list(std::move(parts)));
  }
  return Value::list(sorted_by(items, keys, arguments.flag(0, "reverse")));
}

Value filter_dictsort(const Value& value, const Arguments& arguments) {
  if (!value.is_dict()) throw Fault("dictsort of what is no dict");
  const std::string_view by = arguments.text(1, "by").value_or("key");
  if (by != "key" && by != "value") throw Fault("dictsort sorts by 'key' or 'value'");
  std::vector<Value> items, keys;
  const Key key = {.case_sensitive = arguments.flag(0, "case_sensitive")};
  for (const auto& [name, entry] : value.object().entries) {
    items.push_back(Value::tuple({Value::text(name), entry}));
    keys.push_back(key.of(by == "key" ? Value::text(name) : entry));
  }
  return Value::list(sorted_by(items, keys, arguments.flag(2, "reverse")));
}

Value filter_unique(const Value& value, const Arguments& arguments) {
  const Key key = {arguments.find(1, "attribute"), arguments.flag(0, "case_sensitive")};
  std::vector<Value> kept, seen;
  for (const Value& item : iterate(value)) {
    Value now = key.of(item);
    if (std::ranges::any_of(seen, [&](const Value& before) { return equal(before, now); })) continue;
    seen.push_back(std::move(now));
    kept.push_back(item);
    constexpr size_t kMost = 10000;  // each is compared with all before it
    if (seen.size() > kMost) throw Fault("unique of more than 10000 different items");
  }
  return Value::list(std::move(kept));
}

template <bool kLargest>
Value filter_extreme(const Value& value, const Arguments& arguments) {
  const Key key = {arguments.find(1, "attribute"), arguments.flag(0, "case_sensitive")};
  const std::vector<Value> items = iterate(value);
  if (items.empty()) return Value::undefined("No aggregated item, sequence was empty.");
  size_t best = 0;
  for (size_t i = 1; i < items.size(); ++i) {
    const Value a = key.of(items[i]), b = key.of(items[best]);
    if (kLargest ? less(b, a) : less(a, b)) best = i;
  }
  return items[best];
}

Value filter_sum(const Value& value, const Arguments& arguments) {
  const Value* attribute = arguments.find(0, "attribute");
  const Value* start = arguments.find(1, "start");
  Value sum = start ? *start : Value::integer(0);
  for (const Value& item : iterate(value)) {
    sum = binary_operation("+", sum, attribute && !attribute->is_none() ? at_path(item, *attribute) : item);
  }
  return sum;
}

// Rows of `count` items; the last is filled up.
Value filter_batch(const Value& value, const Arguments& arguments) {
  const auto count = arguments.integer(0, "linecount");
  if (!count || *count <= 0) throw Fault("batch needs the number of items of a row");
  const Value* fill = arguments.find(1, "fill_with");
  std::vector<Value> rows, row;
  const auto end_row = [&] { rows.push_back(Value::list(std::exchange(row, {}))); };
  for (const Value& item : iterate(value)) {
    if (std::ssize(row) == *count) end_row();
    row.push_back(item);
  }
  if (row.empty()) return Value::list(std::move(rows));
  if (fill && !fill->is_none()) {
    check_weight(static_cast<double>(*count));
    while (std::ssize(row) < *count) row.push_back(*fill);
  }
  end_row();
  return Value::list(std::move(rows));
}

// As many columns as asked for, the longer ones first.
Value filter_slice(const Value& value, const Arguments& arguments) {
  const auto slices = arguments.integer(0, "slices");
  if (!slices || *slices <= 0) throw Fault("slice needs the number of columns");
  check_weight(static_cast<double>(*slices));
  const Value* fill = arguments.find(1, "fill_with");
  const std::vector<Value> items = iterate(value);
  const int64_t each = std::ssize(items) / *slices, longer = std::ssize(items) % *slices;
  std::vector<Value> columns;
  size_t at = 0;
  for (int64_t i = 0; i < *slices; ++i) {
    const int64_t length = each + (i < longer ? 1 : 0);
    std::vector<Value> column(items.begin() + static_cast<std::ptrdiff_t>(at),
                              items.begin() + static_cast<std::ptrdiff_t>(at) + length);
    at += static_cast<size_t>(length);
    if (fill && !fill->is_none() && i >= longer) column.push_back(*fill);
    columns.push_back(Value::list(std::move(column)));
  }
  return Value::list(std::move(columns));
}

constexpr NamedFilter kFilters[] = {
    {"batch", filter_batch, 2},       {"dictsort", filter_dictsort, 3},
    {"max", filter_extreme<true>, 2}, {"min", filter_extreme<false>, 2},
    {"slice", filter_slice, 2},       {"sort", filter_sort, 3},
    {"sum", filter_sum, 2},           {"unique", filter_unique, 2},
};

}  // namespace

std::span<const NamedFilter> sequence_filters() { return kFilters; }

}  // namespace deepscaler::jinja
