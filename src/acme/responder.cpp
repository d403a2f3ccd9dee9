// SPDX-License-Identifier: Apache-2.0
#include "responder.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/net/certificate_identity.hpp"
#include "godwit/net/listener.hpp"
#include "godwit/net/task_group.hpp"

namespace godwit::acme {
namespace {

using boost::asio::awaitable;

constexpr std::size_t most_connections = 64;
constexpr std::size_t longest_request = std::size_t{8} << 10U;
constexpr base::Duration time_for_one = std::chrono::seconds(10);
constexpr base::Duration last_words = std::chrono::milliseconds(200);

// Listens while there is something to tell, and only then.
class ListeningResponder : public Responder {
 public:
  ListeningResponder(ResponderParts parts, base::Endpoint place) : parts_(std::move(parts)), place_(std::move(place)) {}

  awaitable<base::Result<>> publish(action::Publish what) override {
    co_await withdraw();
    auto ready = prepare(what);
    if (!ready) co_return ready;
    published_ = std::move(what);
    auto sockets = net::bind_listeners(place_, 1, {.backlog = static_cast<int>(most_connections)});
    if (!sockets) co_return base::fail(sockets.error().kind, why_not(sockets.error().message));
    tasks_ = std::make_unique<net::TaskGroup>(parts_.reactor.executor(), parts_.reactor.deadlines(),
                                              [](const std::exception_ptr&) {});
    for (auto& socket : *sockets) {
      listeners_.push_back(net::make_listener(parts_.reactor, std::move(socket)));
      tasks_->spawn(accept(*listeners_.back()));
    }
    co_return base::Result<>();
  }

  awaitable<void> withdraw() override {
    if (!tasks_) co_return;
    for (auto& listener : listeners_) listener->close();
    tasks_->close();
    auto ended = co_await tasks_->wait_empty(parts_.clock.mono() + last_words);
    if (!ended) {
      tasks_->cancel();
      ended = co_await tasks_->wait_empty(base::no_deadline);  // nothing waits any more
    }
    listeners_.clear();
    tasks_.reset();
  }

 protected:
  virtual base::Result<> prepare(const action::Publish& what) = 0;
  virtual awaitable<void> talk(std::unique_ptr<net::Stream> stream, base::MonoTime deadline) = 0;
  virtual std::string why_not(const std::string& reason) const = 0;

  const ResponderParts parts_;
  action::Publish published_{};

 private:
  awaitable<void> accept(net::Listener& listener) {
    for (;;) {
      auto stream = co_await listener.accept();
      if (!stream && stream.error().kind == base::ErrorKind::cancelled) co_return;
      if (stream && tasks_->size() < most_connections) tasks_->spawn(serve(std::move(*stream)));
    }
  }

  awaitable<void> serve(std::unique_ptr<net::Stream> stream) {
    net::Stream* const open = stream.get();
    const net::Canceller::Hook at_the_end(&tasks_->canceller(), [open] { open->cancel(); });
    co_await talk(std::move(stream), parts_.clock.mono() + time_for_one);
  }

  const base::Endpoint place_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::unique_ptr<net::TaskGroup> tasks_;  // null: nothing is published
};

class HttpResponder final : public ListeningResponder {
 public:
  using ListeningResponder::ListeningResponder;

 private:
  base::Result<> prepare(const action::Publish&) override { return {}; }

  awaitable<void> talk(std::unique_ptr<net::Stream> stream, base::MonoTime deadline) override {
    std::string request;
    std::string piece(longest_request, '\0');
    while (!request.contains("\r\n\r\n")) {
      if (request.size() >= longest_request) co_return;
      auto got = co_await net::read_some(*stream, piece, deadline);
      if (!got) co_return;
      request.append(piece, 0, *got);
    }
    const std::string answer = challenge_answer(request, published_);
    co_await net::write_all(*stream, answer, deadline);
    stream->shutdown();
  }

  std::string why_not(const std::string& reason) const override {
    return reason + "; http-01 needs port 80: tls.acme.webroot if a web server has it, or challenge: tls-alpn-01";
  }
};

// RFC 8737: the certificate of the handshake is the answer.
class AlpnResponder final : public ListeningResponder {
 public:
  using ListeningResponder::ListeningResponder;

