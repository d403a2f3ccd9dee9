// SPDX-License-Identifier: Apache-2.0
// What each part of the translation works on, and how the parts are called: each takes some settings of Postfix and
// writes one or some sections.  Pure.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "godwit/setup/postfix_import.hpp"
#include "postfix_draft.hpp"
#include "postfix_parameters.hpp"
#include "postfix_services.hpp"
#include "postfix_tables.hpp"

namespace godwit::setup::postfix {

// A way out as transport(5) and relayhost write it.
struct NextHop {
  std::string transport;  // "smtp"; empty: the usual one
  std::string hop;        // as Godwit writes it; empty: the MX of the domain
  std::string written;    // as a key of smtp_sasl_password_maps and smtp_tls_policy_maps would be
};

struct Names {
  std::string hostname, origin;
  std::vector<std::string> local;  // mydestination
  std::string main;                // the domain of users without one; one of `local`, or the origin
};

struct Context {
  const PostfixWishes& wishes;
  const Settings& settings;
  const View& view;  // of main.cf
  const std::vector<Service>& services;
  Tables& tables;
  Draft& draft;
  std::vector<Fault>& faults;

  Names names;
  std::vector<Entry> transport_maps;
  std::map<std::string, Entry> transports;     // what transport_maps says of a domain alone
  std::vector<std::string> users;              // of this system: those whom local delivery knows
  std::set<std::string> here;                  // domains whose mail is taken
  bool asks_for_domains = false;               // others are known to a database only
  std::map<std::string, std::string> sources;  // "pgsql:/etc/postfix/x.cf" → name in `tables`

  bool users_contain(std::string_view name) const { return std::ranges::find(users, name) != users.end(); }
  std::string file_of(std::string_view name) const { return wishes.directory + "/" + std::string(name); }
  // A socket as Postfix names it, below queue_directory unless it is absolute.
  std::string socket_path(const std::string& name) const;
  std::vector<MapName> maps(std::string_view setting) const;
  // Entries of all text maps of `setting`, in order; what are no such maps goes to `other`.
  std::vector<Entry> entries(std::string_view setting, Section section, std::vector<MapName>* other = nullptr,
                             Syntax syntax = Syntax::postfix);
  // Its name in `tables`, where it becomes one; nothing: it cannot, which was said.
  std::optional<std::string> source(const MapName& map, std::string_view setting, Section section);
  void untranslated(Section section, std::string_view setting, const std::string& why) const {
    draft.remark(section, Draft::Kind::untranslated, view, setting, why);
  }
};

void translate_names(Context& context);
void translate_networks(Context& context);  // a part of the names
void translate_listeners(Context& context);
void translate_certificates(Context& context);
void translate_limits(Context& context);
void translate_accounts(Context& context);
void translate_restrictions(Context& context);
void translate_milters(Context& context);
void translate_header_checks(Context& context);
void translate_rewriting(Context& context);
void translate_copies(Context& context);
void read_transports(Context& context);  // for the domains and the routes
void translate_domains(Context& context);
void translate_aliases(Context& context);
void translate_routes(Context& context);
void translate_delivery(Context& context);
void translate_log(Context& context);
// After all others: what none of them took.
void name_the_rest(Context& context);

// Shared by parts.
bool takes_strangers(const Context& context, const Service& service);
std::vector<const Service*> smtp_servers(const Context& context);  // smtpd and postscreen, on the network
bool takes_mail_back(const Service& service);                      // from a content filter
View view_of(const Context& context, const Service& service);
bool offers_login(const Context& context);
// Of reject_unverified_recipient anywhere.
bool asks_recipients(const Context& context);
bool is_domain(std::string_view text);
std::optional<std::string> read_address(std::string_view text,
                                        const std::string& domain);  // completed; nothing: it is none
std::optional<NextHop> read_next_hop(std::string_view text, bool has_transport);
// "lmtp:unix:/run/dovecot/lmtp", "smtp:[10.0.0.7]:25", "mx" …; nothing: it cannot be, which was said.
std::optional<std::string> deliver_of(Context& context, const std::string& transport, const std::string& what,
                                      const std::string& place);
std::string local_deliver(Context& context);
// What the words that are no tables or files say, and what is in the files.
std::vector<std::string> listed_words(Context& context, std::string_view setting, Section section,
                                      std::vector<MapName>* maps = nullptr);
std::string time_text(unsigned long long seconds);

}  // namespace godwit::setup::postfix
