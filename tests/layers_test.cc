// The rules of the source tree, read from the sources themselves:
// - a layer includes only the layers that src/CMakeLists.txt names for it, and a room in it only the rooms;
// - layers and rooms stand in that table lowest first, so that no arrow runs up and there is no circle;
// - no room has more files than a reader can keep in mind;
// - tests take their files' places from TemporaryFolder, since they run side by side;
// - the libraries leave the terminal to cli/, base/log, base/signals (a handler may not wait for the lock of
//   base/log) and base/error (CHECK);
// - what a run leaves in its folder goes through its one writer;
// - headers do not pull in whole libraries;
// - no two headers define types of one name, of which a linker would mix up the members.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

using Table = std::map<std::string, std::set<std::string>>;  // layer -> layers that it may include
using Faults = std::vector<std::string>;

// One call of deepscaler_layer(name ALLOWED_LAYERS a b LIBRARIES ...) or of
// deepscaler_room(name INNER ALLOWED_ROOMS a b).
struct Declaration {
  std::string name;
  std::set<std::string> allowed;  // itself included
  bool inner = false;
};

// In the order of the file.
std::vector<Declaration> read_declarations(const std::string& cmake, const std::string& function) {
  std::vector<Declaration> declarations;
  const std::regex call("\\n\\s*deepscaler_" + function + "\\(([^)]*)\\)");
  for (std::sregex_iterator i(cmake.begin(), cmake.end(), call), end; i != end; ++i) {
    std::istringstream words((*i)[1]);
    Declaration declaration;
    words >> declaration.name;
    declaration.allowed = {declaration.name};
    bool in_allowed = false;
    for (std::string word; words >> word;) {
      if (word == "INNER")
        declaration.inner = true;
      else if (word.starts_with("ALLOWED_") || word.ends_with("LIBRARIES"))
        in_allowed = word.starts_with("ALLOWED_");
      else if (in_allowed)
        declaration.allowed.insert(word);
    }
    declarations.push_back(declaration);
  }
  return declarations;
}

Table read_table(const std::string& cmake) {
  Table table;
  for (const Declaration& layer : read_declarations(cmake, "layer")) table[layer.name] = layer.allowed;
  return table;
}

// Lowest first: who names something that comes later makes an arrow that runs up.
Faults order_faults(const std::vector<Declaration>& declarations) {
  Faults faults;
  std::set<std::string> seen;
  for (const Declaration& declaration : declarations) {
    seen.insert(declaration.name);
    for (const std::string& name : declaration.allowed) {
      if (!seen.contains(name))
        faults.push_back(declaration.name + " may include " + name + ", which stands above it");
    }
  }
  return faults;
}

// Reads the rows "| `name` | what is in it | a b |" of docs/architecture.md.
Table read_manual(const std::string& markdown) {
  Table table;
  const std::regex row("\\n\\| `([a-z]+)` \\|[^|]*\\|([^|]*)\\|");
  for (std::sregex_iterator i(markdown.begin(), markdown.end(), row), end; i != end; ++i) {
    const std::string name = (*i)[1];
    std::istringstream words((*i)[2]);
    auto& allowed = table[name] = {name};
    for (std::string word; words >> word;) allowed.insert(word);
  }
  return table;
}

std::vector<std::string> lines_without_comments(const std::string& source) {
  std::vector<std::string> lines;
  std::istringstream stream(source);
  for (std::string line; std::getline(stream, line);) lines.push_back(line.substr(0, line.find("//")));
  return lines;
}

Faults find_lines(const std::string& file, const std::string& source, const std::regex& pattern,
                  const std::string& what) {
  Faults faults;
  int number = 0;
  for (const auto& line : lines_without_comments(source)) {
    ++number;
    if (std::regex_search(line, pattern)) faults.push_back(file + ":" + std::to_string(number) + ": " + what);
  }
  return faults;
}

std::string folder_of(const std::string& file) { return file.substr(0, file.find('/')); }

// `file` is relative to src/: "ops/matmul/matmul.cc".
Faults include_faults(const std::string& file, const std::string& source, const Table& table) {
  const std::string folder = folder_of(file);
  if (folder == "cli") return {};
  if (!table.contains(folder)) return {file + ": the folder is not in the table of layers"};
  Faults faults;
  static const std::regex include("^\\s*#\\s*include\\s*\"([^\"]+)\"");
  int number = 0;
  for (const auto& line : lines_without_comments(source)) {
    ++number;
    std::smatch match;
    if (!std::regex_search(line, match, include)) continue;
    const std::string included = folder_of(match[1]);
    if (!table.at(folder).contains(included))
      faults.push_back(file + ":" + std::to_string(number) + ": " + folder + " may not include " + included);
  }
  return faults;
}

