// SPDX-License-Identifier: Apache-2.0
// A table in a text file, in the format of aliases(5), which also takes plain lists:
//
//   postmaster: root
//   team@example.com: alice@example.com, bob@example.com,
//     "carol \"c\""@example.net        # continued by a blank; "#" begins a comment at the start of a line only
//   news@example.com: :include:/etc/godwit/news.members
//   sales-*@example.com: alice@example.com
//   example.org                        a key alone is only there
//
// Read as a whole, and again when it or a file that it includes has changed; one with errors does not replace the
// present content.  Programs and files are no addresses: they are left out, with a warning.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/lookup/table.hpp"

namespace godwit::lookup {

struct TextContent {
  std::map<std::string, std::vector<std::string>, std::less<>> entries;    // by key in lower case
  std::vector<std::pair<std::string, std::vector<std::string>>> patterns;  // keys with "*", the longest first
  std::vector<std::string> included;                                       // files
  std::vector<std::string> errors, warnings;                               // "file:line: what"
};
// Pure but for `read`, which gives an included file.  `file` is for the messages.
using ReadFile = std::function<base::Result<std::string>(const std::string& path)>;
TextContent parse_text_table(std::string_view text, const std::string& file, const ReadFile& read);

class TextTable final : public Table {
 public:
  static constexpr std::size_t most_bytes = 64U << 20U;

  TextTable(std::string name, std::string path) : name_(std::move(name)), path_(std::move(path)) {}

  const std::string& name() const override { return name_; }
  const std::string& path() const { return path_; }
  std::optional<Answer> recall(const std::string& key) override;
  boost::asio::awaitable<Answer> ask(std::string key) override;
  std::optional<Answer> match(const std::string& key) override;
  bool keeps_bare_names() const override { return true; }

  struct Refreshed {
    bool changed = false;  // what follows is about the new content
    std::size_t entries = 0;
    std::vector<std::string> errors, warnings;  // with errors the old content stays
  };
  // Looks at the files, and reads them when they have changed since the last look.  Blocks; one thread at a time.
  Refreshed refresh();

 private:
  struct Stamp {
    std::string path;
    std::int64_t size = -1;  // -1: not there
    std::uint64_t inode = 0;
    std::int64_t modified = 0;  // nanoseconds
    bool operator==(const Stamp&) const = default;
  };
  static Stamp stamp_of(const std::string& path);
  bool has_changed() const;
  std::shared_ptr<const TextContent> content() const;

  const std::string name_;
  const std::string path_;
  std::vector<Stamp> stamps_;  // of what was read last
  mutable std::mutex mutex_;
  std::shared_ptr<const TextContent> content_;
};

}  // namespace godwit::lookup
