// SPDX-License-Identifier: Apache-2.0
#include "sim/host/configuration.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

namespace godwit::sim {
namespace {

// No TLS, no history, no stores of SQLite: what they need is outside of the simulation.
std::string text_of(const Configuration& configuration, const std::string& folder) {
  return fmt::format(R"(hostname: mx.{0}.example
user: ""
threads: {2}
postmaster: postmaster@senders.example
stop_grace: 10s
listeners: [{{address: "{1}:25", service: mx, tls: none}}]
trusted_networks: [10.2.0.0/16]
domains:
  {0}.example: {{deliver: "maildir:/sim/mail/{{domain}}/{{local}}", recipients: any}}
limits:
  message_size: {4}KiB
  recipients: 10
  connections: 40
  connections_per_client: {5}
  memory: 16MiB
verification: {{enabled: false}}
delivery:
  connections: 20
  connections_per_destination: {6}
  messages_per_connection: 5
  tls: none
  dane: false
  mta_sts: false
  retry: {{first: {3}s, factor: 2, max: {7}m, expire: 3d, warn: 0s, bounce_expire: 3d}}
tlsrpt: {{enabled: false}}
srs: {{enabled: false}}
dns: {{servers: ["10.9.0.1:53"], trust_ad: "no"}}
spool: {{directory: {8}/spool, min_free: 0}}
state: {{directory: {8}/state}}
history: {{keep: 0s, index: false}}
control: {{socket: {8}/control.sock}}
)",
                     configuration.name, to_string(configuration.address), configuration.threads,
                     configuration.retry_first, Configurations::message_size >> 10U, Configurations::per_client,
                     Configurations::per_destination, Configurations::longest_retry.count(), folder);
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
  folder_ = (std::filesystem::temp_directory_path() / "godwit-sim.XXXXXX").string();
  if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("cannot make " + folder_);
}

Configurations::~Configurations() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Configurations::write(const Configuration& configuration) {
  auto path = fmt::format("{}/{}.yaml", folder_, configuration.name);
  std::ofstream(path) << text_of(configuration, folder_);
  return path;
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
