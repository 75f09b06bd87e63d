#include "serve/http/http_server.h"

#include <fmt/format.h>
#include <poll.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <set>

#include "base/error.h"
#include "serve/http/access.h"

namespace deepscaler {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{5}, kIdleTick{200};
constexpr std::chrono::milliseconds kLinger{2000};  // for the end of what a refused client still sends

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Whether the peer has closed its side, whatever it has sent before.
bool has_hung_up(int descriptor) {
  pollfd watched = {.fd = descriptor, .events = POLLRDHUP, .revents = 0};
  return poll(&watched, 1, 0) > 0 && (watched.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

class Connection;

}  // namespace

struct HttpServer::Io {
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer tick{context};
  HttpLimits limits;
  Gate gate;
  Handler handler;
  bool is_loopback = false;
  bool stopping = false;
  bool accepts = false;     // a client is waited for
  bool ticks_fast = false;  // since some client waits for an answer
  Clock::time_point stop_by;
  std::set<std::shared_ptr<Connection>> connections;
  size_t bodies_bytes = 0;

  void accept();
  void tick_in(Clock::duration duration);
  void watch_answers();
  void on_tick();
};

namespace {

// One client. Its functions run on the thread of run(), but for those that say otherwise.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(HttpServer::Io& io, tcp::socket socket) : io_(io), socket_(std::move(socket)) {
    boost::system::error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
  }

  void begin() { wait_for_request(); }

  [[nodiscard]] bool is_busy() const { return state_ == State::kAnswering; }
  [[nodiscard]] bool is_gone() const { return gone_; }  // from any thread
  [[nodiscard]] HttpServer::Io& io() { return io_; }

  // What time brings.
  void tick(Clock::time_point now) {
    if (now >= deadline_) return close();
    if (!is_busy()) return;
    if (has_hung_up(socket_.native_handle())) return close();
    if (is_events_ && !is_writing_ && now - last_write_ >= io_.limits.silence) write(":\n\n");
  }

  void close() {
    if (gone_.exchange(true)) return;
    give_back_body();
    boost::system::error_code ignored;
    socket_.close(ignored);
    io_.connections.erase(shared_from_this());
  }

  void close_if_idle() {
    if (state_ == State::kReading) close();
  }

  // An answer to the request with this number, which may be over.
  void send(uint64_t number, HttpResponse response) {
    if (!is_current(number)) return;
    response.headers.emplace_back("Content-Length", std::to_string(response.body.size()));
    push(head_of(response) + response.body);
    finish();
  }
  void begin_stream(uint64_t number, HttpResponse head) {
    if (!is_current(number)) return;
    is_events_ = head.content_type.starts_with("text/event-stream");
    if (is_chunked_) head.headers.emplace_back("Transfer-Encoding", "chunked");
    keep_alive_ = keep_alive_ && is_chunked_;
    push(head_of(head));
    write(std::move(head.body));
  }
  void write_piece(uint64_t number, std::string piece) {
    if (is_current(number)) write(std::move(piece));
  }
  void end_stream(uint64_t number) {
    if (!is_current(number)) return;
    if (is_chunked_) push("0\r\n\r\n");
    finish();
  }
  void abandon(uint64_t number) {
    if (is_current(number) && !is_finished_) close();
  }

 private:
  enum class State { kReading, kAnswering, kLingering };
  using Parser = http::request_parser<http::string_body>;

  [[nodiscard]] bool is_current(uint64_t number) const {
    return !gone_ && number == request_number_ && state_ == State::kAnswering && !is_finished_;
  }

  template <class Duration>
  void expire_in(Duration duration) {
    deadline_ = Clock::now() + duration;
  }

  // --- Reading.

  void wait_for_request() {
    state_ = State::kReading;
    if (io_.stopping) return close();
    if (buffer_.size() > 0) return read_header();
    expire_in(io_.limits.idle_time);
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
      if (self->gone_) return;
      if (error) return self->close();
      self->read_header();
    });
  }

  void read_header() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(io_.limits.header_bytes));
    parser_->body_limit(io_.limits.body_bytes);
    expire_in(io_.limits.header_time);
    http::async_read_header(socket_, buffer_, *parser_,
                            [self = shared_from_this()](boost::system::error_code error, size_t) {
                              if (self->gone_) return;
                              if (error) return self->refuse_unreadable(error);
                              self->take_header();
                            });
  }

  void refuse_unreadable(boost::system::error_code error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return refuse(error_response(
          431, fmt::format("the headers have more than {} bytes; send fewer", io_.limits.header_bytes)));
    }
    if (error == http::error::body_limit) return refuse(too_large());
    if (error.category() != http::make_error_code(http::error::bad_method).category() ||
        error == http::error::end_of_stream || error == http::error::partial_message) {
      return close();
    }
    refuse(error_response(400, "this is not HTTP/1.1; check what sends it"));
  }

  [[nodiscard]] HttpResponse too_large() const {
    return error_response(413,
                          fmt::format("the body has more than {} bytes; send less", io_.limits.body_bytes));
  }

  // What is wrong with the headers, if something is.
  [[nodiscard]] std::optional<HttpResponse> fault(const HttpRequest& head, size_t target_bytes) const {
    const HttpLimits& limits = io_.limits;
    if (target_bytes > limits.target_bytes) {
      return error_response(
          414, fmt::format("the target has more than {} bytes; shorten it", limits.target_bytes));
    }
    if (head.headers.size() > limits.headers) {
      return error_response(431, fmt::format("there are more than {} headers; send fewer", limits.headers));
    }
    if (!head.path.starts_with("/"))
      return error_response(400, "the target is no path; ask for one as /v1/models");
    const auto hosts = std::ranges::count(head.headers, "host", &HttpHeaders::value_type::first);
    if (hosts > 1 || (hosts == 0 && parser_->get().version() >= 11)) {
      return error_response(400, "there is not one Host header; send one");
    }
    if (head.header("transfer-encoding") != nullptr) {
      return error_response(411, "the body comes in chunks; send it with Content-Length");
    }
    const std::string* encoding = head.header("content-encoding");
    if (encoding != nullptr && *encoding != "identity") {
      return error_response(415, "the body is compressed; send it as it is");
    }
    const std::string* expectation = head.header("expect");
    if (expectation != nullptr && lower_case(*expectation) != "100-continue") {
      return error_response(417, "only 100-continue can be expected; leave the header out");
    }
    if (body_bytes(head) > limits.body_bytes) return too_large();
    if (io_.bodies_bytes + body_bytes(head) > limits.all_bodies_bytes) {
      HttpResponse busy = error_response(503, "too much is being read at a time; try again later");
      busy.headers.emplace_back("Retry-After", "1");
      return busy;
    }
    return io_.gate(head);
  }

  // The parser has looked at it.
  [[nodiscard]] static uint64_t body_bytes(const HttpRequest& head) {
    const std::string* length = head.header("content-length");
    uint64_t bytes = 0;
    if (length != nullptr) std::from_chars(length->data(), length->data() + length->size(), bytes);
    return bytes;
  }

  void take_header() {
    const auto& message = parser_->get();
    request_ = {.method = std::string(message.method_string())};
    const std::string_view target(message.target().data(), message.target().size());
    request_.path = target.substr(0, target.find('?'));
    for (const auto& field : message) {
      request_.headers.emplace_back(lower_case({field.name_string().data(), field.name_string().size()}),
                                    std::string(field.value()));
    }
    is_chunked_ = message.version() >= 11;
    keep_alive_ = message.keep_alive();
    if (auto refused = fault(request_, target.size())) return refuse(std::move(*refused));
    taken_bytes_ = body_bytes(request_);
    io_.bodies_bytes += taken_bytes_;
    if (request_.header("expect") != nullptr) push("HTTP/1.1 100 Continue\r\n\r\n");
    expire_in(io_.limits.body_time);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](boost::system::error_code error, size_t) {
                       if (self->gone_) return;
                       if (error) return self->refuse_unreadable(error);
                       self->take_request();
                     });
  }

  void take_request();

  // --- Writing.

  [[nodiscard]] std::string head_of(const HttpResponse& response) const {
    const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
    std::string head = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n", response.status,
                                   std::string_view(reason.data(), reason.size()), response.content_type);
    for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\r\n", name, value);
    head += "X-Content-Type-Options: nosniff\r\n";
    head += keep_alive_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    return head;
  }

  // An answer instead of reading on: nothing of the request is left that could be taken for the next one.
  void refuse(HttpResponse response) {
    keep_alive_ = false;
    state_ = State::kAnswering;
    is_finished_ = false;
    send(request_number_, std::move(response));
  }

  void write(std::string piece) {
    if (piece.empty()) return;
    if (unsent_.size() + sending_.size() > io_.limits.unread_answer_bytes) return close();
    push(is_chunked_ ? fmt::format("{:x}\r\n{}\r\n", piece.size(), piece) : piece);
  }

  void push(std::string_view bytes) {
    unsent_ += bytes;
    if (!is_writing_) write_on();
  }

  void write_on() {
    if (unsent_.empty()) {
      if (is_finished_) answered();
      return;
    }
    is_writing_ = true;
    sending_ = std::exchange(unsent_, {});
    expire_in(io_.limits.write_time);
    asio::async_write(socket_, asio::buffer(sending_),
                      [self = shared_from_this()](boost::system::error_code error, size_t) {
                        self->is_writing_ = false;
                        if (self->gone_) return;
                        if (error) return self->close();
                        self->last_write_ = Clock::now();
                        self->sending_.clear();
                        if (self->is_busy())
                          self->deadline_ = Clock::time_point::max();  // the handler's turn
                        self->write_on();
                      });
  }

  void finish() {
    is_finished_ = true;
    if (!is_writing_) write_on();
  }

  void give_back_body() { io_.bodies_bytes -= std::exchange(taken_bytes_, 0); }

  void answered() {
    give_back_body();
    is_finished_ = false;
    is_events_ = false;
    ++request_number_;
    if (keep_alive_) return wait_for_request();
    // Closing while bytes come in would reset the connection, and the client might never read the answer.
    state_ = State::kLingering;
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    expire_in(kLinger);
    buffer_.clear();
    discard();
  }

  void discard() {
    buffer_.clear();
    socket_.async_read_some(buffer_.prepare(size_t{16} << 10),
                            [self = shared_from_this()](boost::system::error_code error, size_t) {
                              if (self->gone_) return;
                              if (error) return self->close();
                              self->discard();
                            });
  }

  HttpServer::Io& io_;
  tcp::socket socket_;
  beast::flat_buffer buffer_{size_t{256} << 10};
  std::optional<Parser> parser_;
  HttpRequest request_;
  State state_ = State::kReading;
  uint64_t request_number_ = 0;
  size_t taken_bytes_ = 0;  // of the request's body, in Io::bodies_bytes
  bool keep_alive_ = true, is_chunked_ = true, is_events_ = false;
  bool is_writing_ = false;
  bool is_finished_ = false;  // nothing is added to the answer
  std::string unsent_, sending_;
  Clock::time_point deadline_ = Clock::time_point::max(), last_write_ = Clock::now();
  std::atomic<bool> gone_ = false;
};

