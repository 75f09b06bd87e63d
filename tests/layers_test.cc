// The rules of the source tree, read from the sources themselves:
// - a folder includes only the folders that src/CMakeLists.txt names for it;
// - the libraries leave the terminal to cli/, base/log and base/error (CHECK);
// - headers do not pull in whole libraries;
// - no two headers define types of one name, of which a linker would mix up the members.
#include <gtest/gtest.h>

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

// Reads `deepscaler_layer(name ALLOWED_LAYERS a b LIBRARIES ...)` calls.
Table read_table(const std::string& cmake) {
  Table table;
  const std::regex call("\\n\\s*deepscaler_layer\\(([^)]*)\\)");
  for (std::sregex_iterator i(cmake.begin(), cmake.end(), call), end; i != end; ++i) {
    std::istringstream words((*i)[1]);
    std::string name, word;
    words >> name;
    auto& allowed = table[name] = {name};
    bool in_layers = false;
    while (words >> word) {
      if (word == "ALLOWED_LAYERS" || word.ends_with("LIBRARIES"))
        in_layers = word == "ALLOWED_LAYERS";
      else if (in_layers)
        allowed.insert(word);
    }
  }
  return table;
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

// `file` is relative to src/: "ops/matmul.cc".
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

// The error is in the word, so that fprintf, std::cout, fmt::print and so on are all found.
Faults terminal_faults(const std::string& file, const std::string& source) {
  static const std::set<std::string> allowed = {"base/log.cc", "base/error.cc", "track/console.cc"};
  if (folder_of(file) == "cli" || allowed.contains(file) || file.ends_with("_test.cc")) return {};
  static const std::regex output(
      "\\b(cout|cerr|clog|stdout|stderr|STDOUT_FILENO|STDERR_FILENO)\\b|\\b(v?printf|puts|putchar|perror)\\s*"
      "\\(|fmt::print\\b");
  return find_lines(file, source, output, "writes to the terminal");
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
  const Table table = read_table(read_file(sources / "CMakeLists.txt"));
  Faults faults;
  const auto add = [&faults](const Faults& more) { faults.insert(faults.end(), more.begin(), more.end()); };
  for (const auto& entry : fs::recursive_directory_iterator(sources)) {
    const fs::path extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    const std::string file = fs::relative(entry.path(), sources).string(), source = read_file(entry.path());
    add(include_faults(file, source, table));
    add(terminal_faults(file, source));
    add(heavy_header_faults(file, source));
    add(definition_faults(file, source, definitions));
  }
  return faults;
}

TEST(Layers, TheTreeKeepsTheRules) { EXPECT_EQ(all_faults(DEEPSCALER_SOURCES), Faults()); }

TEST(Layers, TableIsRead) {
  const Table table = read_table(
      "\ndeepscaler_layer(base LIBRARIES fmt::fmt)\n"
      "deepscaler_layer(ops ALLOWED_LAYERS base\n  tensor LIBRARIES hwy)\n");
  EXPECT_EQ(table, (Table{{"base", {"base"}}, {"ops", {"ops", "base", "tensor"}}}));
  EXPECT_GE(read_table(read_file(fs::path(DEEPSCALER_SOURCES) / "CMakeLists.txt")).size(), 10u);
}

TEST(Layers, TheManualHasTheSameTable) {
  const fs::path sources = DEEPSCALER_SOURCES;
  EXPECT_EQ(read_manual(read_file(sources.parent_path() / "docs" / "architecture.md")),
            read_table(read_file(sources / "CMakeLists.txt")));
}

TEST(Layers, FaultsAreFound) {
  const Table table = {{"base", {"base"}}, {"ops", {"ops", "base"}}};
  const std::string source =
      "#include <vector>\n#include \"ops/matmul.h\"\n  #include \"rl/loss.h\"\n"
      "// #include \"eval/report.h\"\n";
  EXPECT_EQ(include_faults("ops/matmul.cc", source, table),
            Faults{"ops/matmul.cc:3: ops may not include rl"});
  EXPECT_EQ(include_faults("extra/x.cc", "", table),
            Faults{"extra/x.cc: the folder is not in the table of layers"});
  EXPECT_EQ(include_faults("cli/main.cc", source, table), Faults());

  for (const char* line : {"std::cout << 1;", "fprintf(stderr, \"x\");", "printf(\"x\");", "std::puts(text);",
                           "fmt::print(\"x\");", "write(STDERR_FILENO, x, 1);"}) {
    EXPECT_EQ(terminal_faults("ops/matmul.cc", line), Faults{"ops/matmul.cc:1: writes to the terminal"})
        << line;
    EXPECT_EQ(terminal_faults("cli/main.cc", line), Faults()) << line;
    EXPECT_EQ(terminal_faults("ops/matmul_test.cc", line), Faults()) << line;
  }
  for (const char* line : {"std::snprintf(text, 4, \"x\");", "int outputs(int);", "// printf(x)"})
    EXPECT_EQ(terminal_faults("ops/matmul.cc", line), Faults()) << line;

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
