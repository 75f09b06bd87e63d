// The documents name what there is: every relative link of README.md, CONTRIBUTING.md and docs/ leads to a
// file and, after a #, to a heading of it; every `src/...` or `tests/...` is a file or folder of this tree.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// The text without its code blocks: fences, and lines that are indented by four.
std::string without_code(const std::string& text) {
  std::istringstream lines(text);
  std::string prose;
  bool fenced = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```"))
      fenced = !fenced;
    else if (!fenced && !line.starts_with("    "))
      prose += line + "\n";
  }
  return prose;
}

// A heading as GitHub names it in links: lower case, spaces as dashes, without other marks.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '_' || c == '-' || byte >= 0x80)
      anchor += static_cast<char>(std::tolower(byte));
    else if (c == ' ')
      anchor += '-';
  }
  return anchor;
}

bool has_heading(const fs::path& file, const std::string& anchor) {
  std::istringstream lines(without_code(read_file(file)));
  for (std::string line; std::getline(lines, line);) {
    const size_t text = line.find_first_not_of('#');
    if (text != 0 && text != line.npos && line[text] == ' ' && anchor_of(line.substr(text + 1)) == anchor)
      return true;
  }
  return false;
}

std::vector<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex); it != std::sregex_iterator(); ++it) {
    found.push_back((*it)[1]);
  }
  return found;
}

bool leads_somewhere(const fs::path& document, const std::string& link) {
  if (link.starts_with("http://") || link.starts_with("https://")) return true;
  const size_t mark = link.find('#');
  const fs::path target = mark == 0 ? document : document.parent_path() / link.substr(0, mark);
  if (!fs::exists(target)) return false;
  return mark == link.npos || has_heading(target, link.substr(mark + 1));
}

// Faults of one document of the tree at `root`, in the order in which they stand.
std::vector<std::string> dead_names(const fs::path& root, const fs::path& document) {
  const std::string text = without_code(read_file(document));
  std::vector<std::string> dead;
  for (const std::string& link : matches(text, R"(\]\(([^)\s]+)\))")) {
    if (!leads_somewhere(document, link)) dead.push_back(link);
  }
  for (const std::string& path : matches(text, "`((?:src|tests|docs|bench|recipes|scripts)/[\\w./-]+)`")) {
    // NAME and ROOM stand for any word.
    const bool stands_for_others = path.find("NAME") != path.npos || path.find("ROOM") != path.npos;
    if (!stands_for_others && !fs::exists(root / path)) dead.push_back(path);
  }
  return dead;
}

TEST(Links, LeadSomewhere) {
  const fs::path root = DEEPSCALER_TREE;
  std::vector<fs::path> documents = {root / "README.md", root / "CONTRIBUTING.md"};
  for (const auto& entry : fs::directory_iterator(root / "docs")) {
    if (entry.path().extension() == ".md") documents.push_back(entry.path());
  }
  EXPECT_GT(documents.size(), 10u);
  for (const fs::path& document : documents) {
    for (const std::string& dead : dead_names(root, document)) ADD_FAILURE() << document << ": " << dead;
  }
}

TEST(Links, DeadOnesAreFound) {
  const TemporaryFolder root;
  fs::create_directories(root / "src");
  write_file_atomically(root / "src/a.cc", "");
  write_file_atomically(root / "b.md", "# The b's, *first* part\n");
  write_file_atomically(
      root / "a.md",
      "# A\n[fine](b.md) [and](b.md#the-bs-first-part) [here](#a) [web](https://a.b/c)\n"
      "[gone](c.md) [moved](b.md#part) ![picture](a.svg)\n"
      "`src/a.cc`, `src/b.cc` and `src/NAME.cc`\n\n    [code](d.md)\n\n```\n[code](e.md)\n```\n");
  EXPECT_EQ(dead_names(root.path(), root / "a.md"),
            (std::vector<std::string>{"c.md", "b.md#part", "a.svg", "src/b.cc"}));
}

}  // namespace
}  // namespace deepscaler
