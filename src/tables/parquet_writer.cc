#include "tables/parquet_writer.h"

#include <snappy.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "formats/excerpt.h"
#include "tables/parquet_format.h"
#include "tables/parquet_values.h"
#include "tables/thrift_writer.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;
namespace pq = parquet_format;

enum class Kind : uint8_t { kUnknown, kBoolean, kInteger, kNumber, kText, kList, kObject };
constexpr const char* kKindNames[] = {"nothing", "a boolean", "an integer", "a number",
                                      "a text",  "a list",    "an object"};

// A column, or a list or object of columns. Levels as in Dremel (Melnik et al., 2010): `definition` is that
// of a value that is there, `repetition` that of one that continues the innermost list around it.
struct Field {
  std::string name;
  Kind kind = Kind::kUnknown;
  std::vector<Field> children;  // the element of a list; the fields of an object
  uint8_t definition = 0, repetition = 0;
  // Of a leaf, for the row group under way.
  std::string repetitions, definitions;  // a byte each
  std::string values;                    // plain
  uint8_t bits = 0;                      // booleans in the last byte of `values`; 0: it is full

  [[nodiscard]] bool is_leaf() const { return children.empty(); }
};

Kind kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return Kind::kBoolean;
    case Json::value_t::number_integer:
      return Kind::kInteger;
    case Json::value_t::number_unsigned:
      return value.get<uint64_t>() > INT64_MAX ? Kind::kNumber : Kind::kInteger;
    case Json::value_t::number_float:
      return Kind::kNumber;
    case Json::value_t::string:
      return Kind::kText;
    case Json::value_t::array:
      return Kind::kList;
    case Json::value_t::object:
      return Kind::kObject;
    default:
      return Kind::kUnknown;
  }
}

// What the rows hold, learned value by value.
class SchemaBuilder {
 public:
  explicit SchemaBuilder(const std::string& where) : where_(where) {}

  void learn(Field& field, const Json& value, const std::string& path) const {
    const Kind kind = kind_of(value);
    if (kind == Kind::kUnknown) return;
    const auto is_number = [](Kind k) { return k == Kind::kInteger || k == Kind::kNumber; };
    if (field.kind == Kind::kUnknown) {
      field.kind = kind;
    } else if (is_number(field.kind) && is_number(kind)) {
      field.kind = std::max(field.kind, kind);
    } else if (field.kind != kind) {
      throw Error(place(path),
                  fmt::format("is {} in one row and {} in another", kKindNames[static_cast<int>(field.kind)],
                              kKindNames[static_cast<int>(kind)]),
                  "leave it out (`keep` of ingest), or write JSON Lines");
    }
    if (kind == Kind::kList) {
      if (field.children.empty()) field.children.push_back({.name = "element"});
      for (const Json& each : value) learn(field.children[0], each, path);
    }
    if (kind == Kind::kObject) {
      for (const auto& [key, each] : value.items())
        learn(child(field, key), each, path.empty() ? key : path + "." + key);
    }
  }

  // Columns that are null in every row are texts; those above get their levels.
  void settle(Field& field, uint8_t definition, uint8_t repetition, const std::string& path) const {
    if (field.kind == Kind::kUnknown) field.kind = Kind::kText;
    if (field.kind == Kind::kObject && field.children.empty())
      throw Error(place(path), "is an object without keys, which Parquet can't hold", "leave it out");
    const bool is_list = field.kind == Kind::kList;
    if (definition > kDeepest) throw Error(place(path), "is nested too deeply", "leave it out");
    field.definition = definition;
    field.repetition = repetition;
    for (Field& each : field.children) {
      settle(each, static_cast<uint8_t>(definition + (is_list ? 2 : 1)),
             static_cast<uint8_t>(repetition + (is_list ? 1 : 0)), is_list ? path : path + "." + each.name);
    }
  }

  [[nodiscard]] std::string place(const std::string& path) const {
    return fmt::format("{}: column {}", where_, excerpt(path));
  }

 private:
  static constexpr int kDeepest = 31;  // as deep as our reader goes

  static Field& child(Field& field, const std::string& name) {
    const auto found = std::ranges::find(field.children, name, &Field::name);
    if (found != field.children.end()) return *found;
    field.children.push_back({.name = name});
    return field.children.back();
  }

  const std::string& where_;
};