 private:
  base::Result<> prepare(const action::Publish& what) override {
    const std::string digest = sha256(what.key_authorization);
    constexpr const char* octet_string_of_32 = "\x04\x20";
    const net::CriticalExtension identifier{.oid = "1.3.6.1.5.5.7.1.31", .der = octet_string_of_32 + digest};
    auto certificate = net::make_self_signed(what.name, parts_.clock.wall(), std::chrono::hours(1), identifier);
    if (!certificate) return std::unexpected(certificate.error());
    auto context = net::TlsServerContext::for_protocol("acme-tls/1", *certificate);
    if (!context) return std::unexpected(context.error());
    context_ = std::move(*context);
    return {};
  }

  awaitable<void> talk(std::unique_ptr<net::Stream> stream, base::MonoTime deadline) override {
    auto secured = co_await net::tls_accept(std::move(stream), context_, deadline);
    if (secured) (*secured)->shutdown();
  }

  std::string why_not(const std::string& reason) const override {
    return reason + "; tls-alpn-01 needs port 443: if a web server has it, challenge: http-01";
  }

  std::shared_ptr<const net::TlsServerContext> context_;
};

// For a web server that has port 80: it hands out what lies in its folder.
class WebrootResponder final : public Responder {
 public:
  WebrootResponder(ResponderParts parts, std::string root)
      : parts_(std::move(parts)), root_(std::move(root)), folder_(root_ + "/.well-known/acme-challenge") {}

  awaitable<base::Result<>> publish(action::Publish what) override {
    co_await withdraw();
    path_ = folder_ + "/" + what.token;
    auto writing = write(what.key_authorization);
    auto written = co_await boost::asio::co_spawn(parts_.pool, std::move(writing), boost::asio::use_awaitable);
    if (!written) written.error().message = "tls.acme.webroot: " + path_ + ": " + written.error().message;
    co_return written;
  }

  awaitable<void> withdraw() override {
    if (path_.empty()) co_return;
    auto removing = remove(std::exchange(path_, {}));
    co_await boost::asio::co_spawn(parts_.pool, std::move(removing), boost::asio::use_awaitable);
  }

 private:
  // A file of this name that a crash left is ours: tokens are random.
  awaitable<base::Result<>> write(std::string text) {
    constexpr unsigned to_read = 0644;
    const std::string folders[] = {root_, root_ + "/.well-known", folder_};
    for (const auto& folder : folders) {
      auto making = make(folder);
      auto made = co_await std::move(making);
      if (!made) co_return made;
    }
    auto removed = co_await parts_.disk.remove(path_);
    auto file = co_await parts_.disk.open(path_, disk::OpenMode::create_new, to_read);
    if (!file) co_return std::unexpected(file.error());
    auto done = co_await (*file)->set_permissions(to_read);  // whatever the umask is
    if (done) done = co_await (*file)->write(0, text);
    co_return done;
  }

  // The web server must get there, whatever the umask is.  What is there already is somebody else's.
  awaitable<base::Result<>> make(std::string folder) {
    constexpr unsigned for_everybody = 0755;
    const auto entries = co_await parts_.disk.list(folder);
    if (entries || entries.error().kind != base::ErrorKind::not_found) co_return base::Result<>();
    auto done = co_await parts_.disk.make_directories(folder, for_everybody);
    if (!done) co_return done;
    // The folder around it may be another's, who might put a link to a file of ours in its place.
    auto made = co_await parts_.disk.open(folder, disk::OpenMode::read);
    if (!made) co_return std::unexpected(made.error());
    co_return co_await (*made)->set_permissions(for_everybody);
  }

  awaitable<void> remove(std::string path) {
    auto removed = co_await parts_.disk.remove(path);
    static_cast<void>(removed);
  }

  ResponderParts parts_;
  const std::string root_, folder_;
  std::string path_;  // of what is published; empty: nothing is
};

}  // namespace

std::unique_ptr<Responder> make_responder(const Settings& settings, ResponderParts parts) {
  const auto place = listening_place(settings);
  if (!place) return std::make_unique<WebrootResponder>(std::move(parts), settings.webroot);
  if (settings.challenge == ChallengeKind::tls_alpn_01)
    return std::make_unique<AlpnResponder>(std::move(parts), *place);
  return std::make_unique<HttpResponder>(std::move(parts), *place);
}

}  // namespace godwit::acme
