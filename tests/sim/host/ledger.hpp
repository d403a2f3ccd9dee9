// SPDX-License-Identifier: Apache-2.0
// Keeps who promised what to whom, as clients and peers saw it, and compares at the end: what was acknowledged was
// delivered, or its sender told; what was refused went nowhere; nothing came more often than crashes and cut
// connections explain; nothing went where its client may not send; limits held.  Whoever promised a message last has it
// in its queue until it came, or was given up.  Knows nothing of the daemons' insides.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "sim/host/limits.hpp"
#include "sim/host/wire.hpp"

namespace godwit::sim {

struct Mail {
  std::uint64_t number = 0;
  std::string sender;
  std::vector<std::string> recipients;
  std::string body;        // as it is written, with the header
  std::string smuggled{};  // behind it, as it is: what begins with a false end
};

class Ledger final : public Wire::Watcher {
 public:
  // Whatever was settled so long before a crash must not come again.
  static constexpr base::Duration settling = std::chrono::seconds(15);

  explicit Ledger(World& world)
      : limits_([this](std::string_view kind, std::string what) { complain(kind, std::move(what)); }), world_(world) {}

  // ---- what clients do and see ----
  // Of which mail this is a copy; nothing: of none.
  static std::optional<std::uint64_t> number_of(std::string_view message);
  // A message with its mark in the header; recipients are added as they are accepted.
  Mail write(std::string sender, std::vector<std::string> recipients, std::size_t size);
  void recipient_accepted(const Mail& mail, const std::string& recipient);
  // What stands for others at one host: it is they who get the mail.
  struct Alias {
    base::IpAddress host{};
    std::vector<std::string> members{};
  };
  void set_alias(const std::string& recipient, Alias alias) { aliases_[recipient] = std::move(alias); }
  // Such a recipient ought to be refused.
  void forbid(const Mail& mail, const std::string& recipient);
  enum class Answer { taken, refused };
  void answered(const Mail& mail, Answer answer, const base::IpAddress& host);

  // ---- what peers and mailboxes got ----
  void received(const std::string& recipient, std::string_view message);
  // Whoever has filed it, or sent it, may do so again.
  void may_be_repeated(std::string_view message);
  // What a host calls a mail.
  void named(const base::IpAddress& host, const std::string& id, std::uint64_t mail);
  // The host says that it has delivered to the recipient, or gives it up.  Believed for two things only: that it need
  // not wait there any more, and that a trouble soon afterwards may come before the end is recorded, with the report on
  // its way.
  void done(const base::IpAddress& host, const std::string& id, const std::string& recipient);
  void gave_up(const base::IpAddress& host, const std::string& id, const std::string& recipient);

  // ---- what administrators order ----
  // Which messages, and which of their recipients: whatever is set must hold.  An address, or "@domain".
  struct Meant {
    std::string id{};
    std::string sender{};
    std::string recipient{};
  };
  static bool is_meant(const std::string& pattern, const std::string& address);
  // What waits there need not come any more; nobody is told.
  void may_be_deleted(const base::IpAddress& host, const Meant& meant);
  // Of what a host has, or had; all recipients count.
  std::vector<std::string> names_of(const base::IpAddress& host, const Meant& meant) const;
  // What it has promised, and what is open.
  std::vector<std::string> kept_by(const base::IpAddress& host) const;

  // What it has sent lately may be sent again, and what it gave up lately be tried again.  `its_time`: by its clock.
  void host_in_trouble(const base::IpAddress& host, base::WallTime its_time);

  Limits& limits() { return limits_; }

  // ---- what waits ----
  // Recipients, by the id in the promise.
  using Waiting = std::map<std::string, std::set<std::string>>;
  struct Missing {
    std::uint64_t mail = 0;
    std::string recipient;
    std::string id;
  };
  // What the host promised before `since`, says neither to have delivered nor to have given up, and does not have.
  std::vector<Missing> missing(const base::IpAddress& host, const Waiting& waiting, base::MonoTime since) const;