template <class Number>
void append(std::string& bytes, Number number) {  // little-endian, as this machine is
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void append_value(Field& leaf, const Json& value) {
  switch (leaf.kind) {
    case Kind::kBoolean: {
      constexpr uint8_t kBitsOfByte = 8;
      if (leaf.bits == 0) leaf.values += '\0';
      const int bit = value.get<bool>() ? 1 << leaf.bits : 0;
      leaf.values.back() = static_cast<char>(leaf.values.back() | bit);
      leaf.bits = static_cast<uint8_t>((leaf.bits + 1) % kBitsOfByte);
      return;
    }
    case Kind::kInteger:
      return append(leaf.values, value.get<int64_t>());
    case Kind::kNumber:
      return append(leaf.values, value.get<double>());
    default: {
      const auto& text = value.get_ref<const std::string&>();
      append(leaf.values, static_cast<uint32_t>(text.size()));
      leaf.values += text;
    }
  }
}

void shred_null(Field& field, uint8_t repetition, uint8_t definition) {
  if (field.is_leaf()) {
    field.repetitions += static_cast<char>(repetition);
    field.definitions += static_cast<char>(definition);
  }
  for (Field& child : field.children) shred_null(child, repetition, definition);
}

// Takes a value into the columns below `field`. What is there above the value has the level `definition`.
void shred(Field& field, const Json& value, uint8_t repetition, uint8_t definition) {
  if (value.is_null()) {
    shred_null(field, repetition, definition);
  } else if (field.kind == Kind::kObject) {
    for (Field& child : field.children) {
      const auto found = value.find(child.name);
      shred(child, found == value.end() ? Json() : *found, repetition, field.definition);
    }
  } else if (field.kind == Kind::kList) {
    Field& element = field.children[0];
    if (value.empty()) shred_null(element, repetition, field.definition);
    for (size_t i = 0; i < value.size(); ++i)
      shred(element, value[i], i == 0 ? repetition : element.repetition,
            static_cast<uint8_t>(field.definition + 1));
  } else {
    field.repetitions += static_cast<char>(repetition);
    field.definitions += static_cast<char>(field.definition);
    append_value(field, value);
  }
}

void collect_leaves(Field& field, std::vector<std::string> path, auto& leaves) {
  path.push_back(field.name);
  if (field.is_leaf()) leaves.emplace_back(&field, path);
  if (field.kind == Kind::kList) path.emplace_back("list");
  for (Field& child : field.children) collect_leaves(child, path, leaves);
}

// Levels as runs of equal ones, with the length of the whole before them.
std::string level_runs(const std::string& levels) {
  std::string runs;
  for (size_t i = 0; i < levels.size();) {
    const size_t end = std::min(levels.find_first_not_of(levels[i], i), levels.size());
    uint64_t head = (end - i) << 1;
    for (; head >= 0x80; head >>= 7) runs += static_cast<char>(head | 0x80);
    runs += static_cast<char>(head);
    runs += levels[i];
    i = end;
  }
  std::string bytes;
  append(bytes, static_cast<uint32_t>(runs.size()));
  return bytes + runs;
}

ParquetType type_of(Kind kind) {
  return kind == Kind::kBoolean   ? ParquetType::kBoolean
         : kind == Kind::kInteger ? ParquetType::kInt64
         : kind == Kind::kNumber  ? ParquetType::kDouble
                                  : ParquetType::kBytes;
}

ThriftWriter annotation(int field) {
  ThriftWriter logical;
  logical.inner(field, {});
  return logical;
}

int count_schema(const Field& field) {
  int count = field.kind == Kind::kList ? 2 : 1;
  for (const Field& child : field.children) count += count_schema(child);
  return count;
}

void write_schema(const Field& field, ThriftWriter& list) {
  ThriftWriter element;
  if (field.is_leaf()) element.i32(pq::kType, static_cast<int>(type_of(field.kind)));
  element.i32(pq::kRepetition, pq::kOptional);
  element.text(pq::kName, field.name);
  if (field.kind == Kind::kList) {
    element.i32(pq::kChildren, 1);
    element.i32(pq::kConverted, pq::kConvertedList);
    element.inner(pq::kLogical, annotation(pq::kLogicalList));
  } else if (field.kind == Kind::kObject) {
    element.i32(pq::kChildren, std::ssize(field.children));
  } else if (field.kind == Kind::kText) {
    element.i32(pq::kConverted, pq::kConvertedText);
    element.inner(pq::kLogical, annotation(pq::kLogicalText));
  }
  list.element(element);
  if (field.kind == Kind::kList) {
    ThriftWriter middle;
    middle.i32(pq::kRepetition, pq::kRepeated);
    middle.text(pq::kName, "list");
    middle.i32(pq::kChildren, 1);
    list.element(middle);
  }
  for (const Field& child : field.children) write_schema(child, list);
}

class FileBuilder {
 public:
  FileBuilder(Field& root, std::string where) : root_(root), where_(std::move(where)), bytes_(pq::kMagic) {
    for (Field& child : root_.children) collect_leaves(child, {}, leaves_);
  }

  void add(const Json& row) {
    shred(root_, row, 0, 0);
    ++rows_in_group_;
    size_t size = 0;
    for (const auto& [leaf, path] : leaves_) size += leaf->values.size();
    // As many rows as the library `datasets` puts into a group, and pages that fit into 32 bits.
    constexpr int64_t kMostRows = 1000;
    constexpr size_t kMostBytes = size_t{64} << 20;
    if (rows_in_group_ == kMostRows || size >= kMostBytes) end_group();
  }

  std::string file() {
    if (rows_in_group_ > 0) end_group();
    ThriftWriter footer;
    footer.i32(pq::kVersion, 1);
    int elements = 1;
    for (const Field& child : root_.children) elements += count_schema(child);
    footer.list_of_structs(pq::kSchema, static_cast<size_t>(elements));
    ThriftWriter root;
    root.text(pq::kName, "schema");
    root.i32(pq::kChildren, std::ssize(root_.children));
    footer.element(root);
    for (const Field& child : root_.children) write_schema(child, footer);
    footer.i64(pq::kFileRows, rows_);
    footer.list_of_structs(pq::kRowGroups, groups_.size());
    for (const ThriftWriter& group : groups_) footer.element(group);
    footer.text(pq::kCreatedBy, "deepscaler");
    const std::string text = footer.bytes();
    bytes_ += text;
    append(bytes_, static_cast<uint32_t>(text.size()));
    return bytes_ + pq::kMagic;
  }

 private:
  void end_group() {
    ThriftWriter group;
    group.list_of_structs(pq::kColumns, leaves_.size());
    int64_t group_bytes = 0;
    for (auto& [leaf, path] : leaves_) group.element(chunk(*leaf, path, group_bytes));
    group.i64(pq::kGroupBytes, group_bytes);
    group.i64(pq::kRows, rows_in_group_);
    groups_.push_back(group);
    rows_ += rows_in_group_;
    rows_in_group_ = 0;
  }

  // Writes the leaf's page, empties the leaf, and returns what the footer says of the page.
  ThriftWriter chunk(Field& leaf, const std::vector<std::string>& path, int64_t& group_bytes) {
    const int64_t count = std::ssize(leaf.definitions);
    std::string page = leaf.repetition > 0 ? level_runs(leaf.repetitions) : "";
    page += level_runs(leaf.definitions) + leaf.values;
    if (page.size() > kMostPage)
      throw Error(where_ + ": column " + excerpt(path.back()), "has a value of more than 192 MiB",
                  "leave it out");
    std::string packed;
    snappy::Compress(page.data(), page.size(), &packed);

    ThriftWriter data;
    data.i32(pq::kCount, count);
    data.i32(pq::kEncoding, pq::kPlain);
    data.i32(pq::kDefinitionEncoding, pq::kRuns);
    data.i32(pq::kRepetitionEncoding, pq::kRuns);
    ThriftWriter header;
    header.i32(pq::kPageType, pq::kDataPageKind);
    header.i32(pq::kPageSize, std::ssize(page));
    header.i32(pq::kPackedSize, std::ssize(packed));
    header.inner(pq::kData, data);
    const std::string head = header.bytes();
    const int64_t begin = std::ssize(bytes_);
    bytes_ += head + packed;
    group_bytes += std::ssize(head) + std::ssize(page);

    ThriftWriter meta;
    meta.i32(pq::kColumnType, static_cast<int>(type_of(leaf.kind)));
    meta.list_of_i32(pq::kEncodings, 2);
    meta.element(int64_t{pq::kPlain});
    meta.element(int64_t{pq::kRuns});
    meta.list_of_texts(pq::kPath, path.size());
    for (const std::string& name : path) meta.element(std::string_view(name));
    meta.i32(pq::kCodec, pq::kSnappy);
    meta.i64(pq::kValues, count);
    meta.i64(pq::kUnpacked, std::ssize(head) + std::ssize(page));
    meta.i64(pq::kPacked, std::ssize(head) + std::ssize(packed));
    meta.i64(pq::kDataPage, begin);
    ThriftWriter chunk;
    chunk.i64(pq::kChunkOffset, begin);
    chunk.inner(pq::kMeta, meta);
    leaf.repetitions.clear(), leaf.definitions.clear(), leaf.values.clear();
    leaf.bits = 0;
    return chunk;
  }

  static constexpr size_t kMostPage = size_t{192} << 20;  // our reader takes pages of 256 MiB

  Field& root_;
  std::string where_, bytes_;
  std::vector<std::pair<Field*, std::vector<std::string>>> leaves_;
  int64_t rows_ = 0, rows_in_group_ = 0;
  std::vector<ThriftWriter> groups_;
};

}  // namespace

std::vector<std::string> parquet_files(std::span<const ParquetTable> tables) {
  Field root{.kind = Kind::kObject};
  for (const ParquetTable& table : tables) {
    const SchemaBuilder schema(table.where);
    for (const Json& row : table.rows) schema.learn(root, row, "");
  }
  if (tables.empty()) return {};
  const SchemaBuilder schema(tables[0].where);
  for (Field& column : root.children) schema.settle(column, 1, 0, column.name);
  std::vector<std::string> files;
  for (const ParquetTable& table : tables) {
    FileBuilder file(root, table.where);
    for (const Json& row : table.rows) file.add(row);
    files.push_back(file.file());
  }
  return files;
}

}  // namespace deepscaler
