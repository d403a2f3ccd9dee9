// SPDX-License-Identifier: Apache-2.0
#include "smtp_connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "content_facts.hpp"
#include "wire_body.hpp"

namespace godwit::deliver {
namespace {

using smtp::ClientEvent;
namespace client_event = smtp::client_event;
namespace client_action = smtp::client_action;

constexpr std::size_t read_size = 16U << 10U;

ClientEvent ending(const base::Error& error) {
  if (error.kind == base::ErrorKind::timed_out) return client_event::TimedOut{};
  if (error.kind == base::ErrorKind::cancelled) return client_event::Quit{};
  return client_event::PeerClosed{};
}

std::string trust_in(const net::TlsInfo& tls) {
  if (tls.verify.empty()) return {};
  return tls.verify == "ok" ? ", trusted" : fmt::format(", not trusted: {}", tls.verify);
}

std::string outline(const net::TlsInfo& tls) {
  return fmt::format("TLS: {} {}, certificate {}{}", tls.version, tls.cipher,
                     tls.peer_subject.empty() ? "none" : tls.peer_subject, trust_in(tls));
}

}  // namespace

SmtpConnection::SmtpConnection(std::unique_ptr<net::Stream> stream, smtp::ClientSettings settings, TlsChoice tls,
                               net::Network& network, net::BoundedPool* proofs)
    : stream_(std::move(stream)),
      settings_(std::move(settings)),
      session_(settings_),
      tls_(std::move(tls)),
      network_(network),
      proofs_(proofs),
      tls_facts_{.local = stream_->local(), .remote = stream_->remote()} {}

boost::asio::awaitable<SmtpConnection::Ended> SmtpConnection::transact(smtp::ClientTransaction transaction,
                                                                       std::shared_ptr<Content> content,
                                                                       std::shared_ptr<Transcript> transcript) {
  ended_ = {};
  content_ = std::move(content);
  transcript_ = std::move(transcript);
  body_ = transaction.body;
  ++transactions_;
  if (!connected_) {
    connected_ = true;
    co_await greet();
  }
  // Named, not a temporary of the co_await expression: GCC 12 destroys such a one twice.
  ClientEvent begun = client_event::Transaction{std::move(transaction)};
  if (!closed_) co_await feed(std::move(begun));
  content_.reset();
  transcript_.reset();
  input_.reset();  // an idle connection holds no buffer
  co_return std::move(ended_);
}

boost::asio::awaitable<void> SmtpConnection::greet() {
  ClientEvent connected = client_event::Connected{};
  co_await feed(std::move(connected));
}

boost::asio::awaitable<void> SmtpConnection::quit() {
  ClientEvent leaving = client_event::Quit{};
  if (usable()) co_await feed(std::move(leaving));
  stream_->shutdown();
}

void SmtpConnection::cancel() {
  auto* const stream = stream_ ? stream_.get() : handshaking_;
  if (stream != nullptr) stream->cancel();
}

bool SmtpConnection::disturbed() {
  std::array<char, 1> byte{};
  return stream_->try_read(byte).status != net::IoResult::Status::would_block;
}

std::string SmtpConnection::tls_verdict() const {
  if (!session_.tls()) return "none";
  const auto& version = session_.tls()->version;
  if (!tls_.options.tlsa.empty()) return version + " dane";
  return tls_.options.names.empty() ? version : version + " verified";
}

TlsFacts SmtpConnection::tls_facts() const {
  auto facts = tls_facts_;
  const auto& peer = session_.capabilities();
  facts.greeted = peer.esmtp;
  facts.offered = peer.starttls;
  facts.agreed = session_.tls().has_value();
  return facts;
}

Transcript::Kind SmtpConnection::kind() const {
  return session_.stage() == smtp::Stage::auth ? Transcript::Kind::secret : Transcript::Kind::open;
}

void SmtpConnection::note(std::string_view remark) {
  if (transcript_) transcript_->note(network_.now(), remark);
}

// Feeds `event` and everything that follows from it, until the session has nothing left to wait for.
boost::asio::awaitable<void> SmtpConnection::feed(ClientEvent event) {
  std::optional<ClientEvent> next = std::move(event);
  while (next) {
    const auto& actions = session_.next(*next);
    next.reset();
    ready_ = false;
    for (const auto& action : actions) {
      next = co_await perform(action);
      if (next) break;  // the session decides anew; what it wanted before this is void
    }
    if (!next && !closed_) next = std::exchange(broken_, {});
  }
}

boost::asio::awaitable<std::optional<ClientEvent>> SmtpConnection::perform(const smtp::ClientAction& action) {
  if (const auto* sending = std::get_if<client_action::Send>(&action)) {
    if (transcript_) transcript_->sent(network_.now(), sending->bytes, kind());
    co_return co_await send(sending->bytes, network_.now() + settings_.timeouts.command);
  }
  if (const auto* reading = std::get_if<client_action::Read>(&action)) co_return co_await read(*reading);
  if (std::holds_alternative<client_action::StartTls>(action)) co_return co_await start_tls();
  if (const auto* asked = std::get_if<client_action::MakeKeys>(&action)) co_return co_await make_keys(*asked);
  if (const auto* body = std::get_if<client_action::SendBody>(&action)) co_return co_await send_body(*body);
  if (std::holds_alternative<client_action::Ready>(action)) ready_ = true;
  if (const auto* done = std::get_if<client_action::TransactionDone>(&action)) ended_.results = done->results;
  if (const auto* close = std::get_if<client_action::Close>(&action)) {
    ended_.closed = *close;
    closed_ = true;
    stream_->shutdown();
  }
  co_return std::nullopt;
}

boost::asio::awaitable<std::optional<ClientEvent>> SmtpConnection::send(std::string_view bytes,
                                                                        base::MonoTime deadline) {
  auto sent = co_await net::write_all(*stream_, bytes, deadline);
  if (!sent) co_return unsent(sent.error());
  co_return std::nullopt;
}

// A peer that takes a byte now and then ends the wait of each write, but not the pace of the whole body.
boost::asio::awaitable<std::optional<ClientEvent>> SmtpConnection::send_paced(std::string_view bytes,
                                                                              base::Duration wait, net::Pace& pace) {
  while (!bytes.empty()) {
    const auto start = network_.now();
    auto sent = co_await net::write_some(*stream_, bytes, std::min(start + wait, pace.deadline(start)));
    if (!sent) co_return unsent(sent.error());
    pace.count(network_.now() - start, *sent);
    bytes.remove_prefix(*sent);
  }
  co_return std::nullopt;
}

// What the peer said before it hung up says more than that it did: "552 too big", "421 too many connections".
ClientEvent SmtpConnection::unsent(const base::Error& error) {
  note(error.message);
  auto end = ending(error);
  const auto got = stream_->try_read(input());
  if (got.status != net::IoResult::Status::ok || std::holds_alternative<client_event::Quit>(end)) return end;
  broken_ = std::move(end);
  const std::string_view bytes(input_.get(), got.bytes);
  if (transcript_) transcript_->received(network_.now(), bytes, kind());
  return client_event::Bytes{bytes};
}

std::span<char> SmtpConnection::input() {
  if (!input_) input_ = std::make_unique_for_overwrite<char[]>(read_size);
  return {input_.get(), read_size};
}

boost::asio::awaitable<ClientEvent> SmtpConnection::read(client_action::Read reading) {
  if (broken_) co_return *std::exchange(broken_, {});
  // One deadline for a whole reply: a peer that trickles bytes gains nothing.
  if (!reading.continued) reply_deadline_ = network_.now() + reading.deadline;
  auto got = co_await net::read_some(*stream_, input(), reply_deadline_);
  if (!got) {
    note(got.error().message);
    co_return ending(got.error());
  }
  const std::string_view bytes(input_.get(), *got);
  if (transcript_) transcript_->received(network_.now(), bytes, kind());
  co_return client_event::Bytes{bytes};
}

boost::asio::awaitable<ClientEvent> SmtpConnection::start_tls() {
  auto options = tls_.options;
  handshaking_ = stream_.get();
  auto secured = co_await net::tls_connect(std::move(stream_), tls_.context, std::move(options),
                                           network_.now() + settings_.timeouts.command);
  handshaking_ = nullptr;
  if (!secured) {
    stream_ = net::closed_stream();
    note("TLS: " + secured.error().message);
    tls_facts_.failure = secured.error().message;
    co_return client_event::TlsFailed{secured.error().message, secured.error().kind != base::ErrorKind::refused};
  }
  stream_ = std::move(*secured);
  const auto info = stream_->tls_info();
  note(outline(*info));
  tls_facts_.verify = info->verify;
  co_return client_event::TlsReady{{.version = info->version,
                                    .cipher = info->cipher,
                                    .peer_subject = info->peer_subject,
                                    .channel_binding = info->channel_binding,
                                    .server_name = info->server_name,
                                    .end_point = info->end_point}};
}

boost::asio::awaitable<ClientEvent> SmtpConnection::make_keys(client_action::MakeKeys asked) {
  if (proofs_ == nullptr) co_return client_event::KeysMade{{}, "nobody makes keys"};
  auto make = [asked = std::move(asked)] {
    return smtp::make_scram_client_keys(asked.password, asked.question.salt, asked.question.iterations);
  };
  auto made = co_await proofs_->run(std::move(make));
  if (!made) co_return client_event::KeysMade{{}, made.error().message};
  co_return client_event::KeysMade{std::move(*made)};
}

boost::asio::awaitable<ClientEvent> SmtpConnection::send_body(client_action::SendBody sending) {
  if (sending.recoded_to && !sending.downgraded && body_ == smtp::BodyType::eight_bit_mime) {
    auto plain = co_await is_ascii(*content_);
    if (!plain) co_return client_event::BodyFailed{plain.error().message};
    if (*plain) sending.recoded_to.reset();
  }
  WireBody body(body_, sending);
  net::Pace pace(sending.minimum_rate, sending.deadline);
  note(fmt::format("the message, {} bytes", content_->size()));
  std::string wire;
  std::string block;
  const client_event::BodyFailed unfit{"the message cannot be recoded for this host", true};
  for (std::uint64_t at = 0; at < content_->size();) {
    auto piece = co_await read_piece(*content_, at, block);
    if (!piece) co_return client_event::BodyFailed{piece.error().message};
    at += piece->size();
    wire.clear();
    if (!body.put(*piece, wire)) co_return unfit;
    if (at == content_->size()) break;
    auto sent = co_await send_paced(wire, sending.deadline, pace);
    if (sent) co_return std::move(*sent);
  }
  // The last piece and the final dot leave together: a small message is one packet.
  if (!body.finish(wire)) co_return unfit;
  auto sent = co_await send_paced(wire, sending.deadline, pace);
  if (sent) co_return std::move(*sent);
  co_return client_event::BodySent{};
}

}  // namespace godwit::deliver
