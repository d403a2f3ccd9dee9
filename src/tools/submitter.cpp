// SPDX-License-Identifier: Apache-2.0
#include "submitter.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <unistd.h>

#include "godwit/smtp/framing.hpp"
#include "godwit/smtp/transaction_rounds.hpp"
#include "unix_socket.hpp"

namespace godwit::tools {
namespace {

namespace event = smtp::client_event;
namespace action = smtp::client_action;
using Verdict = smtp::RecipientResult::Verdict;
using Results = std::vector<smtp::RecipientResult>;

std::string own_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

smtp::ClientSettings settings() {
  smtp::ClientSettings result;
  result.hostname = own_name();
  result.tls = smtp::ClientTls::none;
  result.timeouts.greeting = std::chrono::seconds(30);
  result.timeouts.command = std::chrono::seconds(60);
  return result;
}

smtp::ClientEvent ending(const base::Error& error) {
  if (error.kind == base::ErrorKind::timed_out) return event::TimedOut{};
  return event::PeerClosed{};
}

// One conversation.
class Dialogue {
 public:
  Dialogue(UnixSocket socket, Draft& draft) : socket_(std::move(socket)), draft_(draft), session_(settings_) {
    feed(event::Connected{});
  }
  ~Dialogue() {
    if (!closed_) feed(event::Quit{});
  }
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  Results transact(smtp::ClientTransaction transaction) {
    results_.assign(transaction.recipients.size(), {});
    if (closed_)
      std::ranges::fill(results_, cause_);
    else
      feed(event::Transaction{std::move(transaction)});
    return std::move(results_);
  }

 private:
  using Event = std::optional<smtp::ClientEvent>;

  void feed(smtp::ClientEvent first) {
    Event next = std::move(first);
    while (next && !closed_) {
      const auto& actions = session_.next(*next);
      next.reset();
      for (const auto& wanted : actions) {
        next = perform(wanted);
        if (next || closed_) break;
      }
    }
  }

  Event perform(const smtp::ClientAction& wanted) {
    if (const auto* sending = std::get_if<action::Send>(&wanted)) return send(sending->bytes);
    if (const auto* reading = std::get_if<action::Read>(&wanted)) return read(reading->deadline);
    if (const auto* body = std::get_if<action::SendBody>(&wanted)) return body->raw ? send_chunk() : send_lines();
    if (std::holds_alternative<action::StartTls>(wanted)) return event::TlsFailed{"TLS on a Unix socket"};
    if (const auto* done = std::get_if<action::TransactionDone>(&wanted)) results_ = done->results;
    if (const auto* close = std::get_if<action::Close>(&wanted)) {
      closed_ = true;
      cause_ = close->cause;
    }
    return {};
  }

  Event send(std::string_view bytes) {
    socket_.set_patience(std::chrono::floor<std::chrono::seconds>(settings_.timeouts.command));
    if (const auto sent = socket_.send(bytes); !sent) return ending(sent.error());
    return {};
  }

  Event read(base::Duration deadline) {
    socket_.set_patience(std::chrono::ceil<std::chrono::seconds>(deadline));
    const auto got = socket_.receive(input_);
    if (!got) return ending(got.error());
    if (*got == 0) return event::PeerClosed{};
    return event::Bytes{std::string_view(input_.data(), *got)};
  }

  // As one chunk of BDAT.
  Event send_chunk() {
    socket_.set_patience(std::chrono::floor<std::chrono::seconds>(settings_.timeouts.data));
    for (std::uint64_t at = 0; at < draft_.size();) {
      const auto piece = draft_.read(at);
      if (!piece) return event::BodyFailed{piece.error().message};
      at += piece->size();
      if (const auto sent = socket_.send(*piece); !sent) return ending(sent.error());
    }
    return event::BodySent{};
  }

  Event send_lines() {
    socket_.set_patience(std::chrono::floor<std::chrono::seconds>(settings_.timeouts.data));
    smtp::DotStuffer stuffer;
    std::string wire;
    for (std::uint64_t at = 0; at < draft_.size();) {
      const auto piece = draft_.read(at);
      if (!piece) return event::BodyFailed{piece.error().message};
      at += piece->size();
      wire.clear();
      stuffer.put(*piece, wire);
      if (const auto sent = socket_.send(wire); !sent) return ending(sent.error());
    }
    wire.clear();
    stuffer.finish(wire);
    if (const auto sent = socket_.send(wire); !sent) return ending(sent.error());
    return event::BodySent{};
  }

  UnixSocket socket_;
  Draft& draft_;
  const smtp::ClientSettings settings_ = settings();
  smtp::ClientSession session_;
  Results results_;
  smtp::RecipientResult cause_;
  bool closed_ = false;
  std::array<char, 16384> input_{};
};

}  // namespace

Results submit(const std::string& socket, smtp::ClientTransaction transaction, Draft& draft) {
  smtp::TransactionRounds rounds(std::move(transaction));
  auto connected = UnixSocket::connect(socket);
  if (!connected) {
    Results nobody = rounds.results();
    for (auto& result : nobody) result.why = connected.error().message;
    return nobody;
  }
  Dialogue dialogue(std::move(*connected), draft);
  while (auto part = rounds.next()) rounds.take(dialogue.transact(std::move(*part)));
  return rounds.results();
}

}  // namespace godwit::tools
