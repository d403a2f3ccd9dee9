// SPDX-License-Identifier: Apache-2.0
// Where mail goes: which domains end here, what an address expands to, and over which hosts a domain is reached.
// Reads only its settings, the tables it is given and the Resolver; const and thread-safe once made; a reload makes a
// new one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/random.hpp"
#include "godwit/base/result.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/lookup/table.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/route/return_paths.hpp"
#include "godwit/route/settings.hpp"
#include "godwit/route/tls_policy.hpp"
#include "godwit/route/tls_reporting.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::route {

// ---- acceptance: is this recipient ours, does it exist, what does it stand for?
// ------------------------------------------

// What an address of ours stood for on the way to the final recipients.
struct ExpansionStep {
  enum class By : std::uint8_t { alias, postmaster, catch_all };
  std::string address;
  By by = By::alias;
  std::vector<std::string> targets;  // as configured; the address itself keeps a copy
};

struct Expansion {
  // Final recipients, each once, with `original` set where it differs from what was asked.  Empty with `refusal` set.
  std::vector<mail::Recipient> recipients;
  std::optional<smtp::Reply> refusal;  // 550 5.1.1 unknown user, 554 5.4.6 alias loop, 451 4.3.0 outage, …
  std::string outage;                  // which table could not be asked, and why; for the log
  bool local = false;                  // the address asked for is in one of our domains (or <Postmaster>)
  std::vector<std::string> missing;    // targets of aliases that do not exist; left out, worth a warning
  std::vector<ExpansionStep> steps;    // in the order in which they were taken
};

// What is asked beside the settings.
struct Lookups {
  std::shared_ptr<lookup::Table> accounts;                                    // by address; null: there are none
  std::map<std::string, std::shared_ptr<lookup::Table>, std::less<>> tables;  // by name
  std::shared_ptr<lookup::Table> table(std::string_view name) const;          // null: there is none
};

// ---- delivery: how to reach a recipient domain
// -----------------------------------------------------------------------------

struct MaildirHop {
  std::string path_template;
};  // with {domain} {local} {detail}
struct DiscardHop {};
struct LmtpHop {
  base::Endpoint endpoint;
};
// One host to try: addresses in order.
struct Host {
  std::string name;  // "mx1.example.net", or the literal "[10.0.0.5]"
  std::uint16_t preference = 0;
  std::vector<base::Endpoint> addresses;
  std::string why_none;  // when addresses is empty: what the lookup said
  // Names in a certificate that prove it to be the host that was meant; empty: none does, for an unsigned MX answer
  // named it.
  std::vector<std::string> proofs{};
  TlsPolicy tls{};
  std::string remark{};  // what of its place among the MX is against RFC 5321 section 5.1, and tolerated
};
struct SmtpHop {
  std::vector<Host> hosts;          // in the order in which they are to be tried
  std::vector<std::string> absent;  // named beside them by MX, but without any address
  std::string user, password_file;
  std::vector<std::string> mechanisms;          // of AUTH; empty: the usual ones
  std::string certificate;                      // the file of ours that is shown; empty: none
  std::vector<SourceAddress> source_addresses;  // empty: those of all
  bool from_dns = false;                        // MX or implicit MX, not a rule
  std::string next_hop;                         // by whose words, where it was a rule: "[10.0.0.5]:2525"
  std::size_t messages_per_connection = 0;      // 0: as usual
  std::string site;                             // whose limits count; empty: none do
  TlsReporting reporting{};
};
struct HoldHop {
  std::string why;
};
// No way: temporary (DNS trouble: try later) or permanent (no such domain, null MX, loop).
struct NoRoute {
  smtp::Reply reply;
};
using Hop = std::variant<MaildirHop, DiscardHop, LmtpHop, SmtpHop, HoldHop, NoRoute>;
// For the log, without spaces where it is a place: "maildir", "discard", "lmtp:127.0.0.1:24",
// "smtp:mx1.example.net,mx2.example.net"; else "hold: why", "none: 550 5.1.2 …".
std::string describe(const Hop& hop);
// What really receives, by which limits and back-off go: the next hop where a rule names one, else the host names,
// sorted, so that it is equal for domains with equal hosts, also while one of them has no address; "maildir",
// "discard", "lmtp:127.0.0.1:24".  Not for HoldHop and NoRoute.
std::string site_of(const Hop& hop);

struct Identity;
class Aliases;
class Said;
class StsSource;