// Passes what other threads say on to the thread of the sockets.
class Reply : public HttpReply {
 public:
  Reply(std::shared_ptr<Connection> connection, uint64_t number)
      : connection_(std::move(connection)), number_(number) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply() override {
    post([](Connection& connection, uint64_t number) { connection.abandon(number); });
  }

  void send(HttpResponse response) override {
    post([response = std::move(response)](Connection& connection, uint64_t number) mutable {
      connection.send(number, std::move(response));
    });
  }
  void begin(HttpResponse head) override {
    post([head = std::move(head)](Connection& connection, uint64_t number) mutable {
      connection.begin_stream(number, std::move(head));
    });
  }
  void write(std::string piece) override {
    post([piece = std::move(piece)](Connection& connection, uint64_t number) mutable {
      connection.write_piece(number, std::move(piece));
    });
  }
  void end() override {
    post([](Connection& connection, uint64_t number) { connection.end_stream(number); });
  }
  [[nodiscard]] bool is_gone() const override { return connection_->is_gone(); }

 private:
  template <class Work>
  void post(Work work) {
    asio::post(connection_->io().context, [connection = connection_, number = number_,
                                           work = std::move(work)]() mutable { work(*connection, number); });
  }

  std::shared_ptr<Connection> connection_;
  uint64_t number_;
};

