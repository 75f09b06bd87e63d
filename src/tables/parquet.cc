#include "tables/parquet.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "formats/excerpt.h"
#include "tables/parquet_codec.h"
#include "tables/parquet_format.h"
#include "tables/parquet_values.h"
#include "tables/thrift.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

namespace field = parquet_format;
using field::kOptional, field::kRepeated, field::kRequired, field::Repetition;

// A node of the schema. Levels as in Dremel (Melnik et al., 2010): how many of the optional and repeated
// nodes above a value are there, and which repeated one it continues.
struct Node {
  std::string name;
  Repetition repetition = kRequired;
  bool is_list = false;  // of the annotation LIST
  int definition = 0, repetition_level = 0;
  std::vector<Node> children;
  ParquetLeaf leaf;         // where there are no children
  size_t first_column = 0;  // the leaves below are columns [first_column, end_column)
  size_t end_column = 0;
};

// One column of a row group: its levels, and the values that are there.
struct Column {
  std::vector<uint32_t> repetitions, definitions;
  ParquetValues values;
  size_t entry = 0, value = 0;  // the next to be put into a row
};

class SchemaReader {
 public:
  SchemaReader(const std::vector<ThriftValue>& elements, const ByteReader& file)
      : elements_(elements), file_(file) {}

  Node read() {
    Node root = node(0, 0, 0);
    file_.require(next_ == elements_.size() && !root.children.empty(), "has a schema that can't be");
    return root;
  }

 private:
  Node node(int definition, int repetition, int depth) {
    constexpr int kDeepest = 32;
    file_.require(next_ < elements_.size() && depth < kDeepest, "has a schema that can't be");
    const bool is_root = next_ == 0;
    const ThriftValue& element = elements_[next_++];
    Node node{.name = std::string(element[field::kName].text), .first_column = columns_};
    const int64_t kind = is_root ? int64_t{kRequired} : element[field::kRepetition].number;
    file_.require(kind >= kRequired && kind <= kRepeated, "has a schema that can't be");
    node.repetition = static_cast<Repetition>(kind);
    node.definition = definition + (kind == kRequired ? 0 : 1);
    node.repetition_level = repetition + (kind == kRepeated ? 1 : 0);
    node.is_list =
        element[field::kLogical].has(field::kLogicalList) ||
        (element.has(field::kConverted) && element[field::kConverted].number == field::kConvertedList);
    if (element[field::kChildren].number > 0) {
      for (int64_t i = 0; i < element[field::kChildren].number; ++i) {
        node.children.push_back(this->node(node.definition, node.repetition_level, depth + 1));
      }
    } else {
      node.leaf = leaf(element, node.name);
      ++columns_;
    }
    node.end_column = columns_;
    return node;
  }

  [[nodiscard]] ParquetLeaf leaf(const ThriftValue& element, const std::string& name) const {
    const int64_t type = element[field::kType].number;
    constexpr int kDecimal = 5, kConvertedDecimal = 5, kFirstUnsigned = 11, kLastUnsigned = 14;
    const int64_t converted = element.has(field::kConverted) ? element[field::kConverted].number : -1;
    const bool is_decimal = converted == kConvertedDecimal || element[field::kLogical].has(kDecimal);
    file_.require(type >= 0 && type <= static_cast<int>(ParquetType::kFixedBytes),
                  "has a schema that can't be");
    if (is_decimal || static_cast<ParquetType>(type) == ParquetType::kInt96) {
      throw Error(
          fmt::format("{}: column {}", file_.where(), excerpt(name)),
          is_decimal ? "has decimals, which can't be read" : "has values of 96 bits, which can't be read",
          "write it as text or as an integer");
    }
    return {.type = static_cast<ParquetType>(type),
            .bytes = element[field::kTypeLength].number,
            .is_unsigned = converted >= kFirstUnsigned && converted <= kLastUnsigned};
  }

  const std::vector<ThriftValue>& elements_;
  const ByteReader& file_;
  size_t next_ = 0, columns_ = 0;
};

void collect_leaves(const Node& node, std::vector<const Node*>& leaves) {
  if (node.children.empty()) leaves.push_back(&node);
  for (const Node& child : node.children) collect_leaves(child, leaves);
}

int bits_of(int level) { return std::bit_width(static_cast<unsigned>(level)); }

class ColumnReader {
 public:
  ColumnReader(std::string_view file, const Node& node, const ThriftValue& meta, const std::string& where)
      : file_(file), node_(node), meta_(meta), where_(where) {}

  Column read() {
    ByteReader pages = chunk();
    const int64_t count = meta_[field::kValues].number;
    pages.require(count >= 0, "has a negative number of values");
    while (std::ssize(column_.definitions) < count) read_page(pages);
    pages.require(std::ssize(column_.definitions) == count, "has more values than it says");
    return std::move(column_);
  }

