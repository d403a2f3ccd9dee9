// SPDX-License-Identifier: Apache-2.0
#include "maildrop_client.hpp"

#include <algorithm>
#include <utility>

namespace godwit::server {
namespace {

namespace client_event = smtp::client_event;
namespace client_action = smtp::client_action;

constexpr std::size_t piece_size = 256U << 10U;

smtp::ClientTransaction transaction_of(const mail::MaildropFile& file, std::uint64_t size) {
  smtp::ClientTransaction transaction{
      .sender = file.sender, .recipients = {}, .size = size, .body = file.body, .ret = file.ret, .envid = file.envid};
  for (const auto& [address, parameters] : file.recipients)
    transaction.recipients.push_back({.address = address, .parameters = parameters});
  return transaction;
}

smtp::ClientSettings settings_of(std::string hostname) {
  smtp::ClientSettings settings;
  settings.hostname = std::move(hostname);
  settings.tls = smtp::ClientTls::none;
  return settings;
}

class MaildropStream final : public net::Stream {
 public:
  MaildropStream(MaildropClient& client, uid_t owner, const std::string& folder) : client_(client), owner_(owner) {
    endpoint_.unix_path = folder;
  }

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
  // It waits for the disk alone, which has no deadline.
  net::Task<> readable(base::MonoTime) override {
    if (!cancelled_) co_await client_.read_on();
    if (std::exchange(interrupted_, false) || cancelled_) co_return base::fail(base::ErrorKind::cancelled, "cancelled");
    co_return base::Result<>();
  }
  net::Task<> writable(base::MonoTime) override { co_return base::Result<>(); }
  void cancel() override { cancelled_ = true; }
  void interrupt() override { interrupted_ = true; }
  void shutdown() override {}
  const base::Endpoint& local() const override { return endpoint_; }
  const base::Endpoint& remote() const override { return endpoint_; }
  std::optional<net::PeerCredential> peer_credential() const override {
    return net::PeerCredential{.user = owner_, .group = 0, .process = 0};
  }

 private:
  MaildropClient& client_;
  uid_t owner_;
  base::Endpoint endpoint_;
  bool cancelled_ = false;
  bool interrupted_ = false;
};

}  // namespace

MaildropClient::MaildropClient(std::shared_ptr<const disk::DroppedFile> file, const mail::DecodedMaildrop& content,
                               std::string hostname, net::BoundedPool& pool)
    : file_(std::move(file)),
      head_(content.head),
      pool_(pool),
      settings_(settings_of(std::move(hostname))),
      session_(settings_),
      rounds_(transaction_of(content.file, file_->size() - content.head)) {
  feed(client_event::Connected{});
  feed(next_transaction());
}

smtp::ClientEvent MaildropClient::next_transaction() {
  if (auto next = rounds_.next()) return client_event::Transaction{std::move(*next)};
  return client_event::Quit{};
}

void MaildropClient::feed(smtp::ClientEvent first) {
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

std::optional<smtp::ClientEvent> MaildropClient::perform(const smtp::ClientAction& wanted) {
  if (const auto* sending = std::get_if<client_action::Send>(&wanted)) said_ += sending->bytes;
  if (const auto* done = std::get_if<client_action::TransactionDone>(&wanted)) rounds_.take(done->results);
  if (std::holds_alternative<client_action::Close>(wanted)) closed_ = true;
  if (const auto* body = std::get_if<client_action::SendBody>(&wanted)) {
    in_body_ = true;
    raw_ = body->raw;
    at_ = head_;
    stuffer_ = {};
  }
  if (std::holds_alternative<client_action::Ready>(wanted)) return next_transaction();
  return {};
}

void MaildropClient::listen() {
  if (heard_.empty() || in_body_ || closed_) return;
  const std::string heard = std::exchange(heard_, {});
  feed(client_event::Bytes{heard});
}

std::size_t MaildropClient::say(std::span<char> into) {
  if (said_.empty()) listen();
  const auto size = said_.copy(into.data(), into.size());
  said_.erase(0, size);
  return size;
}

boost::asio::awaitable<void> MaildropClient::read_on() {
  if (!in_body_) {  // the server waits for words, and the client for the server's: neither comes
    feed(client_event::PeerClosed{});
    co_return;
  }
  auto read = [file = file_, at = at_]() -> base::Result<std::string> {
    std::string piece(piece_size, '\0');
    const auto got = file->read(at, piece);
    if (!got) return std::unexpected(got.error());
    piece.resize(*got);
    return piece;
  };
  auto piece = co_await pool_.run(std::move(read));
  // The size was said: what its owner changes meanwhile is no message.
  const auto left = file_->size() - at_;
  if (!piece || piece->size() < std::min<std::uint64_t>(left, piece_size)) {
    in_body_ = false;
    feed(client_event::BodyFailed{piece ? "the file was cut while it was read" : piece.error().message});
    co_return;
  }
  piece->resize(std::min<std::uint64_t>(left, piece->size()));
  at_ += piece->size();
  if (raw_)
    said_ += *piece;
  else
    stuffer_.put(*piece, said_);
  if (at_ < file_->size()) co_return;
  if (!raw_) stuffer_.finish(said_);
  in_body_ = false;
  feed(client_event::BodySent{});
}

const std::vector<smtp::RecipientResult>& MaildropClient::finish() {
  in_body_ = false;
  listen();
  if (!closed_) feed(client_event::PeerClosed{});
  return rounds_.results();
}

std::unique_ptr<net::Stream> maildrop_stream(MaildropClient& client, uid_t owner, const std::string& folder) {
  return std::make_unique<MaildropStream>(client, owner, folder);
}

}  // namespace godwit::server