class Router {
 public:
  // listening: port and addresses our mx listeners have, to cut host lists at ourselves.  Of a wildcard listener only
  // the loopback addresses are known to be ours; daemon/ names the interfaces' addresses too.
  // return_paths: null where senders are not rewritten.
  Router(Settings settings, Lookups lookups, std::vector<base::Endpoint> listening,
         std::shared_ptr<const ReturnPaths> return_paths = nullptr);
  ~Router();
  Router(Router&&) = delete;

  // Of those in the settings: hostname is always among them; own address literals too.
  bool is_local_domain(std::string_view domain) const;
  // Or of those in tables, as far as is known: see learn().
  bool is_ours(std::string_view domain) const;
  // The same, without those that we are only the backup of.
  bool ends_here(std::string_view domain) const;
  // The same two, also where it is not known: for what must not be done to a domain of ours, or must not be left out.
  bool may_be_ours(std::string_view domain) const;
  bool may_end_here(std::string_view domain) const;
  // Completes a bare address with origin, <Postmaster> with hostname.  Others are left as they are.
  smtp::Mailbox complete(smtp::Mailbox address) const;
  // An address in no local domain expands to itself.  In a local one (an address literal of ours is the hostname):
  //  1. its alias, also without +detail, else that of a pattern, else the alias of the domain; again for each target,
  //  20
  //     levels deep.  A target that is the address itself is final: `a: [a, b]`; "@domain" is the same local part
  //     there;
  //  2. else the domain's recipients, +detail kept; accounts are compared in lower case and spelt so in the result;
  //  3. else, postmaster of any local domain and root of hostname or origin: settings.postmaster.  Where that is not
  //  set or
  //     leads nowhere: kept as postmaster@hostname, which hop() holds;
  //  4. else the domain's catch_all, else 550 5.1.1.
  // What an alias "list" leads to has the owner "owner-list", where that is an alias of the same domain; of nested
  // ones the innermost.
  // A rewritten sender address (ReturnPaths) in a local domain leads to the address it was made of, whatever has
  // its name; 550 5.7.1 where it is not ours or too old.
  // Local parts with "%", "!" or "@" are never read as routes: only an alias or recipient of literally that name will
  // do.  What cannot be asked gives 451 4.3.0: it is neither accepted nor refused for good.
  // The router outlives the call, here and below.
  boost::asio::awaitable<Expansion> expand(smtp::Mailbox recipient, OtherHosts others = OtherHosts::may_be_asked) const;
  // The sender that the next host is told for this recipient, with the return path `sender`: another one where an alias
  // of ours forwards to another host what was not sent in one of our domains, and where the sender is one of
  // settings.verp_senders, or the recipient's route asks for it.
  smtp::ReversePath sender_for(const smtp::ReversePath& sender, const mail::Recipient& recipient) const;
  // The alias of ours, as it was asked for, that forwards the recipient's mail to another host; nothing: none does.
  std::optional<smtp::Mailbox> forwarding_alias(const mail::Recipient& recipient) const;
  // Whether mail to the address goes on to another host, as far as is known; what `lmtp` and `maildir` take stays.
  bool leaves(const smtp::Mailbox& address) const;
  // Whom what came back to this address is about: one that sender_for() made of a verp_sender.
  std::optional<smtp::Mailbox> recipient_told_by(const smtp::Mailbox& address) const;
  // Whether mail to this address came back from where an alias of ours forwards to.
  bool leads_back(const smtp::Mailbox& address) const;
  // Whom mail has now that expand() kept for want of a postmaster.  Empty: still nobody, or it is no such mail.
  boost::asio::awaitable<std::vector<mail::Recipient>> found_postmaster(smtp::Mailbox kept) const;
  // Where a recipient's mail is queued: by its domain, or where it is a user with a store of his own, by his address in
  // lower case without +detail, if that has none of its own.
  //
  // Nothing: the tables must be asked.
  std::optional<std::string> known_destination(const smtp::Mailbox& address) const;
  // Of each.  Errors: a table cannot be asked.  The router outlives the call.
  boost::asio::awaitable<base::Result<std::vector<std::string>>> destinations_of(
      std::vector<smtp::Mailbox> addresses) const;
  // Any domain may have such users.
  bool has_users() const { return has_users_; }
  // The names by which an address may be such a user, the best first.
  std::vector<std::string> user_names(const smtp::Mailbox& address) const;