  // Of each kind the first are kept, and how many there were.
  void complain(std::string_view kind, std::string what);
  // At the end, when everything has had its time.
  void settle();
  // Of acknowledged mail, what is neither delivered nor bounced.
  std::size_t open() const;

  std::vector<std::string> complaints() const;
  struct Counts {
    std::uint64_t written = 0, taken = 0, refused = 0, deleted = 0, delivered = 0, repeated = 0, bounced = 0,
                  in_doubt = 0;
  };
  Counts counts() const;

  void written(Wire& wire, Side side, std::string_view bytes) override;
  void taken(Wire& wire, Side side, std::string_view bytes) override;
  void ended(Wire& wire) override;

 private:
  using Name = std::pair<base::IpAddress, std::string>;  // host and id
  struct Fate {
    bool accepted = false;
    std::uint64_t ways = 0;  // how often, by its own name and by others that stand for it
    bool by_name = false;
    bool forbidden = false;
    std::uint64_t delivered = 0;
    std::uint64_t bounced = 0;
    std::uint64_t excuses = 0;  // why it may come once more
    bool deleted = false;       // by order, perhaps
    bool unrecorded = false;    // it was given up, but the host may have forgotten that
    // Who promised it last, when, and by which id; until it is given up.
    struct Keeper {
      base::IpAddress host;
      base::MonoTime since{};
      std::string id;
    };
    std::optional<Keeper> keeper{};
    // Of who stands for nobody.
    bool is_open() const { return accepted && !deleted && delivered + bounced == 0; }
  };
  struct Entry {
    Mail mail{};
    std::map<std::string, Fate> fates{};
    bool taken = false;
    bool refused = false;
    bool promised = false;  // the host said so, whether the client heard it or not
    base::IpAddress host{};
    base::MonoTime answered{};
  };
  // A message on a wire.
  struct Carried {
    std::uint64_t number = 0;
    std::vector<std::string> recipients;
    base::MonoTime settled = base::no_deadline;
  };
  struct Talk {
    std::string said;   // by the client, since its last message
    std::string reply;  // the end of what the server wrote
    std::string heard;  // the end of what the client took
    std::vector<Carried> carried;
  };

  bool find_mark(const Wire& wire, Talk& talk);
  const Alias* alias_of(const std::string& recipient) const;
  // Whoever has the recipient has all of these.
  std::vector<std::string> with_members(const std::string& recipient) const;
  // Whether a host may have this recipient of it in its queue: under this name, that is.
  bool is_known_at(const base::IpAddress& host, const Entry& entry, const std::string& recipient) const;
  bool is_open(const Entry& entry, const std::string& recipient) const;
  void excuse(const Carried& carried);
  void excuse_unanswered(Talk& talk);
  void answered(Wire& wire, Talk& talk);
  void promised(const Wire& wire, const Carried& carried, const std::string& id);
  void returned(const std::string& recipient, std::string_view message);
  bool had_trouble(const base::IpAddress& host, base::MonoTime when) const;
  bool was_made_before_trouble(std::uint64_t mail, std::string_view report) const;
  void check(const Entry& entry, const std::string& recipient, const Fate& fate);

  Limits limits_;
  World& world_;
  std::map<std::string, Alias> aliases_;
  std::map<std::uint64_t, Entry> entries_;
  std::map<std::uint64_t, Talk> talks_;
  struct Sent {
    base::IpAddress host;
    Carried carried;
  };
  std::deque<Sent> sent_lately_;
  struct GivenUp {
    Name name;
    std::string recipient;
    base::MonoTime when{};
  };
  std::deque<GivenUp> given_up_lately_;
  std::map<base::IpAddress, std::vector<base::MonoTime>> troubles_;
  // At which a host may have stored a report and forgotten it: whom it is about is said after that.
  std::map<base::IpAddress, std::set<std::string>> doubtful_dates_;
  std::map<Name, std::uint64_t> named_;
  std::set<std::pair<Name, std::string>> done_;  // and recipient
  struct Complaints {
    std::uint64_t count = 0;
    std::vector<std::string> first;
  };
  std::map<std::string, Complaints, std::less<>> complaints_;  // by kind
};

}  // namespace godwit::sim
