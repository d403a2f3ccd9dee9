// SPDX-License-Identifier: Apache-2.0
// The names of events that people and their scripts look for.  A name, once released, keeps its meaning; events of one
// module alone may stay literals there.
#pragma once

#include <string_view>

namespace godwit::log::event {

// The life of a message; each line has `id`.
inline constexpr std::string_view accepted = "accepted";    // in the spool, 250 follows
inline constexpr std::string_view routed = "routed";        // a transaction waits for the site it goes to
inline constexpr std::string_view attempt = "attempt";      // a transaction was tried; with the transcript
inline constexpr std::string_view delivered = "delivered";  // outcomes of one recipient: see outcome fields below
inline constexpr std::string_view deferred = "deferred";
inline constexpr std::string_view bounced = "bounced";
inline constexpr std::string_view expired = "expired";
inline constexpr std::string_view held = "held";
inline constexpr std::string_view released = "released";
inline constexpr std::string_view deleted = "deleted";      // by an administrator
inline constexpr std::string_view discarded = "discarded";  // by a rule, or a bounce that nobody takes

// Clients.
inline constexpr std::string_view connected = "connected";
inline constexpr std::string_view disconnected = "disconnected";
inline constexpr std::string_view rejected = "rejected";  // a command or message was refused
inline constexpr std::string_view authenticated = "authenticated";
inline constexpr std::string_view auth_failed = "auth_failed";
inline constexpr std::string_view tls_failed = "tls_failed";

// The daemon.
inline constexpr std::string_view started = "started";
inline constexpr std::string_view listening = "listening";
inline constexpr std::string_view recovered = "recovered";  // the spool was read
inline constexpr std::string_view damaged = "damaged";      // part of the spool went to quarantine
inline constexpr std::string_view reloaded = "reloaded";
inline constexpr std::string_view reload_failed = "reload_failed";
inline constexpr std::string_view stopping = "stopping";
inline constexpr std::string_view stopped = "stopped";
inline constexpr std::string_view failed = "failed";      // it cannot go on
inline constexpr std::string_view log_lost = "log_lost";  // lines that were not written: count

}  // namespace godwit::log::event

namespace godwit::log::field {

// Every outcome line has these, in this order.
inline constexpr std::string_view id = "id";
inline constexpr std::string_view from = "from";
inline constexpr std::string_view to = "to";
inline constexpr std::string_view relay = "relay";        // name[address]:port, or where it was filed
inline constexpr std::string_view stage = "stage";        // connect, greeting, mail, rcpt, data, …
inline constexpr std::string_view code = "code";          // 250
inline constexpr std::string_view enhanced = "enhanced";  // 2.0.0
inline constexpr std::string_view reply = "reply";        // the other side's words
inline constexpr std::string_view delay = "delay";        // since acceptance
inline constexpr std::string_view attempts = "attempts";
inline constexpr std::string_view tls = "tls";

}  // namespace godwit::log::field
