// SPDX-License-Identifier: Apache-2.0
// What answers questions about mail addresses and domains: a text file, a database, a directory, the account stores, an
// LMTP server.  One that cannot be asked says so: whoever asks must neither accept nor refuse for good.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace godwit::lookup {

struct Answer {
  enum class Kind {
    absent,
    present,
    unavailable,  // it could not be asked; `reason` says why, for the log
  } kind = Kind::absent;
  std::vector<std::string> values = {};  // of the key; none where only presence counts
  std::string reason = {};
  bool operator==(const Answer&) const = default;
};
Answer absent();
Answer present(std::vector<std::string> values = {});
Answer unavailable(std::string reason);

// Thread-safe; keys are in lower case.
class Table {
 public:
  virtual ~Table() = default;
  // For the log and the administrator.
  virtual const std::string& name() const = 0;
  // Without waiting; nothing: it must be asked.
  virtual std::optional<Answer> recall(const std::string& key) = 0;
  // On any reactor; resumes there.  The table outlives the call.
  virtual boost::asio::awaitable<Answer> ask(std::string key) = 0;
  // What counts where other hosts must not be asked; nothing: this asks none.
  virtual std::optional<Answer> assume(const std::string&) { return std::nullopt; }
  // The values of the key's pattern with "*", where it keeps such; the longest pattern that fits counts.
  virtual std::optional<Answer> match(const std::string&) { return std::nullopt; }
  // It may have keys that are local parts alone, as /etc/aliases does.
  virtual bool keeps_bare_names() const { return false; }
};

}  // namespace godwit::lookup