// The innermost folder of a file that is declared as a room; "" where its layer has none.
std::string room_of(const std::string& file, const std::vector<Declaration>& rooms) {
  std::string best;
  for (const Declaration& room : rooms) {
    const bool own_files = file.find('/') == file.rfind('/');  // of the layer itself
    const std::string folder = file.substr(0, file.rfind('/'));
    if (folder == room.name && (own_files || room.name.find('/') != std::string::npos)) best = room.name;
  }
  return best;
}

Faults room_faults(const std::string& file, const std::string& source,
                   const std::vector<Declaration>& rooms) {
  const auto find = [&](const std::string& name) {
    return std::ranges::find(rooms, name, &Declaration::name);
  };
  const std::string layer = folder_of(file), own = room_of(file, rooms);
  const bool has_rooms =
      std::ranges::any_of(rooms, [&](const auto& r) { return folder_of(r.name) == layer; });
  if (own.empty() && has_rooms) return {file + ": the folder is not in the table of rooms"};
  if (own.empty() && layer != "cli" && file.find('/') != file.rfind('/')) {
    return {file + ": the folder is not in the table of rooms"};
  }
  Faults faults;
  static const std::regex include("^\\s*#\\s*include\\s*\"([^\"]+)\"");
  int number = 0;
  for (const auto& line : lines_without_comments(source)) {
    ++number;
    std::smatch match;
    if (!std::regex_search(line, match, include)) continue;
    const std::string other = room_of(match[1], rooms);
    if (other.empty()) continue;
    const std::string place = file + ":" + std::to_string(number) + ": ";
    if (folder_of(other) != layer) {
      if (find(other)->inner) faults.push_back(place + other + " is for its own layer alone");
    } else if (!file.ends_with("_test.cc") && !find(own)->allowed.contains(other)) {
      faults.push_back(place + own + " may not include " + other);
    }
  }
  return faults;
}

// Tests run side by side, so none may share a name in the machine's temporary folder.
Faults shared_folder_faults(const std::string& file, const std::string& source) {
  if (file == "base/temporary_folder.h" || file == "layers_test.cc") return {};
  static const std::regex shared("\\bTempDir\\(|\\btemp_directory_path\\(|\"/tmp|\\btmpnam\\(");
  return find_lines(file, source, shared, "takes a path that others may take too; use TemporaryFolder");
}

// x.h, x.cc and x_test.cc are one thing to know of; so are platform files like x-inl.h.
constexpr size_t kMostInARoom = 25;

Faults crowd_faults(const std::map<std::string, std::set<std::string>>& rooms) {
  Faults faults;
  for (const auto& [room, concepts] : rooms) {
    if (concepts.size() > kMostInARoom)
      faults.push_back(room + " has " + std::to_string(concepts.size()) + " concepts: give it rooms");
  }
  return faults;
}

std::string concept_of(const fs::path& file) {
  std::string stem = file.stem().string();
  if (stem.ends_with("_test")) stem.resize(stem.size() - 5);
  return stem;
}

// The error is in the word, so that fprintf, std::cout, fmt::print and so on are all found.
Faults terminal_faults(const std::string& file, const std::string& source) {
  static const std::set<std::string> allowed = {"base/log.cc", "base/signals.cc", "base/error.cc",
                                                "track/console.cc"};
  if (folder_of(file) == "cli" || allowed.contains(file) || file.ends_with("_test.cc")) return {};
  static const std::regex output(
      "\\b(cout|cerr|clog|stdout|stderr|STDOUT_FILENO|STDERR_FILENO)\\b|\\b(v?printf|puts|putchar|perror)\\s*"
      "\\(|fmt::print\\b");
  return find_lines(file, source, output, "writes to the terminal");
}

// run/folder.cc makes the folder itself.
Faults second_writer_faults(const std::string& file, const std::string& source) {
  static const std::set<std::string> allowed = {"run/writer.h", "run/writer.cc", "run/folder.cc"};
  const bool of_a_run = folder_of(file) == "run" || folder_of(file) == "rl";
  if (!of_a_run || allowed.contains(file) || file.ends_with("_test.cc")) return {};
  static const std::regex writing(
      "\\b(write_file_atomically|AtomicFile|AppendFile|JsonlWriter|RunLog|EventFile|MetricsLog|ofstream|"
      "fopen|"
      "save_checkpoint|replace_state|reduce_to_model|remove_checkpoint|remove_unfinished|save_hf_model|save_"
      "model|"
      "write_report|cut_file|create_director\\w*|remove_all|fs::remove|fs::rename)\\b");
  return find_lines(file, source, writing, "writes files; a run's one writer is run/writer.h");
}

