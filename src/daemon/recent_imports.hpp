// SPDX-License-Identifier: Apache-2.0
// What was imported through the control socket since the start: who imports a message again, because the answer was
// lost, learns its id and makes no second copy.  Home reactor.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "godwit/base/message_id.hpp"
#include "godwit/mail/export_file.hpp"

namespace godwit::daemon {

class RecentImports {
 public:
  // Of a whole export file, with the checksum of its body.
  struct Key {
    base::MessageId id;
    std::uint32_t crc = 0;
    auto operator<=>(const Key&) const = default;
  };
  static Key key_of(const mail::ExportFile& file);

  explicit RecentImports(std::size_t most) : most_(most) {}

  // The id it has here.
  std::optional<base::MessageId> find(const Key& key) const;

  // Leave to import one message; another for the same is not given meanwhile.  Forgotten without done(): it failed.
  class Turn {
   public:
    Turn(RecentImports& imports, Key key) : imports_(imports), key_(key) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();
    void done(base::MessageId id) { id_ = id; }

   private:
    RecentImports& imports_;
    Key key_;
    std::optional<base::MessageId> id_;
  };
  // False: it is under way already.  Requires, if true: a Turn is made of the key.
  bool begin(const Key& key) { return imports_.try_emplace(key).second; }

 private:
  void end(const Key& key, std::optional<base::MessageId> id);

  const std::size_t most_;
  std::map<Key, std::optional<base::MessageId>> imports_;  // without an id: under way
  std::deque<Key> done_;                                   // the oldest first
};

}  // namespace godwit::daemon
