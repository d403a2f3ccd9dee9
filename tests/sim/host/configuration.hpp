// SPDX-License-Identifier: Apache-2.0
// Configuration files of simulated hosts, in a folder of their own, and what they say: read once, however many hosts
// and seeds have the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/live_settings.hpp"
#include "godwit/base/ip_address.hpp"
#include "support/test_certificate.hpp"

namespace godwit::sim {

struct Configuration {
  std::string name;  // h0
  base::IpAddress address;
  int threads = 1;
  std::chrono::minutes expire{3 * 24 * 60};
  std::chrono::minutes warn{0};  // 0: nobody is told that mail is late
  std::map<std::string, std::vector<std::string>> aliases{};
  base::IpAddress store{};  // where LMTP takes mail for its second domain
  bool has_users = false;   // who log in and send from elsewhere
  // What a reload changes.
  int retry_first = 60;  // seconds
  std::size_t per_destination = 3;
  bool is_wrong = false;
};

class Configurations {
 public:
  static constexpr std::uint16_t relay_port = 25;
  static constexpr std::uint16_t submission_port = 587;
  static constexpr std::string_view password =
      "right";  // of a0 and a1, of every host with users; a1 is "@senders.example" too
  static constexpr std::size_t incoming = 24;
  static constexpr std::size_t per_client = 4;
  static constexpr std::size_t outgoing = 12;
  static constexpr std::size_t per_destination = 3;  // at most
  static constexpr std::size_t messages_per_connection = 5;
  static constexpr std::size_t messages_per_minute = 10;
  static constexpr std::size_t recipients = 10;
  static constexpr std::chrono::minutes longest_retry{30};
  static constexpr std::size_t message_size = 128U << 10U;

  Configurations();

  // The file's path.  Written anew: what a reload will find.
  std::string write(const Configuration& configuration);
  // Throws where the configuration is wrong.
  std::shared_ptr<const daemon::LiveSettings> load(const Configuration& configuration);

 private:
  testing::TemporaryFolder folder_;
  std::map<std::string, std::shared_ptr<const daemon::LiveSettings>> loaded_;
};

}  // namespace godwit::sim
