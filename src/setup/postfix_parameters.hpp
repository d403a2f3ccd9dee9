// SPDX-License-Identifier: Apache-2.0
// The settings of main.cf, and how a service of master.cf sees them: with its own `-o` over them, and Postfix's
// defaults below.  Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "postfix_syntax.hpp"

namespace godwit::setup::postfix {

struct Setting {
  std::string value;             // as it is written
  std::string place;             // "main.cf:12"
  mutable bool is_read = false;  // somebody asked for it: what nobody asks for was not translated
};
using Settings = std::map<std::string, Setting, std::less<>>;

struct Fault {
  std::string place, what, why;
};

// What of a file was not read.
void name_left_lines(const Lines& lines, const std::string& file, std::vector<Fault>& faults);

// main.cf, or the configuration of a look-up in SQL or LDAP.  The last line about a name counts, as in Postfix.
Settings parse_settings(std::string_view text, const std::string& file, std::vector<Fault>& faults);

// A service's view.  Values are expanded ($name, ${name?…:…}); what cannot be is empty, and named once.
class View {
 public:
  View(const Settings& main, const Settings& over, std::vector<Fault>& faults)
      : main_(main), over_(over), faults_(faults) {}

  std::string get(std::string_view name) const;
  std::vector<std::string> words(std::string_view name) const { return words_of(get(name)); }
  bool is_yes(std::string_view name) const;
  // In main.cf or by -o.
  bool is_set(std::string_view name) const { return written(name) != nullptr; }
  bool is_overridden(std::string_view name) const { return over_.contains(name); }
  std::string place(std::string_view name) const;
  std::string expand(std::string_view text, const std::string& what) const;
  const Settings& overridden() const { return over_; }

 private:
  friend class Expander;
  const Setting* written(std::string_view name) const;

  const Settings& main_;
  const Settings& over_;
  std::vector<Fault>& faults_;
};

// Names that values of `settings` refer to by "$".
std::set<std::string, std::less<>> referenced_names(const Settings& settings);

// "5d", "300s", "2" (in `unit`): seconds.
std::optional<unsigned long long> parse_time(std::string_view text, char unit);

}  // namespace godwit::setup::postfix
