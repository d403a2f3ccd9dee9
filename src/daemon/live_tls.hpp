// SPDX-License-Identifier: Apache-2.0
// The TLS contexts made of the certificate files, what status says of each, and whether the files have changed since.
// Loading blocks on the disk (never call it on a reactor); what is loaded never changes.  A certificate that
// cannot be used leaves what is in force as it is, and says so.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/control/backend.hpp"
#include "godwit/net/client_authorities.hpp"
#include "godwit/net/tls.hpp"

namespace godwit::daemon {

struct LiveTls {
  std::shared_ptr<const net::TlsServerContext> server;  // null: no certificates, or none yet
  std::shared_ptr<const net::TlsClientContext> client;
  std::map<std::string, std::shared_ptr<const net::ClientAuthorities>> client_authorities;  // by their file
  std::vector<control::Certificate> certificates;                                           // as configured, in order
  std::map<std::string, std::optional<net::FileStamp>> stamps;  // of the files when they were read; null: nobody knows
  base::WallTime made{};
};

// One thing that is wrong: the certificate and the key ("certificate", "private_key") to blame, or the tls section as a
// whole.
struct TlsComplaint {
  std::optional<std::size_t> index;
  std::string key;
  std::string message;
  bool of_date = false;  // expired or not yet valid: still better than no TLS and no mail
};

struct TlsLoaded {
  LiveTls tls;
  std::vector<TlsComplaint> complaints;
  bool usable() const;  // all complaints are of dates
};

// `client_cas`: files of the authorities that vouch for clients.
using CaFiles = std::vector<std::string>;
TlsLoaded load_tls(const net::TlsSettings& configured, base::WallTime now, const CaFiles& client_cas = {},
                   const net::KeyHolder& keys = net::own_keys());

// "FILE: the certificate expired on ..." or "... is not valid before ..."; empty: it is valid.
std::string date_problem(const control::Certificate& certificate, base::WallTime now);
bool is_out_of_date(const LiveTls& tls, base::WallTime now);

// Why no OCSP response is handed out though one is configured; empty: one is, or none is configured.
std::string staple_problem(const control::Certificate& certificate, base::WallTime now);

// The keys of session tickets are the context's: who learns one can read the sessions that were resumed with it.
inline constexpr base::Duration ticket_keys_kept = std::chrono::hours(12);
// It is time to make them anew though no file has changed: for new ticket keys, or without an OCSP response whose time
// is over.
bool is_stale(const LiveTls& tls, base::WallTime now);

bool has_changed(const net::TlsSettings& settings, const LiveTls& since, const CaFiles& client_cas = {},
                 const net::KeyHolder& keys = net::own_keys());

// What takes the place of `present` now that the files have changed: all of `loaded`, or, where that has complaints,
// `present` with the complaints noted and the new stamps (so that nothing is tried again before the next change).
// Certificates that are out of date take the place of others that are.
LiveTls replaced(const LiveTls& present, const TlsLoaded& loaded, base::WallTime now);

}  // namespace godwit::daemon
