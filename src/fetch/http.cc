#include "fetch/http.h"

#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include "base/signals.h"
#include "base/stopwatch.h"

namespace deepscaler {
namespace {

// One transfer: where its bytes go, and what came of it.
struct Transfer {
  CURL* curl = nullptr;
  std::function<bool(long status, std::string_view bytes)> receive;
  bool keeps_errors = false;  // receive() gets the page that explains an error, too
  bool refused = false;       // receive() returned false
  int64_t stall_timeout_s = 0;
  bool stalled = false;
  curl_off_t moved = 0;  // bytes so far, both ways
  Stopwatch silence;     // since the last of them
};

long status_of(CURL* curl) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

size_t on_bytes(char* bytes, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const long status = status_of(transfer.curl);
  if (status >= 400 && !transfer.keeps_errors) return size * count;
  if (transfer.receive(status, {bytes, size * count})) return size * count;
  transfer.refused = true;
  return 0;
}

// Called about once a second. libcurl's own limit is one of the mean speed over several seconds, for which
// the bytes of a request count long after they were sent.
int on_tick(void* user, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (std::exchange(transfer.moved, received + sent) != received + sent) (void)transfer.silence.lap();
  transfer.stalled = transfer.silence.seconds() > static_cast<double>(transfer.stall_timeout_s);
  return transfer.stalled || stop_requested() ? 1 : 0;
}

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

Handle make_handle(const std::string& url, const HttpOptions& options, Transfer& transfer) {
  static std::once_flag initialized;
  std::call_once(initialized, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  Handle handle(curl_easy_init(), curl_easy_cleanup);
  CURL* curl = transfer.curl = handle.get();
  DEEPSCALER_CHECK(curl, "libcurl did not start");
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "deepscaler");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
  transfer.stall_timeout_s = options.stall_timeout_s;
  if (!options.token.empty()) {
    // As bearer rather than as a header: libcurl does not pass it on to another host.
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, options.token.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_tick);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  return handle;
}

[[noreturn]] void fail_status(const std::string& url, long status) {
  const std::string what = fmt::format("the server answers {}", status);
  if (status == 401 || status == 403)
    throw Error(url, what + " (no access)",
                "if it is gated, accept its terms on its page and set HF_TOKEN to a token that may read it");
  if (status == 404) throw Error(url, what + " (not found)", "check the name");
  if (status == 429 || status >= 500) throw Unreachable(url, what, "try again later");
  throw Error(url, what, "check the name and HF_ENDPOINT");
}

// Returns with an answer of any status.
void transfer_all(const std::string& url, Transfer& transfer) {
  const CURLcode result = curl_easy_perform(transfer.curl);
  if (stop_requested()) throw Interrupted();
  if (transfer.refused) return;
  if (transfer.stalled) {
    throw Unreachable(url, fmt::format("no byte came for {} s", transfer.stall_timeout_s),
                      "check the network");
  }
  if (result != CURLE_OK) throw Unreachable(url, curl_easy_strerror(result), "check the network");
}

void perform(const std::string& url, Transfer& transfer) {
  transfer_all(url, transfer);
  if (transfer.refused) return;
  const long status = status_of(transfer.curl);
  if (status < 200 || status >= 300) fail_status(url, status);
}

struct FreeHeaders {
  void operator()(curl_slist* headers) const { curl_slist_free_all(headers); }
};
using RequestHeaders = std::unique_ptr<curl_slist, FreeHeaders>;

std::optional<double> retry_after_of(CURL* curl) {
  curl_header* header = nullptr;
  if (curl_easy_header(curl, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return std::nullopt;
  char* end = nullptr;
  const double seconds = std::strtod(header->value, &end);
  return end != header->value && *end == '\0' && seconds >= 0 ? std::optional(seconds) : std::nullopt;
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

std::string HttpClient::get(const std::string& url, size_t limit_bytes) {
  std::string body;
  Transfer transfer;
  transfer.receive = [&](long, std::string_view bytes) {
    body.append(bytes);
    return body.size() <= limit_bytes;
  };
  const Handle handle = make_handle(url, options_, transfer);
  perform(url, transfer);
  if (transfer.refused)
    throw Error(url, fmt::format("is longer than {} bytes", limit_bytes), "check the name");
  return body;
}

void HttpClient::download(const std::string& url, const std::filesystem::path& path, int64_t limit_bytes,
                          const std::function<void(int64_t)>& on_progress) {
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "ab"));
  const auto fail_write = [&] {
    throw Error(path.string(), "can't write", "check that the folder is writable and has space left");
  };
  if (!file) fail_write();
  const auto begin = static_cast<int64_t>(std::filesystem::file_size(path));
  int64_t size = begin;
  bool disk_failed = false, started = false;

  Transfer transfer;
  transfer.receive = [&](long status, std::string_view bytes) {
    constexpr long kPartialContent = 206;
    if (!started && status != kPartialContent && size > 0) {  // the whole file comes, not the rest
      std::filesystem::resize_file(path, 0);
      size = 0;
    }
    started = true;
    size += static_cast<int64_t>(bytes.size());
    if (size > limit_bytes) return false;
    disk_failed = std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size();
    on_progress(size);
    return !disk_failed;
  };
  const Handle handle = make_handle(url, options_, transfer);
  // Not CURLOPT_RESUME_FROM, with which libcurl fails where a server sends the whole file.
  const std::string range = fmt::format("{}-", begin);
  if (begin > 0) curl_easy_setopt(transfer.curl, CURLOPT_RANGE, range.c_str());
  perform(url, transfer);
  if (disk_failed || std::fflush(file.get()) != 0) fail_write();
  if (transfer.refused)
    throw Error(url, fmt::format("is longer than the {} bytes announced", limit_bytes), "try again");
}

HttpAnswer HttpClient::post_json(const std::string& url, const std::string& json, size_t limit_bytes) {
  HttpAnswer answer;
  Transfer transfer;
  transfer.keeps_errors = true;
  transfer.receive = [&](long, std::string_view bytes) {
    answer.body.append(bytes);
    return answer.body.size() <= limit_bytes;
  };
  const Handle handle = make_handle(url, options_, transfer);
  const RequestHeaders headers(curl_slist_append(nullptr, "Content-Type: application/json"));
  curl_easy_setopt(transfer.curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(transfer.curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(transfer.curl, CURLOPT_POSTFIELDS, json.data());
  curl_easy_setopt(transfer.curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size()));
  transfer_all(url, transfer);
  if (transfer.refused)
    throw Error(url, fmt::format("its answer is longer than {} bytes", limit_bytes), "ask for less");
  answer.status = status_of(transfer.curl);
  answer.retry_after_s = retry_after_of(transfer.curl);
  return answer;
}

}  // namespace deepscaler