 private:
  [[nodiscard]] ByteReader chunk() const {
    int64_t begin = meta_[field::kDataPage].number;
    const int64_t dictionary = meta_[field::kDictionaryPage].number;
    if (meta_.has(field::kDictionaryPage) && dictionary > 0 && dictionary < begin) begin = dictionary;
    const int64_t bytes = meta_[field::kPacked].number;
    const auto size = static_cast<int64_t>(file_.size());
    const bool inside = begin >= 0 && bytes >= 0 && begin <= size && bytes <= size - begin;
    if (!inside) ByteReader({}, where_).fail("stands outside of the file");
    return {file_.substr(static_cast<size_t>(begin), static_cast<size_t>(bytes)), where_};
  }

  void read_page(ByteReader& pages) {
    const ThriftValue header = read_thrift_struct(pages);
    constexpr int64_t kMostBytes = int64_t{256} << 20, kMostValues = int64_t{1} << 22;
    const int64_t size = header[field::kPageSize].number;
    const int64_t packed_size = header[field::kPackedSize].number;
    pages.require(size >= 0 && size <= kMostBytes && packed_size >= 0, "has a page of more than 256 MiB");
    const std::string_view packed = pages.take(static_cast<uint64_t>(packed_size));
    const int64_t type = header[field::kPageType].number;
    const int part = type == field::kDataPageKind         ? field::kData
                     : type == field::kDictionaryPageKind ? field::kDictionary
                                                          : field::kDataV2;
    const ThriftValue& data = header[part];
    const int64_t count = data[field::kCount].number;
    if (type != field::kDataPageKind && type != field::kDictionaryPageKind && type != field::kDataPageV2Kind)
      return;  // an index
    pages.require(header.has(part) && count >= 0 && count <= kMostValues, "has a page of too many values");
    if (type == field::kDataPageV2Kind) {
      read_data_v2(packed, static_cast<size_t>(size), static_cast<size_t>(count), data);
      return;
    }
    const std::string page =
        unpacked_page(meta_[field::kCodec].number, packed, static_cast<size_t>(size), where_);
    ByteReader bytes(page, where_);
    if (type == field::kDictionaryPageKind)
      dictionary_ = read_parquet_values(bytes, 0, node_.leaf, static_cast<size_t>(count), {});
    else
      read_data(bytes, static_cast<size_t>(count), data[field::kEncoding].number);
  }

  void read_data(ByteReader& bytes, size_t count, int64_t encoding) {
    const auto levels = [&](int most) {
      if (most == 0) return std::vector<uint32_t>(count, 0);
      ByteReader runs(bytes.take(bytes.number<uint32_t>()), where_);
      return read_runs(runs, bits_of(most), count);
    };
    const std::vector<uint32_t> repetitions = levels(node_.repetition_level);
    const std::vector<uint32_t> definitions = levels(node_.definition);
    append(bytes, repetitions, definitions, encoding);
  }

  void read_data_v2(std::string_view packed, size_t size, size_t count, const ThriftValue& data) {
    ByteReader page(packed, where_);
    const auto levels = [&](int64_t bytes, int most) {
      page.require(bytes >= 0 && bytes <= static_cast<int64_t>(size), "has levels that can't be");
      size -= static_cast<size_t>(bytes);
      ByteReader runs(page.take(static_cast<uint64_t>(bytes)), where_);
      return most == 0 ? std::vector<uint32_t>(count, 0) : read_runs(runs, bits_of(most), count);
    };
    const std::vector<uint32_t> repetitions =
        levels(data[field::kRepetitionBytes].number, node_.repetition_level);
    const std::vector<uint32_t> definitions = levels(data[field::kDefinitionBytes].number, node_.definition);
    const bool is_packed = !data.has(field::kIsPacked) || data[field::kIsPacked].number != 0;
    const std::string values =
        unpacked_page(is_packed ? meta_[field::kCodec].number : 0, page.rest(), size, where_);
    ByteReader bytes(values, where_);
    append(bytes, repetitions, definitions, data[field::kEncodingV2].number);
  }

  void append(ByteReader& bytes, const std::vector<uint32_t>& repetitions,
              const std::vector<uint32_t>& definitions, int64_t encoding) {
    size_t there = 0;
    for (size_t i = 0; i < definitions.size(); ++i) {
      bytes.require(definitions[i] <= static_cast<uint32_t>(node_.definition) &&
                        repetitions[i] <= static_cast<uint32_t>(node_.repetition_level),
                    "has levels that can't be");
      there += definitions[i] == static_cast<uint32_t>(node_.definition) ? 1 : 0;
    }
    ParquetValues values = read_parquet_values(bytes, encoding, node_.leaf, there, dictionary_);
    column_.values.insert(column_.values.end(), std::make_move_iterator(values.begin()),
                          std::make_move_iterator(values.end()));
    column_.repetitions.insert(column_.repetitions.end(), repetitions.begin(), repetitions.end());
    column_.definitions.insert(column_.definitions.end(), definitions.begin(), definitions.end());
  }

