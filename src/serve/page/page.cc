#include "serve/page/page.h"

#include "serve/page/page_assets.h"

namespace deepscaler {
namespace {

struct PageFile {
  std::string_view path;
  std::string_view (*text)();
  const char* type;
};

constexpr PageFile kFiles[] = {
    {"/", chat_html, "text/html; charset=utf-8"},
    {"/chat.css", chat_css, "text/css; charset=utf-8"},
    {"/chat.js", chat_script, "text/javascript; charset=utf-8"},
    {"/markdown.js", markdown_script, "text/javascript; charset=utf-8"},
    {"/math.js", math_script, "text/javascript; charset=utf-8"},
};

// What the page may do: its own files, requests to this server, and nothing else.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

}  // namespace

std::optional<HttpResponse> page_file(std::string_view path) {
  for (const PageFile& file : kFiles) {
    if (file.path != path) continue;
    return HttpResponse{.body = std::string(file.text()),
                        .content_type = file.type,
                        .headers = {{"Content-Security-Policy", kPolicy},
                                    {"X-Content-Type-Options", "nosniff"},
                                    {"Referrer-Policy", "no-referrer"},
                                    {"Cache-Control", "no-cache"}}};
  }
  return std::nullopt;
}

std::vector<std::string> page_paths() {
  std::vector<std::string> paths;
  for (const PageFile& file : kFiles) paths.emplace_back(file.path);
  return paths;
}

}  // namespace deepscaler