  // Resolves the hop of (destination, sender): our own by `users` and `deliver` of the domain; others, and `deliver:
  // mx`, by the first route that matches, else by MX.  Random shuffles hosts of equal preference.  The router outlives
  // the call. HoldHop comes only for mail that has no hop at all: see why_held.  `sts` says which MTA-STS policies
  // there are; null: none.  Of a demand that is required, each host of an SmtpHop must prove itself or be skipped.
  boost::asio::awaitable<Hop> hop(std::string destination, smtp::ReversePath sender, dns::Resolver& resolver,
                                  base::Random& random, StsSource* sts = nullptr,
                                  TlsDemand demand = TlsDemand::usual) const;
  // Asks the tables of domains about all of this message that lead it to a destination, so that what waits for nothing
  // (those below, sender_for, forwarding_alias) knows about them for a while.  Errors: a table cannot be asked.
  boost::asio::awaitable<base::Result<>> learn(const mail::Envelope& envelope, std::string_view destination) const;
  // About what some recipients are told by sender_for() and forwarding_alias(); indexes into the envelope.
  boost::asio::awaitable<base::Result<>> learn(const mail::Envelope& envelope,
                                               std::span<const std::uint32_t> recipients) const;
  boost::asio::awaitable<base::Result<>> learn(std::set<std::string> domains) const;
  // Why a rule keeps such mail until the administrator releases it; nothing: none does.
  std::optional<std::string> why_held(std::string_view destination, const smtp::ReversePath& sender) const;

  // The same without DNS, where that is enough; empty: the MX decides.
  std::string known_site(std::string_view destination, const smtp::ReversePath& sender) const;
  // By what recipients of several domains may share a transaction: equal for domains whose mail from this sender goes
  // to one LMTP store, or by one rule to one next hop.  Empty: by nothing; hosts found through MX may refuse such mail.
  std::string shared_way(std::string_view destination, const smtp::ReversePath& sender) const;
  // The route that hop() would take; nullptr: none fits, or the domain ends here.  Of a domain that may be ours, the
  // one that it would take were it not.
  const RouteSettings* route_of(std::string_view destination, const smtp::ReversePath& sender) const;

  const Settings& settings() const { return settings_; }

  // Where mail for a domain in lower case ends.
  struct Place {
    enum class Kind { here, elsewhere, unknown } kind = Kind::elsewhere;  // unknown: see Said
    const DomainSettings* settings = nullptr;                             // null: hostname, which need have none
    bool is_here() const { return kind == Kind::here; }
    bool is_unknown() const { return kind == Kind::unknown; }
    // Over routes and MX; with `deliver: mx` we are its backup.
    bool goes_on() const {
      return kind == Kind::elsewhere || (settings != nullptr && settings->deliver.kind == DeliverKind::mx);
    }
  };
  Place place_of(const std::string& domain, Said& said) const;
  // The store of its own that "user@domain", in lower case, has; nothing: none, or it is not known yet.  Errors: what
  // is said of it is no store.
  std::optional<base::Result<DeliverTarget>> store_of(const std::string& user, Said& said) const;
  const ReturnPaths* return_paths() const { return return_paths_.get(); }
  std::shared_ptr<lookup::Table> accounts() const { return lookups_.accounts; }
  std::shared_ptr<lookup::Table> table(std::string_view name) const { return lookups_.table(name); }

 private:
  std::string normal_domain(std::string_view domain) const;
  Place known_place(const std::string& domain) const;
  boost::asio::awaitable<base::Result<Place>> find_place(std::string domain) const;
  const RouteSettings* first_match(std::string_view domain, const smtp::ReversePath& sender) const;
  std::optional<std::string> user_of(const smtp::Mailbox& address, Said& said) const;
  std::optional<DeliverTarget> known_target(std::string_view destination, const Place& place) const;
  boost::asio::awaitable<base::Result<std::optional<DeliverTarget>>> find_target(std::string destination,
                                                                                 Place place) const;
  boost::asio::awaitable<Hop> local_hop(std::string domain, std::optional<DeliverTarget> deliver,
                                        dns::Resolver& resolver, base::Random& random, TlsDemand demand) const;
  boost::asio::awaitable<Hop> remote_hop(std::string domain, smtp::ReversePath sender, dns::Resolver& resolver,
                                         base::Random& random, StsSource* sts, TlsDemand demand) const;
  bool looks_for_dane(TlsDemand demand) const { return settings_.dane && demand != TlsDemand::waived; }

  Settings settings_;
  Lookups lookups_;
  std::vector<std::pair<std::shared_ptr<lookup::Table>, const DomainSettings*>> domain_tables_;
  std::shared_ptr<const ReturnPaths> return_paths_;
  bool has_users_ = false;
  std::shared_ptr<const Identity> identity_;
  std::unique_ptr<const Aliases> aliases_;
};

}  // namespace godwit::route
