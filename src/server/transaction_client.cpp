// SPDX-License-Identifier: Apache-2.0
#include "transaction_client.hpp"

#include <utility>

namespace godwit::server {
namespace {

namespace client_event = smtp::client_event;
namespace client_action = smtp::client_action;

smtp::ClientSettings settings_of(TransactionClient::Settings chosen) {
  smtp::ClientSettings settings;
  settings.hostname = std::move(chosen.hello);
  settings.tls = smtp::ClientTls::none;
  settings.chunking = chosen.chunking;
  return settings;
}

class TransactionStream final : public net::Stream {
 public:
  TransactionStream(TransactionClient& client, ClientEnd end) : client_(client), end_(std::move(end)) {}

  net::IoResult try_read(std::span<char> into) override {
    using Status = net::IoResult::Status;
    const auto size = client_.say(into);
    if (size > 0) return {.status = Status::ok, .bytes = size};
    return {.status = client_.is_over() ? Status::end : Status::would_block};
  }
  net::IoResult try_write(std::string_view bytes) override {
    client_.hear(bytes);
    return {.status = net::IoResult::Status::ok, .bytes = bytes.size()};
  }
  // It waits for the message alone, whose pieces have deadlines of their own where they need some.
  net::Task<> readable(base::MonoTime) override {
    if (!cancelled_) co_await client_.read_on();
    if (std::exchange(interrupted_, false) || cancelled_) co_return base::fail(base::ErrorKind::cancelled, "cancelled");
    co_return base::Result<>();
  }
  net::Task<> writable(base::MonoTime) override { co_return base::Result<>(); }
  void cancel() override { cancelled_ = true; }
  void interrupt() override { interrupted_ = true; }
  void shutdown() override {}
  const base::Endpoint& local() const override { return end_.local; }
  const base::Endpoint& remote() const override { return end_.remote; }
  std::optional<net::PeerCredential> peer_credential() const override { return end_.user; }

 private:
  TransactionClient& client_;
  ClientEnd end_;
  bool cancelled_ = false;
  bool interrupted_ = false;
};

}  // namespace

TransactionClient::TransactionClient(smtp::ClientTransaction transaction, Open open, Settings settings)
    : open_(std::move(open)),
      may_send_again_(settings.may_send_again),
      settings_(settings_of(std::move(settings))),
      session_(settings_),
      rounds_(std::move(transaction)) {
  feed(client_event::Connected{});
  feed(next_transaction());
}

smtp::ClientEvent TransactionClient::next_transaction() {
  if (std::exchange(begun_, true) && !may_send_again_) return client_event::Quit{};
  if (auto next = rounds_.next()) return client_event::Transaction{std::move(*next)};
  return client_event::Quit{};
}

void TransactionClient::feed(smtp::ClientEvent first) {
  std::optional<smtp::ClientEvent> next = std::move(first);
  while (next && !closed_) {
    const auto& actions = session_.next(*next);
    next.reset();
    for (const auto& wanted : actions) {
      next = perform(wanted);
      if (next || closed_) break;
    }
  }
}

std::optional<smtp::ClientEvent> TransactionClient::perform(const smtp::ClientAction& wanted) {
  if (const auto* sending = std::get_if<client_action::Send>(&wanted)) said_ += sending->bytes;
  if (const auto* done = std::get_if<client_action::TransactionDone>(&wanted)) rounds_.take(done->results);
  if (std::holds_alternative<client_action::Close>(wanted)) closed_ = true;
  if (const auto* body = std::get_if<client_action::SendBody>(&wanted)) {
    in_body_ = true;
    raw_ = body->raw;
    pieces_ = open_();
    stuffer_ = {};
  }
  if (std::holds_alternative<client_action::Ready>(wanted)) return next_transaction();
  return {};
}

void TransactionClient::listen() {
  if (heard_.empty() || in_body_ || closed_) return;
  const std::string heard = std::exchange(heard_, {});
  feed(client_event::Bytes{heard});
}

std::size_t TransactionClient::say(std::span<char> into) {
  if (said_.empty()) listen();
  const auto size = said_.copy(into.data(), into.size());
  said_.erase(0, size);
  return size;
}

boost::asio::awaitable<void> TransactionClient::read_on() {
  if (!in_body_) {  // the server waits for words, and the client for the server's: neither comes
    feed(client_event::PeerClosed{});
    co_return;
  }
  auto reading = pieces_();
  auto piece = co_await std::move(reading);
  if (!piece) {
    in_body_ = false;
    feed(client_event::BodyFailed{piece.error().message});
    co_return;
  }
  if (raw_)
    said_ += *piece;
  else
    stuffer_.put(*piece, said_);
  if (!piece->empty()) co_return;
  if (!raw_) stuffer_.finish(said_);
  in_body_ = false;
  feed(client_event::BodySent{});
}

const std::vector<smtp::RecipientResult>& TransactionClient::finish() {
  in_body_ = false;
  listen();
  if (!closed_) feed(client_event::PeerClosed{});
  return rounds_.results();
}

std::unique_ptr<net::Stream> transaction_stream(TransactionClient& client, ClientEnd end) {
  return std::make_unique<TransactionStream>(client, std::move(end));
}

}  // namespace godwit::server
