// SPDX-License-Identifier: Apache-2.0
#include "sim/host/configuration.hpp"

#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace godwit::sim {
namespace {

// A hash of DES takes a thousandth of yescrypt's time.
constexpr std::string_view hash = "abuq21xu6EMNI";

std::string for_users(const Configuration& configuration, const testing::TemporaryFolder& folder) {
  return fmt::format(
      R"(  - {{address: "{}:{}", service: submission, tls: starttls}}
tls: {{certificates: [{{certificate: {}, private_key: {}}}]}}
accounts: {}
)",
      to_string(configuration.address), Configurations::submission_port, folder / "host.crt", folder / "host.key",
      folder / (configuration.name + ".accounts"));
}

std::string lines_of(const std::map<std::string, std::vector<std::string>>& aliases) {
  std::string lines;
  for (const auto& [name, members] : aliases) lines += fmt::format("  {}: [{}]\n", name, fmt::join(members, ", "));
  return lines;
}

// No history, no stores of SQLite: what they need is outside of the simulation.  TLS is made up (Stream).
std::string text_of(const Configuration& configuration, const testing::TemporaryFolder& folder) {
  using fmt::arg;
  return fmt::format(
      R"(hostname: mx.{name}.example
user: ""
threads: {threads}
postmaster: postmaster@senders.example
stop_grace: 10s
listeners:
  - {{address: "{address}:{relay_port}", service: mx, tls: none}}
{users}trusted_networks: [10.2.0.0/16]
domains:
  {name}.example: {{deliver: "maildir:/sim/mail/{{domain}}/{{local}}", recipients: any}}
  store.{name}.example: {{deliver: "lmtp:{store}:24", recipients: any}}
aliases:
{aliases}limits:
  message_size: {size}KiB
  recipients: {recipients}
  connections: {incoming}
  connections_per_client: {per_client}
  memory: 16MiB
policy:
  limits: [{{by: client, messages: {per_minute}/1m, exempt: [10.0.0.0/16]}}]
verification: {{enabled: false}}
delivery:
  connections: {outgoing}
  connections_per_destination: {per_destination}
  messages_per_connection: {per_connection}
  tls: none
  dane: false
  mta_sts: false
  retry: {{first: {retry_first}s, factor: 2, max: {longest_retry}m, expire: {expire}m, warn: {warn}m, bounce_expire: 3d}}
tlsrpt: {{enabled: false}}
srs: {{enabled: false}}
dns: {{servers: ["10.9.0.1:53"], trust_ad: "no"}}
spool: {{directory: {spool}, min_free: 64KiB}}
state: {{directory: {state}}}
history: {{keep: 0s, index: false}}
control: {{socket: {control}}}
{wrong})",
      arg("name", configuration.name), arg("threads", configuration.threads),
      arg("address", to_string(configuration.address)), arg("size", Configurations::message_size >> 10U),
      arg("recipients", Configurations::recipients), arg("incoming", Configurations::incoming),
      arg("per_client", Configurations::per_client), arg("per_minute", Configurations::messages_per_minute),
      arg("outgoing", Configurations::outgoing), arg("per_destination", configuration.per_destination),
      arg("per_connection", Configurations::messages_per_connection), arg("retry_first", configuration.retry_first),
      arg("longest_retry", Configurations::longest_retry.count()), arg("expire", configuration.expire.count()),
      arg("warn", configuration.warn.count()), arg("spool", folder / "spool"), arg("state", folder / "state"),
      arg("store", to_string(configuration.store)), arg("aliases", lines_of(configuration.aliases)),
      arg("control", folder / "control.sock"), arg("relay_port", Configurations::relay_port),
      arg("users", configuration.has_users ? for_users(configuration, folder) : ""),
      arg("wrong", configuration.is_wrong ? "dilivery: {}\n" : ""));
}

class NoClock final : public base::Clock {
 public:
  base::WallTime wall() const override {
    return base::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23));
  }
  base::MonoTime mono() const override { return {}; }
};

class OneAddress final : public net::Interfaces {
 public:
  explicit OneAddress(base::IpAddress address) : address_(address) {}
  base::Result<std::vector<base::IpAddress>> addresses() const override { return std::vector{address_}; }

 private:
  base::IpAddress address_;
};

}  // namespace

Configurations::Configurations() {
  constexpr long century = 100L * 365 * 86400;
  testing::make_certificate(folder_, "host",
                            {.names = {"mx.example"}, .valid_from = -century, .valid_for = 2 * century});
}

std::string Configurations::write(const Configuration& configuration) {
  if (configuration.has_users)
    folder_.write(configuration.name + ".accounts",
                  fmt::format("a0@{0}.example: {{password: {1}}}\n"
                              "a1@{0}.example: {{password: {1}, senders: [\"@senders.example\"]}}\n",
                              configuration.name, hash));
  return folder_.write(configuration.name + ".yaml", text_of(configuration, folder_));
}

std::shared_ptr<const daemon::LiveSettings> Configurations::load(const Configuration& configuration) {
  auto& known = loaded_[text_of(configuration, folder_)];
  if (known) return known;
  const auto loaded = daemon::load_live_settings(write(configuration), NoClock(), daemon::OutOfDate::warning,
                                                 config::system_files(), OneAddress(configuration.address));
  for (const auto& error : loaded.errors) throw std::runtime_error(error);
  // Folders that are on no real disk, whatever is done to them, and that are the same for every process.
  daemon::LiveSettings live = *loaded.live;
  live.settings.spool.directory = "/sim/spool";
  live.settings.state.directory = "/dev/null/sim";
  live.settings.control.socket = "/sim/control.sock";
  // Smaller than the configuration allows, so that little mail fills them.
  live.settings.spool.segment_size = 128U << 10U;
  live.settings.spool.inline_limit = 8U << 10U;
  return known = std::make_shared<const daemon::LiveSettings>(std::move(live));
}

}  // namespace godwit::sim
