// SPDX-License-Identifier: Apache-2.0
#include "sim/host/clients.hpp"

#include <utility>

#include <fmt/format.h>

#include "sim/host/configuration.hpp"

namespace godwit::sim {
namespace {

base::IpAddress client_address(int network, std::uint64_t number) {
  return *base::IpAddress::parse(fmt::format("10.{}.0.{}", network, number));
}

constexpr int trusted = 2, strangers = 3, users = 4;  // networks

}  // namespace

std::string Clients::somebody(bool at_home, const Daemon& host) {
  const auto user = fmt::format("u{}", world_.random().below(4));
  const auto& there = at_home ? host : any_host();
  if (world_.chance(10)) return (world_.chance(70) ? "all@" : "away@") + there.name() + ".example";
  if (world_.chance(20)) return user + "@store." + there.name() + ".example";
  if (at_home) return user + "@" + host.name() + ".example";
  switch (world_.random().below(6)) {
    case 0:
      return "nobody@r0.example";
    case 1:
    case 2:
      return user + "@r0.example";
    case 3:
      return user + "@r1.example";
    default:
      return user + "@" + there.name() + ".example";
  }
}

std::set<std::string> Clients::recipients(const Daemon& host, unsigned at_home) {
  std::set<std::string> all;
  for (std::size_t count = world_.chance(3) ? 16 : 1 + world_.random().below(4); count > 0; --count)
    all.insert(somebody(world_.chance(at_home), host));
  return all;
}

std::size_t Clients::any_size() {
  if (world_.chance(2)) return Configurations::message_size + 1000;
  if (world_.chance(15)) return world_.random().below(60'000);
  return 300 + world_.random().below(3000);
}

Sender::Manners Clients::any_manners() {
  Sender::Manners manners{
      .pipelines = world_.chance(50), .chunks = world_.chance(40), .half_closes = world_.chance(10)};
  if (world_.chance(5 * storm_)) manners.quits_after = 1 + static_cast<int>(world_.random().below(20));
  if (world_.chance(2 * storm_)) manners.stalls_after = 1 + static_cast<int>(world_.random().below(20));
  manners.breaks_off = world_.chance(2 * storm_);
  if (world_.chance(2 * storm_)) manners.half_closes_after = 1 + static_cast<int>(world_.random().below(20));
  return manners;
}

void Clients::start(const base::IpAddress& from, const Daemon& host, std::uint16_t port, std::vector<Mail> mails,
                    Sender::Manners manners) {
  Sender::send(world_, network_, ledger_, from, {.address = host.address(), .port = port, .unix_path = {}},
               std::move(mails), std::move(manners));
}

void Clients::send() {
  auto& host = any_host();
  const bool may_relay = world_.chance(75);
  std::vector<Mail> mails;
  for (std::size_t left = 1 + world_.random().below(3); left > 0; --left) {
    const auto to = recipients(host, may_relay ? 25 : 90);
    const auto sender = world_.chance(70) ? fmt::format("s{}@senders.example", world_.random().below(9))
                                          : fmt::format("u{}@{}.example", world_.random().below(4), any_host().name());
    auto mail = ledger_.write(sender, {to.begin(), to.end()}, any_size());
    for (const auto& recipient : mail.recipients)
      if (!may_relay && !recipient.ends_with(host.name() + ".example")) ledger_.forbid(mail, recipient);
    mails.push_back(std::move(mail));
  }
  auto manners = any_manners();
  if (world_.chance(3)) {
    smuggle(mails.back());
    manners.chunks = false;
  }
  const auto from = client_address(may_relay ? trusted : strangers, 1 + world_.random().below(5));
  start(from, host, Configurations::relay_port, std::move(mails), std::move(manners));
}

// Behind an end that is none, in the name of this client, a message that nobody may send.
void Clients::smuggle(Mail& mail) {
  constexpr std::string_view ends[] = {"\n.\n", "\r\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "\r.\r\n"};
  const std::string recipient = "u1@r1.example";
  const auto hidden = ledger_.write("s1@senders.example", {recipient}, 300);
  ledger_.forbid(hidden, recipient);
  mail.smuggled = fmt::format("{}MAIL FROM:<{}>\r\nRCPT TO:<{}>\r\nDATA\r\n{}",
                              ends[world_.random().below(std::size(ends))], hidden.sender, recipient, hidden.body);
}

// ---- users
// -----------------------------------------------------------------------------------------------------------

// Most are who they say.
Login Clients::any_login(const Daemon& host) {
  Login login{.user = fmt::format("a{}@{}.example", world_.random().below(2), host.name()),
              .password = std::string(Configurations::password)};
  login.mechanism = world_.chance(50) ? Login::Mechanism::plain : Login::Mechanism::login;
  if (world_.chance(70)) return login;
  switch (world_.random().below(4)) {
    case 0:
      login.password = "Wrong";
      break;
    case 1:
      login.user = "u1@" + host.name() + ".example";
      break;
    case 2:
      login.mechanism = Login::Mechanism::none;
      return login;
    default:
      login.in_clear = true;
      return login;
  }
  login.is_wrong = true;
  return login;
}

// One of the accounts has addresses beside its own.
std::string Clients::sender_of(const Login& login) {
  if (login.user.starts_with("a1@") && world_.chance(50))
    return fmt::format("s{}@senders.example", world_.random().below(9));
  return login.user;
}

void Clients::submit() {
  auto& host = any_host();
  if (!host.has_users()) return;
  auto manners = any_manners();
  const auto login = any_login(host);
  std::vector<Mail> mails;
  for (std::size_t left = 1 + world_.random().below(3); left > 0; --left) {
    const bool is_anothers = world_.chance(5);
    const auto to = recipients(host, 25);
    mails.push_back(
        ledger_.write(is_anothers ? "u2@r1.example" : sender_of(login), {to.begin(), to.end()}, any_size()));
    if (!is_anothers) continue;
    for (const auto& recipient : to) ledger_.forbid(mails.back(), recipient);
  }
  manners.login = login;
  const auto network = world_.chance(80) ? users : trusted;  // which is no reason to need no password here
  start(client_address(network, 1 + world_.random().below(9)), host, Configurations::submission_port, std::move(mails),
        std::move(manners));
}

// ---- too much
// --------------------------------------------------------------------------------------------------------

void Clients::connect(const base::IpAddress& from, const Daemon& host, std::size_t messages) {
  std::vector<Mail> mails;
  while (mails.size() < messages) mails.push_back(ledger_.write("s1@senders.example", {somebody(true, host)}, 300));
  start(from, host, Configurations::relay_port, std::move(mails), {.stalls_after = messages == 0 ? 1 : -1});
}

void Clients::flood() {
  const auto& host = any_host();
  const auto connect_all = [&](std::uint64_t from, std::size_t count, std::size_t messages) {
    for (std::size_t i = 0; i < count; ++i) connect(client_address(strangers, from), host, messages);
  };
  switch (world_.random().below(3)) {
    case 0:
      return connect_all(9, 3 * Configurations::per_client, 0);
    case 1:
      return connect_all(9, Configurations::per_client, 3 * Configurations::messages_per_minute);
    default:
      for (std::uint64_t from = 10; from < 18; ++from) connect_all(from, Configurations::per_client, 0);
  }
}

}  // namespace godwit::sim
