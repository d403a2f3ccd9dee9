// SPDX-License-Identifier: Apache-2.0
// Where accounts are kept: a file, a table, another server.  The verifier asks the stores in their order; the first
// that has a name decides, and one that cannot be asked ends the attempt, since it may be the one.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/auth/accounts.hpp"
#include "godwit/base/ip_address.hpp"

namespace godwit::auth {

// One attempt to log in with a password.  The password's memory is wiped when it goes.
struct Login {
  Login() = default;
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;
  ~Login();

  std::string user;            // canonical name
  std::string password;        // empty: only the account's keys are wanted
  base::IpAddress client;      // where it comes from
  std::function<bool()> gone;  // whoever asks does not wait any more; any thread; empty: it cannot be told
};

struct Answer {
  enum class Kind {
    unknown,      // not here; a store that cannot tell an unknown name from a wrong password says so of both
    entry,        // `account` has hash and keys, to be compared
    accepted,     // the store has compared; `account` has name and senders
    rejected,     // it has, and the password is wrong
    unavailable,  // it could not be asked; `reason` says why
  } kind = Kind::unknown;
  Account account = {};
  std::string reason = {};
};

class Store {
 public:
  virtual ~Store() = default;
  // For the log: "accounts.yaml", "ldap", ...
  virtual std::string_view name() const = 0;
  // It has SCRAM keys of whoever can log in.
  virtual bool serves_scram() const = 0;
  // On any reactor; resumes there.  The store outlives the call.
  virtual boost::asio::awaitable<Answer> ask(std::shared_ptr<const Login> login) = 0;

  // Whether it can tell which names it has without a password.
  virtual bool tells_names() const = 0;
  // Whether it has this canonical name: unknown, entry (of which only the name counts) or unavailable.  Requires:
  // tells_names().  find_now: where that takes no waiting, else nothing.
  virtual std::optional<Answer> find_now(const std::string& user) const = 0;
  virtual boost::asio::awaitable<Answer> find(std::string user) = 0;
};

using StoreList = std::vector<std::shared_ptr<Store>>;
// Of an accounts file.
std::shared_ptr<Store> make_file_store(std::string file, AccountTable table);

// The present list; a reload replaces it, and who asks already goes on with the former.  Thread-safe.
class Stores {
 public:
  explicit Stores(StoreList list = {}) { replace(std::move(list)); }
  std::shared_ptr<const StoreList> list() const;
  void replace(StoreList list);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const StoreList> list_;
};

}  // namespace godwit::auth