Faults heavy_header_faults(const std::string& file, const std::string& source) {
  if (!file.ends_with(".h")) return {};
  static const std::regex heavy("#\\s*include\\s*<(nlohmann/json\\.hpp|toml\\+\\+|CLI/|regex|iostream)");
  return find_lines(file, source, heavy, "a header includes a heavy header");
}

using Definitions = std::map<std::string, std::string>;  // type, with its namespace -> the header

// Notes down the types that a header defines in its namespace, but for those inside of others.
Faults definition_faults(const std::string& file, const std::string& source, Definitions& known) {
  if (!file.ends_with(".h")) return {};
  static const std::regex opened("^namespace ([a-z_:]+) \\{");
  static const std::regex definition("^(struct|class|enum class) (\\w+)( final)?( : [^;]*)?( \\{|$)");
  Faults faults;
  std::string space;
  for (const auto& line : lines_without_comments(source)) {
    std::smatch match;
    if (std::regex_search(line, match, opened)) space = match[1];
    if (!std::regex_search(line, match, definition)) continue;
    const std::string name = space + "::" + match[2].str();
    if (const auto [before, is_new] = known.emplace(name, file); !is_new)
      faults.push_back(file + ": defines " + name + ", as does " + before->second);
  }
  return faults;
}

Faults all_faults(const fs::path& sources) {
  Definitions definitions;
  const std::string cmake = read_file(sources / "CMakeLists.txt");
  const Table table = read_table(cmake);
  const auto rooms = read_declarations(cmake, "room");
  std::map<std::string, std::set<std::string>> concepts;
  Faults faults;
  const auto add = [&faults](const Faults& more) { faults.insert(faults.end(), more.begin(), more.end()); };
  for (const auto& entry : fs::recursive_directory_iterator(sources)) {
    const fs::path extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    const std::string file = fs::relative(entry.path(), sources).string(), source = read_file(entry.path());
    concepts[fs::path(file).parent_path()].insert(concept_of(file));
    add(include_faults(file, source, table));
    add(room_faults(file, source, rooms));
    add(shared_folder_faults(file, source));
    add(terminal_faults(file, source));
    add(second_writer_faults(file, source));
    add(heavy_header_faults(file, source));
    add(definition_faults(file, source, definitions));
  }
  for (const auto& entry : fs::directory_iterator(sources.parent_path() / "tests")) {
    if (entry.path().extension() != ".cc") continue;
    add(shared_folder_faults(entry.path().filename(), read_file(entry.path())));
  }
  add(order_faults(read_declarations(cmake, "layer")));
  add(order_faults(rooms));
  add(crowd_faults(concepts));
  return faults;
}

TEST(Layers, TheTreeKeepsTheRules) { EXPECT_EQ(all_faults(DEEPSCALER_SOURCES), Faults()); }

TEST(Layers, TableIsRead) {
  const Table table = read_table(
      "\ndeepscaler_layer(base LIBRARIES fmt::fmt)\n"
      "deepscaler_layer(ops ALLOWED_LAYERS base\n  tensor LIBRARIES hwy)\n");
  EXPECT_EQ(table, (Table{{"base", {"base"}}, {"ops", {"ops", "base", "tensor"}}}));
  const std::string cmake = read_file(fs::path(DEEPSCALER_SOURCES) / "CMakeLists.txt");
  EXPECT_GE(read_table(cmake).size(), 10u);
  EXPECT_GE(read_declarations(cmake, "room").size(), 20u);
}

TEST(Layers, TheManualHasTheSameTable) {
  const fs::path sources = DEEPSCALER_SOURCES;
  EXPECT_EQ(read_manual(read_file(sources.parent_path() / "docs" / "architecture.md")),
            read_table(read_file(sources / "CMakeLists.txt")));
}

