// SPDX-License-Identifier: Apache-2.0
// Where reading has got to, and what was found wrong on the way.  One reader serves all files of a configuration, so
// that a key set in two of them is noticed.  Used by the types (types.hpp) and records (record.hpp) while they walk the
// YAML.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "godwit/config/config.hpp"

namespace godwit::config {

// "listeners[0]" + "tls" → "listeners[0].tls"
std::string join_path(std::string_view parent, std::string_view key);

class Reader {
 public:
  explicit Reader(Loaded& loaded) : loaded_(loaded) {}

  // Thrown where more is wrong, or there, than anybody would mend: by aliases a small YAML file can say a thing
  // millions of times.  Nothing is read on then.
  struct Enough {};
  static constexpr std::size_t most_diagnostics = 1000;
  static constexpr std::size_t most_values = 2'000'000;

  void begin_file(const std::string& file) { file_ = file; }
  const std::string& path() const { return path_; }

  // Reports at the value being read.
  void fail(std::string message, std::string suggestion = {}) {
    report(here_, std::move(message), std::move(suggestion));
  }
  // Reports at `node`, which belongs to the file being read.
  void fail_at(const YAML::Node& node, std::string message, std::string suggestion = {}) {
    report(place(node), std::move(message), std::move(suggestion));
  }
  void fail_at(const YAML::Mark& mark, std::string message);

  // Notes that the key at `path` is set here.  `again` takes it even if another file has set it before (a list or map
  // whose parts come from several files).  False, and reported, if it was set already.
  enum class Again { refuse, other_file };
  bool claim(const std::string& path, const YAML::Node& key, const YAML::Node& value, Again again);
  std::size_t errors() const { return loaded_.diagnostics.size(); }
  bool is_set(const std::string& path) const { return loaded_.places.contains(path); }

  // While one lives, `path` is what is being read.
  class Step {
   public:
    Step(Reader& reader, std::string path, const YAML::Node& value);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Reader& reader_;
    std::string path_before_;
    Place place_before_;
  };

 private:
  Place place(const YAML::Node& node) const;
  void count_value();
  void report(const Place& place, std::string message, std::string suggestion);

  Loaded& loaded_;
  std::string file_;
  std::string path_;
  Place here_;
  std::size_t values_ = 0;  // looked at so far
};

}  // namespace godwit::config