void Connection::take_request() {
  request_.body = std::move(parser_->get().body());
  parser_.reset();
  state_ = State::kAnswering;
  is_finished_ = false;
  last_write_ = Clock::now();
  if (!is_writing_) deadline_ = Clock::time_point::max();
  io_.watch_answers();
  io_.handler(std::move(request_), std::make_shared<Reply>(shared_from_this(), request_number_));
}

}  // namespace

void HttpServer::Io::accept() {
  if (accepts || stopping) return;
  accepts = true;
  acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
    accepts = false;
    if (error) return;  // for want of descriptors, say: the next tick tries again
    if (connections.size() < limits.connections) {
      const auto connection = std::make_shared<Connection>(*this, std::move(socket));
      connections.insert(connection);
      connection->begin();
    }
    accept();
  });
}

void HttpServer::Io::tick_in(Clock::duration duration) {
  tick.expires_after(duration);
  tick.async_wait([this](boost::system::error_code error) {
    if (!error) on_tick();
  });
}

void HttpServer::Io::watch_answers() {
  if (std::exchange(ticks_fast, true)) return;
  tick_in(kTick);
}

void HttpServer::Io::on_tick() {
  const auto now = Clock::now();
  const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
  for (const auto& connection : all) connection->tick(now);
  if (stopping && (connections.empty() || now >= stop_by)) return context.stop();
  accept();
  ticks_fast = stopping || std::ranges::any_of(connections, [](const auto& each) { return each->is_busy(); });
  tick_in(ticks_fast ? kTick : kIdleTick);
}