  std::string_view file_;
  const Node& node_;
  const ThriftValue& meta_;
  const std::string& where_;
  ParquetValues dictionary_;
  Column column_;
};

// Rows out of the columns of a row group.
class RowAssembler {
 public:
  RowAssembler(const Node& root, std::vector<Column>& columns, const ByteReader& file)
      : root_(root), columns_(columns), file_(file) {}

  Json row() {
    Json row = Json::object();
    for (const Node& child : root_.children) row[child.name] = field(child);
    return row;
  }
  [[nodiscard]] bool at_end() const {
    return std::ranges::all_of(
        columns_, [](const Column& column) { return column.entry == column.definitions.size(); });
  }

 private:
  Column& first(const Node& node) {
    Column& column = columns_[node.first_column];
    file_.require(column.entry < column.definitions.size(), "has columns of different lengths");
    return column;
  }
  bool is_there(const Node& node) {
    return first(node).definitions[columns_[node.first_column].entry] >=
           static_cast<uint32_t>(node.definition);
  }
  void pass(const Node& node) {
    for (size_t i = node.first_column; i < node.end_column; ++i) {
      file_.require(columns_[i].entry < columns_[i].definitions.size(), "has columns of different lengths");
      ++columns_[i].entry;
    }
  }

  Json field(const Node& node) {
    if (node.repetition == kRepeated) return elements(node, node);
    if (!is_there(node)) {
      pass(node);
      return nullptr;
    }
    const bool is_list =
        node.is_list && node.children.size() == 1 && node.children[0].repetition == kRepeated;
    if (!is_list) return value(node);
    // "X (LIST) / repeated group list / element": the middle level is no value of its own.
    const Node& middle = node.children[0];
    return elements(middle, middle.children.size() == 1 ? middle.children[0] : middle);
  }

  // A list of `element`s, which are `repeated` or its one child.
  Json elements(const Node& repeated, const Node& element) {
    Json list = Json::array();
    if (!is_there(repeated)) {
      pass(repeated);
      return list;
    }
    while (true) {
      list.push_back(&element == &repeated ? value(repeated) : field(element));
      const Column& column = columns_[repeated.first_column];
      const bool goes_on =
          column.entry < column.definitions.size() &&
          column.repetitions[column.entry] == static_cast<uint32_t>(repeated.repetition_level);
      if (!goes_on) return list;
    }
  }

  Json value(const Node& node) {
    if (!node.children.empty()) {
      Json object = Json::object();
      for (const Node& child : node.children) object[child.name] = field(child);
      return object;
    }
    Column& column = first(node);
    const bool there = column.definitions[column.entry++] == static_cast<uint32_t>(node.definition);
    file_.require(!there || column.value < column.values.size(), "has fewer values than it says");
    return there ? std::move(column.values[column.value++]) : Json();
  }

  const Node& root_;
  std::vector<Column>& columns_;
  const ByteReader& file_;
};

ThriftValue read_footer(std::string_view file, const std::string& where) {
  constexpr std::string_view kMagic = field::kMagic;
  constexpr size_t kTail = 8;
  const ByteReader whole(file, where);
  whole.require(file.size() >= kTail + kMagic.size() && file.starts_with(kMagic) && file.ends_with(kMagic),
                "is cut short, or no Parquet file");
  const auto bytes = ByteReader(file.substr(file.size() - kTail), where).number<uint32_t>();
  whole.require(bytes <= file.size() - kTail - kMagic.size(), "is cut short, or no Parquet file");
  ByteReader footer(file.substr(file.size() - kTail - bytes, bytes), where);
  return read_thrift_struct(footer);
}

}  // namespace

void for_each_parquet_row(const std::filesystem::path& path, const OnRow& on_row) {
  const std::string where = path.string();
  const MappedFile mapped(path);
  const std::string_view bytes(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
  const ByteReader file(bytes, where);
  const ThriftValue footer = read_footer(bytes, where);
  const Node root = SchemaReader(footer[field::kSchema].list, file).read();
  std::vector<const Node*> leaves;
  collect_leaves(root, leaves);

  int64_t number = 0;
  for (const ThriftValue& group : footer[field::kRowGroups].list) {
    const auto& chunks = group[field::kColumns].list;
    file.require(chunks.size() == leaves.size(), "has another number of columns than its schema");
    std::vector<Column> columns;
    for (size_t i = 0; i < leaves.size(); ++i) {
      const std::string place = fmt::format("{}: column {}", where, excerpt(leaves[i]->name));
      columns.push_back(ColumnReader(bytes, *leaves[i], chunks[i][field::kMeta], place).read());
    }
    RowAssembler rows(root, columns, file);
    for (int64_t i = 0; i < group[field::kRows].number; ++i)
      on_row(rows.row(), fmt::format("{}: row {}", where, ++number));
    file.require(rows.at_end(), "has more values than rows");
  }
}

}  // namespace deepscaler
