// SPDX-License-Identifier: Apache-2.0
#include "tls_report.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "json_words.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

std::string member(const json::value& value, std::string_view pointer) {
  const json::value& found = at(value, pointer);
  return found.is_string() ? std::string(found.get_string()) : std::string();
}

struct Peer {
  std::string relay, tls, last;
  std::uint64_t messages = 0;
};

// The newest come first, so the first time seen of each is its last.
std::vector<Peer> peers_of(const json::value& delivered) {
  std::map<std::pair<std::string, std::string>, Peer> peers;
  for (const json::value& one : list(delivered, "/messages")) {
    const auto relay = member(one, "/relay"), tls = member(one, "/tls");
    if (!relay.contains('[')) continue;  // filed here
    auto& peer = peers[{relay, tls}];
    if (peer.messages++ == 0) peer = {relay, tls, member(one, "/time"), 1};
  }
  std::vector<Peer> all;
  for (auto& [key, peer] : peers) all.push_back(std::move(peer));
  std::ranges::stable_sort(all, std::ranges::greater(), &Peer::messages);
  return all;
}

std::string trouble(const json::value& certificate) {
  std::string all;
  for (const char* pointer : {"/out_of_date", "/error", "/staple_error"})
    if (!at(certificate, pointer).is_null()) all += (all.empty() ? "" : "; ") + word(certificate, pointer);
  return all.empty() ? "none" : all;
}

std::string acme_text(const json::value& acme) {
  if (acme.is_null()) return {};
  const bool is_ordering = at(acme, "/ordering") == json::value(true);
  std::vector<std::vector<std::string>> rows{
      {"ordered by us", joined(list(acme, "/names"))},
      {"  from", fmt::format("{} ({})", word(acme, "/directory"), word(acme, "/challenge"))},
      {"  next order", is_ordering ? "under way now" : time(acme, "/next")}};
  if (!at(acme, "/error").is_null()) {
    rows.push_back({"  failed", fmt::format("{}, failures: {}", time(acme, "/failed"), word(acme, "/failures"))});
    rows.push_back({"  reason", word(acme, "/error")});
  }
  return "\n" + table(rows);
}

}  // namespace

json::value tls_summary(const json::value& status, const json::value& delivered) {
  json::array peers;
  for (const auto& peer : peers_of(delivered))
    peers.emplace_back(
        json::object{{"relay", peer.relay}, {"tls", peer.tls}, {"messages", peer.messages}, {"last", peer.last}});
  return json::object{{"certificates", list(status, "/tls/certificates")},
                      {"acme", at(status, "/tls/acme")},
                      {"peers", std::move(peers)}};
}

std::string tls_text(const json::value& summary) {
  std::vector<std::vector<std::string>> certificates{
      {"SUBJECT", "NAMES", "VALID UNTIL", "OCSP UNTIL", "FILE", "TROUBLE"}};
  for (const json::value& one : list(summary, "/certificates"))
    certificates.push_back({word(one, "/subject"), joined(list(one, "/names")), time(one, "/expires"),
                            time(one, "/staple_until"), word(one, "/file"), trouble(one)});
  std::vector<std::vector<std::string>> peers{{"HOST", "TLS", "MESSAGES", "LAST"}};
  for (const json::value& one : list(summary, "/peers"))
    peers.push_back({word(one, "/relay"), member(one, "/tls").empty() ? "none" : word(one, "/tls"),
                     word(one, "/messages"), time(one, "/last")});
  const auto& acme = at(summary, "/acme");
  const char* none = acme.is_null() ? "No certificate is configured: nothing is encrypted.\n"
                                    : "There is no certificate yet: nothing is encrypted.\n";
  return (certificates.size() == 1 ? none : table(certificates)) + acme_text(acme) + "\n" +
         (peers.size() == 1 ? "Nothing was delivered to other hosts lately.\n" : table(peers));
}

}  // namespace godwit::tools