HttpServer::HttpServer(const std::string& host, uint16_t port, const HttpLimits& limits, Gate gate,
                       Handler handler)
    : io_(std::make_unique<Io>()) {
  io_->limits = limits;
  io_->gate = std::move(gate);
  io_->handler = std::move(handler);
  const std::string where = fmt::format("{}:{}", host, port);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) throw Error("--host", fmt::format("{} is no address", host), "give one as 127.0.0.1 or ::1");
  io_->is_loopback = address.is_loopback();
  const tcp::endpoint endpoint(address, port);
  io_->acceptor.open(endpoint.protocol());
  io_->acceptor.set_option(tcp::acceptor::reuse_address(true));
  io_->acceptor.bind(endpoint, error);
  if (!error) io_->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) throw Error(where, "can't listen: " + error.message(), "choose another --port or --host");
}

HttpServer::~HttpServer() = default;

uint16_t HttpServer::port() const { return io_->acceptor.local_endpoint().port(); }

bool HttpServer::is_loopback() const { return io_->is_loopback; }

void HttpServer::run() {
  io_->accept();
  io_->tick_in(kIdleTick);
  io_->context.run();
}

void HttpServer::stop() {
  asio::post(io_->context, [io = io_.get()] {
    io->stopping = true;
    io->stop_by = Clock::now() + kLinger;
    boost::system::error_code ignored;
    io->acceptor.close(ignored);
    const std::vector<std::shared_ptr<Connection>> all(io->connections.begin(), io->connections.end());
    for (const auto& connection : all) connection->close_if_idle();
    io->tick_in(kTick);
  });
}

}  // namespace deepscaler
