// SPDX-License-Identifier: Apache-2.0
// The names inside spool.directory, made and parsed in one place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "format.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"

namespace godwit::spool {

struct Paths {
  explicit Paths(std::string directory) : root(std::move(directory)) {}
  std::string root;
  std::string lock() const { return root + "/lock"; }
  std::string journal() const { return root + "/journal"; }
  std::string large() const { return root + "/large"; }
  std::string quarantine() const { return root + "/quarantine"; }

  std::string segment(std::uint32_t number) const { return journal() + "/" + digits(number) + ".seg"; }
  // A segment that holds nothing: being written ahead, or finished and waiting for its next life.
  std::string spare(std::uint32_t number) const { return journal() + "/" + digits(number) + ".free"; }
  std::string large(base::MessageId id) const { return large() + "/" + base::to_string(id); }
  std::string large_part(base::MessageId id) const { return large(id) + ".part"; }  // before all of it is durable
  // Named by place, so that the same damage found again is the same file.
  std::string damage(std::uint32_t number, std::uint64_t offset) const {
    return quarantine() + "/" + digits(number) + "-" + std::to_string(offset) + ".damaged";
  }

  static std::string digits(std::uint32_t number) {
    std::string text = std::to_string(number);
    return text.size() < 8 ? std::string(8 - text.size(), '0') + text : text;
  }
};

// For who finds that a file of the running spool is not at its place any more.
inline base::Error removed_underneath(const std::string& path) {
  return {base::ErrorKind::io,
          path + " was removed or replaced while the daemon runs: what is written to it now would be lost"};
}

// "00000017.seg" with ".seg" → 17.
inline std::optional<std::uint32_t> parse_number(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return {};
  name.remove_suffix(suffix.size());
  if (name.size() < 8 || name.size() > 10) return {};
  std::uint64_t number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return {};
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (number == 0 || number > 0xFFFFFFFFU) return {};
  return static_cast<std::uint32_t>(number);
}

}  // namespace godwit::spool
