// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/mail/settings.hpp"
#include "godwit/queue/settings.hpp"
#include "godwit/route/settings.hpp"

namespace godwit::dispatch {

// What one destination is given, where that is not what all are given.
struct Shaping {
  // Of sites (a provider, a set of MX hosts, a next hop) or recipient domains; "*" stands for any run of characters.  A
  // domain that is named becomes a site of its own.
  std::vector<std::string> destinations;
  std::optional<std::size_t> connections;
  std::optional<base::Rate> rate;
  std::optional<std::size_t> messages_per_connection;
};

// Name → patterns of MX hosts.  Domains whose hosts all fit are one site, however many hosts and domains there are.
using Providers = std::map<std::string, std::vector<std::string>>;

// RFC 8460.
struct TlsReportSettings {
  bool enabled = true;
  std::string from;          // address; empty: contact
  std::string contact;       // address, told in each report; empty: the postmaster, and without one nothing is sent
  std::string organization;  // empty: hostname
};

// Whether recipients here are told of mail that is held for what a check found.
struct QuarantineSettings {
  bool notify = false;
  base::Duration interval = std::chrono::hours(1);  // between two notices to one recipient
  std::string contact = {};                         // an address; empty: the postmaster
};

// RFC 9990.
struct DmarcReportSettings {
  bool enabled = false;
  std::string from;              // address; empty: contact
  std::string sender;            // of the envelope; empty: <>
  std::string contact;           // address, told in each report; empty: the postmaster, and without one nothing is sent
  std::string organization;      // empty: hostname
  std::size_t destinations = 4;  // addresses of one policy that get its report
  // Of ours, to which others send theirs: these are summed up.
  std::vector<std::string> addresses;
};

struct Settings {
  std::string hostname;
  queue::Settings queue;
  bool soft_bounce = false;  // every permanent failure is kept as temporary
  mail::FailureSettings failures;
  bool suppress_reported = false;  // reports that came back do so, too
  // What puts a recipient on the suppression list, when a host says it for good.
  std::vector<mail::FailureClass> suppress = {mail::FailureClass::bad_mailbox, mail::FailureClass::inactive_mailbox};
  std::vector<Shaping> shaping;  // the first that fits
  Providers providers = {{"google", {"*.google.com", "*.googlemail.com"}},
                         {"icloud", {"*.mail.icloud.com"}},
                         {"microsoft", {"*.protection.outlook.com", "*.mx.microsoft"}},
                         {"yahoo", {"*.yahoodns.net"}}};
  std::size_t maildir_connections = 8;  // deliveries into Maildirs at once
  TlsReportSettings tls_reports;
  QuarantineSettings quarantine;
  DmarcReportSettings dmarc_reports;
};

// What counts for a route.
inline queue::RetrySettings overridden(queue::RetrySettings retry, const route::RetryOverride& changed) {
  retry.first = changed.first.value_or(retry.first);
  retry.factor = changed.factor.value_or(retry.factor);
  retry.max = changed.max.value_or(retry.max);
  retry.expire = changed.expire.value_or(retry.expire);
  retry.warn = changed.warn.value_or(retry.warn);
  retry.bounce_expire = changed.bounce_expire.value_or(retry.bounce_expire);
  retry.bounce_first = changed.bounce_first.value_or(retry.bounce_first);
  retry.bounce_max = changed.bounce_max.value_or(retry.bounce_max);
  return retry;
}

}  // namespace godwit::dispatch
