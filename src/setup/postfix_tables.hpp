// SPDX-License-Identifier: Apache-2.0
// The tables that Postfix's settings name: text files are read entry by entry (never the .db made of them), look-ups in
// SQL and LDAP are translated into tables of Godwit.  Pure but for the reader that is handed in.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "godwit/setup/postfix_import.hpp"
#include "postfix_parameters.hpp"

namespace godwit::setup::postfix {

struct MapName {
  std::string type;  // hash, pcre, mysql, inline …; "" a name or file alone
  std::string name;
};
// "proxy:mysql:/etc/postfix/x.cf" → mysql, /etc/postfix/x.cf.  A word that names no table: type is empty.
MapName parse_map_name(std::string_view word, const std::string& default_type);

struct Entry {
  std::string key, value;
  std::string place;
  bool is_for_all = false;  // of a static: table
};
enum class Syntax { postfix, aliases };

class Tables {
 public:
  Tables(const ReadPostfixFile& read, std::vector<Fault>& faults) : read_(read), faults_(faults) {}

  // Of a text table: hash, btree, lmdb, texthash, cdb, dbm, sdbm, inline, static (one entry with key "*"), cidr,
  // regexp, pcre (keys are patterns).  Nothing: it cannot be read, or is of another type; that was named.  `what` is
  // the setting.
  std::optional<std::vector<Entry>> entries(const MapName& map, const std::string& what, const std::string& place,
                                            Syntax syntax = Syntax::postfix);
  // The lines of a plain file, as "/etc/postfix/mydomains" in mydestination.
  std::optional<std::vector<std::string>> words(const std::string& path, const std::string& what,
                                                const std::string& place);
  std::optional<std::string> text(const std::string& path, const std::string& what, const std::string& place);
  // Of a file that may be missing.
  std::optional<std::string> text_if_there(const std::string& path) const;

  static bool is_text(const std::string& type);
  static bool is_pattern(const std::string& type) { return type == "regexp" || type == "pcre"; }
  static bool is_source(const std::string& type);  // SQL, LDAP

 private:
  void name_left(const Lines& lines, const std::string& path, const std::string& what, const std::string& place);

  const ReadPostfixFile& read_;
  std::vector<Fault>& faults_;
  std::size_t total_ = 0;
  std::set<std::string> refused_;
};

// "/^(.*)@old\.example$/i" → "*@old.example"; nothing: it says more than "*" can.
std::optional<std::string> pattern_as_words(std::string_view regular);

}  // namespace godwit::setup::postfix