TEST(Layers, FaultsAreFound) {
  const Table table = {{"base", {"base"}}, {"ops", {"ops", "base"}}};
  const std::string source =
      "#include <vector>\n#include \"ops/matmul/matmul.h\"\n  #include \"rl/loss.h\"\n"
      "// #include \"eval/report.h\"\n";
  EXPECT_EQ(include_faults("ops/matmul/matmul.cc", source, table),
            Faults{"ops/matmul/matmul.cc:3: ops may not include rl"});
  EXPECT_EQ(include_faults("extra/x.cc", "", table),
            Faults{"extra/x.cc: the folder is not in the table of layers"});
  EXPECT_EQ(include_faults("cli/main.cc", source, table), Faults());

  const std::vector<Declaration> rooms = {
      {"ops/matmul", {"ops/matmul"}, true}, {"ops/rows", {"ops/rows"}}, {"ops", {"ops", "ops/matmul"}}};
  const std::string rooms_source = "#include \"ops/rows/softmax.h\"\n#include \"ops/matmul/matmul.h\"\n";
  EXPECT_EQ(room_faults("ops/x.cc", rooms_source, rooms), Faults{"ops/x.cc:1: ops may not include ops/rows"});
  EXPECT_EQ(room_faults("ops/rows/x.cc", rooms_source, rooms),
            Faults{"ops/rows/x.cc:2: ops/rows may not include ops/matmul"});
  EXPECT_EQ(room_faults("ops/rows/x_test.cc", rooms_source, rooms), Faults());
  EXPECT_EQ(room_faults("model/x.cc", rooms_source, rooms),
            Faults{"model/x.cc:2: ops/matmul is for its own layer alone"});
  EXPECT_EQ(room_faults("ops/new/x.cc", "", rooms),
            Faults{"ops/new/x.cc: the folder is not in the table of rooms"});
  EXPECT_EQ(room_faults("model/new/x.cc", "", rooms),
            Faults{"model/new/x.cc: the folder is not in the table of rooms"});
  EXPECT_EQ(order_faults(rooms), Faults());
  EXPECT_EQ(order_faults({{"a", {"a", "b"}}, {"b", {"b"}}}),
            Faults{"a may include b, which stands above it"});
  EXPECT_EQ(crowd_faults({{"ops", {"a", "b"}}}), Faults());
  std::set<std::string> many;
  for (int i = 0; i <= static_cast<int>(kMostInARoom); ++i) many.insert(std::to_string(i));
  EXPECT_EQ(crowd_faults({{"ops", many}}), Faults{"ops has 26 concepts: give it rooms"});
  for (const char* line : {"testing::TempDir() / \"x\"", "fs::temp_directory_path()", "write(\"/tmp/x\")"})
    EXPECT_EQ(shared_folder_faults("ops/x_test.cc", line).size(), 1u) << line;

  for (const char* line : {"std::cout << 1;", "fprintf(stderr, \"x\");", "printf(\"x\");", "std::puts(text);",
                           "fmt::print(\"x\");", "write(STDERR_FILENO, x, 1);"}) {
    EXPECT_EQ(terminal_faults("ops/matmul/matmul.cc", line),
              Faults{"ops/matmul/matmul.cc:1: writes to the terminal"})
        << line;
    EXPECT_EQ(terminal_faults("cli/main.cc", line), Faults()) << line;
    EXPECT_EQ(terminal_faults("ops/matmul/matmul_test.cc", line), Faults()) << line;
  }
  for (const char* line : {"std::snprintf(text, 4, \"x\");", "int outputs(int);", "// printf(x)"})
    EXPECT_EQ(terminal_faults("ops/matmul/matmul.cc", line), Faults()) << line;

  const std::string writing = "  fs::create_directories(path);\n";
  EXPECT_EQ(second_writer_faults("run/loop.cc", writing),
            Faults{"run/loop.cc:1: writes files; a run's one writer is run/writer.h"});
  EXPECT_EQ(second_writer_faults("rl/grpo.cc", "write_file_atomically(x, y);").size(), 1u);
  for (const char* file : {"run/writer.cc", "run/loop_test.cc", "cli/init.cc"})
    EXPECT_EQ(second_writer_faults(file, writing), Faults()) << file;
  EXPECT_EQ(second_writer_faults("run/state.h", "  RunLogSizes log;\n"), Faults());

  Definitions definitions;
  const std::string token =
      "namespace deepscaler {\nclass Token;\nstruct Token {\n  struct Place {};\n};\n}\n";
  EXPECT_EQ(definition_faults("text/a.h", token, definitions), Faults());
  EXPECT_EQ(
      definition_faults("text/b.h", "namespace deepscaler::b {\nenum class Token : int {\n", definitions),
      Faults());
  EXPECT_EQ(definition_faults("eval/c.h", "namespace deepscaler {\nclass Token final : public Text {\n",
                              definitions),
            Faults{"eval/c.h: defines deepscaler::Token, as does text/a.h"});

  const std::string heavy = "#include <nlohmann/json.hpp>\n#include <toml++/toml.h>\n";
  EXPECT_EQ(heavy_header_faults("base/config.h", heavy).size(), 2u);
  EXPECT_EQ(heavy_header_faults("base/config.cc", heavy), Faults());
  EXPECT_EQ(heavy_header_faults("base/config.h", "#include <nlohmann/json_fwd.hpp>"), Faults());
}

}  // namespace
}  // namespace deepscaler
