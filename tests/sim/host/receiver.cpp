// SPDX-License-Identifier: Apache-2.0
#include "sim/host/receiver.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace godwit::sim {
namespace {

using std::chrono::milliseconds, std::chrono::seconds;

std::string address_in(std::string_view line) {
  const auto begin = line.find('<');
  const auto end = line.find('>');
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  return std::string(line.substr(begin + 1, end - begin - 1));
}

std::uint16_t port_of(Receiver::Protocol protocol) {
  return protocol == Receiver::Protocol::lmtp ? 24 : 25;
}

}  // namespace

class Receiver::Session final : public Party {
 public:
  Session(Receiver& host, std::shared_ptr<Wire> wire)
      : Party(host.world_, std::move(wire), server), host_(host), moods_(host.moods_) {
    const auto drawn = [&](unsigned percent) {
      return world().chance(percent) ? static_cast<int>(world().random().below(12)) : -1;
    };
    hangs_up_at_ = drawn(moods_.hanging_up);
    mute_at_ = drawn(moods_.mute);
    half_closes_at_ = drawn(moods_.half_closing);
    is_slow_ = world().chance(moods_.slow);
  }

  void greet() {
    begin();
    if (world().chance(moods_.unwilling)) {
      answer("421 4.3.2 Not now\r\n");
      half_close();
      return;
    }
    answer("220 there.example ESMTP\r\n");
  }

 private:
  void line(std::string_view text) override {
    if (in_data_) return body_line(text);
    if (comes_to(hangs_up_at_)) return hang_up();
    if (comes_to(mute_at_)) return stall();
    ++commands_;
    command(text);
    if (comes_to(half_closes_at_)) half_close();
  }
  bool is_lmtp() const { return host_.protocol_ == Protocol::lmtp; }
  bool comes_to(int at) const { return at >= 0 && commands_ >= at; }

  void command(std::string_view text) {
    if (text.starts_with(is_lmtp() ? "LHLO" : "EHLO"))
      answer("250-there.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n");
    else if (text.starts_with("MAIL"))
      mail();
    else if (text.starts_with("RCPT"))
      recipient(address_in(text));
    else if (text.starts_with("DATA"))
      data();
    else if (text.starts_with("RSET"))
      reset();
    else if (text.starts_with("QUIT"))
      quit();
    else
      answer("500 5.5.1 What?\r\n");
  }

  void reset() {
    recipients_.clear();
    answer("250 2.0.0 Ok\r\n");
  }

  void quit() {
    answer("221 2.0.0 Bye\r\n");
    half_close();
  }

  void mail() {
    recipients_.clear();
    if (world().chance(moods_.unwilling)) return answer("451 4.3.0 Later\r\n");
    answer("250 2.1.0 Ok\r\n");
  }

  void recipient(const std::string& address) {
    const auto domain = address.substr(address.find('@') + 1);
    if (!host_.domains_.contains(domain)) return answer("550 5.7.1 No relaying\r\n");
    if (address.starts_with("nobody")) return answer("550 5.1.1 No such user\r\n");
    if (world().chance(moods_.unwilling)) return answer("450 4.2.0 Greylisted\r\n");
    if (world().chance(moods_.rejecting)) return answer("550 5.7.1 Unwanted\r\n");
    recipients_.push_back(address);
    answer("250 2.1.5 Ok\r\n");
  }

  void data() {
    if (recipients_.empty()) return answer("503 5.5.1 For whom?\r\n");
    in_data_ = true;
    body_.clear();
    answer("354 Go on\r\n");
  }

  void body_line(std::string_view text) {
    if (text != ".") {
      body_ += text.starts_with('.') ? text.substr(1) : text;
      body_ += "\r\n";
      return;
    }
    in_data_ = false;
    if (is_lmtp()) return answer_each();
    if (world().chance(moods_.unwilling)) return answer("451 4.3.0 Later\r\n");
    if (world().chance(moods_.rejecting)) return answer("554 5.6.0 Unwanted\r\n");
    for (const auto& recipient : recipients_) host_.ledger_.received(recipient, body_);
    if (world().chance(moods_.hanging_up)) return hang_up();
    if (world().chance(moods_.mute)) return stall();
    answer(fmt::format("250 2.0.0 Ok: queued as {}\r\n", world().random().below(100000)));
  }

  // RFC 2033 section 4.2: one reply for each recipient.  Until the last one is heard, all may come again.
  void answer_each() {
    std::string replies;
    for (const auto& recipient : recipients_) {
      if (world().chance(moods_.unwilling)) {
        replies += "452 4.2.2 Full\r\n";
      } else if (world().chance(moods_.rejecting)) {
        replies += "550 5.7.1 Unwanted\r\n";
      } else {
        host_.ledger_.received(recipient, body_);
        replies += recipient == recipients_.back() ? "250 2.0.0 Ok: queued as 1\r\n" : "250 2.0.0 Ok\r\n";
      }
    }
    if (world().chance(moods_.hanging_up)) return hang_up();
    answer(std::move(replies));
  }

  void answer(std::string text) {
    if (!is_slow_) return say(std::move(text));
    auto self = std::static_pointer_cast<Session>(shared_from_this());
    const auto when = std::max(last_answer_, world().now() + world().between(milliseconds(10), seconds(15)));
    last_answer_ = when;
    world().at(when, [self, text = std::move(text)] { self->say(text); });
  }

  Receiver& host_;
  Moods moods_;
  int hangs_up_at_ = -1;
  int mute_at_ = -1;
  int half_closes_at_ = -1;
  bool is_slow_ = false;
  base::MonoTime last_answer_{};
  int commands_ = 0;
  bool in_data_ = false;
  std::vector<std::string> recipients_;
  std::string body_;
};

void Receiver::open() {
  const base::Endpoint at{.address = address_, .port = port_of(protocol_), .unix_path = {}};
  ticket_ = network_.listen(
      at, [this](std::shared_ptr<Wire> wire) { std::make_shared<Session>(*this, std::move(wire))->greet(); });
}

void Receiver::move_to(base::IpAddress address) {
  address_ = address;
  if (ticket_) open();
}

}  // namespace godwit::sim
