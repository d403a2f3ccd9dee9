// SPDX-License-Identifier: Apache-2.0
// Plays written dialogues with a ClientSession.  A script is a list of lines:
//   "S: ..."  the server says this line            "C: ..."  the client must have said this line
//   "+tls" "-tls" the handshake ends               "+body"   the driver sent the body
//   "+keys" "-keys" the keys for SCRAM are made, or cannot be
//   "-close" the peer hangs up  "-time" a deadline passes  "-body" our own body cannot be read
//   "+quit" no further transaction                 "+mail"   the transaction is fed
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/smtp/client_session.hpp"

namespace godwit::smtp {

using Script = std::vector<std::string>;

inline ClientTransaction to_recipients(std::size_t count) {
  ClientTransaction transaction;
  transaction.sender = Mailbox{"mod", "abc.example"};
  for (std::size_t i = 0; i < count; ++i)
    transaction.recipients.push_back({.address = {"r" + std::to_string(i), "xyz.example"}});
  transaction.size = 1000;
  return transaction;
}

class ClientDialogue {
 public:
  explicit ClientDialogue(ClientSettings settings = {}, ClientTransaction transaction = to_recipients(1))
      : settings_(std::move(settings)), transaction_(std::move(transaction)), session_(settings_) {
    if (settings_.hostname.empty()) settings_.hostname = "mail.xyz.example";
    feed(client_event::Connected{});
  }
  ClientDialogue(const ClientDialogue&) = delete;
  ClientDialogue& operator=(const ClientDialogue&) = delete;

  // The server's bytes come in two reads where `cut` falls into them (counted over the whole script).
  void play(const Script& script, std::size_t cut = std::string::npos) {
    for (std::size_t i = 0; i < script.size(); ++i) {
      const std::string_view line = script[i];
      if (line.starts_with("S: ")) {
        std::string said;
        for (; i < script.size() && script[i].starts_with("S: "); ++i) said += script[i].substr(3) + "\r\n";
        --i;
        say(said, cut);
      } else if (line.starts_with("C: ")) {
        const auto end = sent_.find("\r\n");
        EXPECT_EQ(sent_.substr(0, end), line.substr(3)) << "step " << i;
        sent_.erase(0, end == std::string::npos ? end : end + 2);
      } else {
        happen(line);
      }
    }
    EXPECT_EQ(sent_, "") << "the client said more";
  }

  // The same of what goes wrong, whatever the client says to it.
  void suffer(const Script& script) {
    for (const auto& line : script) {
      if (closed) return;
      line.starts_with("S: ") ? feed(client_event::Bytes{line.substr(3) + "\r\n"}) : happen(line);
    }
    sent_.clear();
  }

  void feed(const ClientEvent& event) {
    read.reset();
    for (const auto& action : session_.next(event)) std::visit([this](const auto& what) { perform(what); }, action);
  }

  ClientSession& session() { return session_; }
  ClientTransaction& transaction() { return transaction_; }

  std::optional<client_action::Read> read;  // in the last batch
  int ready = 0;
  int handshakes = 0;
  int bodies = 0;
  std::string channel_binding;  // of the handshake to come
  std::optional<client_action::MakeKeys> asked_keys;
  std::optional<client_action::SendBody> body;
  std::vector<RecipientResult> results;
  int transactions = 0;
  std::optional<client_action::Close> closed;

 private:
  void say(std::string_view said, std::size_t& cut) {
    const auto before = said.substr(0, cut);
    if (!before.empty()) feed(client_event::Bytes{before});
    if (before.size() < said.size() && !closed) feed(client_event::Bytes{said.substr(before.size())});
    if (cut != std::string::npos) cut -= before.size();
    if (before.size() < said.size()) cut = std::string::npos;
  }

  void happen(std::string_view what) {
    if (what == "+mail") return feed(client_event::Transaction{transaction_});
    if (what == "+tls")
      return feed(client_event::TlsReady{{"TLSv1.3", "TLS_AES_256_GCM_SHA384", "", channel_binding, ""}});
    if (what == "+keys" && asked_keys) {
      const auto& [salt, iterations] = asked_keys->question;
      return feed(client_event::KeysMade{make_scram_client_keys(asked_keys->password, salt, iterations)});
    }
    if (what == "-keys") return feed(client_event::KeysMade{{}, "too much work waits"});
    if (what == "-tls") return feed(client_event::TlsFailed{"certificate expired"});
    if (what == "+body") return feed(client_event::BodySent{});
    if (what == "-body") return feed(client_event::BodyFailed{"read error"});
    if (what == "-close") return feed(client_event::PeerClosed{});
    if (what == "-time") return feed(client_event::TimedOut{});
    if (what == "+quit") return feed(client_event::Quit{});
    FAIL() << "not a step: " << what;
  }

  void perform(const client_action::Send& send) {
    EXPECT_FALSE(closed);
    sent_ += send.bytes;
  }
  void perform(const client_action::Read& action) { read = action; }
  void perform(const client_action::StartTls&) { ++handshakes; }
  void perform(const client_action::SendBody& action) {
    ++bodies;
    body = action;
  }
  void perform(const client_action::MakeKeys& action) { asked_keys = action; }
  void perform(const client_action::Ready&) { ++ready; }
  void perform(const client_action::TransactionDone& done) {
    ++transactions;
    results = done.results;
  }
  void perform(const client_action::Close& close) {
    EXPECT_FALSE(closed);
    closed = close;
  }

  ClientSettings settings_;
  ClientTransaction transaction_;
  ClientSession session_;
  std::string sent_;
};

inline Script operator+(Script a, const Script& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// One letter a recipient: d delivered, n try_next, r retry_later, f failed, a send_again, h not_here, l lacks.
inline std::string verdicts(const std::vector<RecipientResult>& results) {
  std::string letters;
  for (const auto& result : results) letters += "dnrfahl"[static_cast<std::size_t>(result.verdict)];
  return letters;
}

}  // namespace godwit::smtp
