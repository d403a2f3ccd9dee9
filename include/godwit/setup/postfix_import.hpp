// SPDX-License-Identifier: Apache-2.0
// A Postfix configuration becomes one of Godwit: main.cf, master.cf and the tables that they name are read, and a YAML
// is written that does the same as far as Godwit can.  What it cannot is named, in a comment at its place and in a
// list. Pure but for `read`; nothing is executed.  For tools.  What is read is bounded in size, depth and number.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/result.hpp"

namespace godwit::setup {

struct PostfixWishes {
  std::string directory = "/etc/postfix";
  std::string folder = "/etc/godwit";      // where what the configuration names (secrets, large tables) will lie
  std::string stem = "godwit";             // of the configuration's name, for the file of aliases beside it
  std::string hostname;                    // of the machine, where myhostname is not set; empty: unknown
  std::vector<base::IpAddress> addresses;  // of the machine's interfaces
};

struct PostfixRemark {
  enum class Kind {
    untranslated,  // Godwit has nothing like it, or the importer does not know it
    changed,       // it will be done otherwise than Postfix did
    to_do          // something outside of the configuration must be done by hand
  };
  Kind kind = Kind::untranslated;
  std::string place;  // "main.cf:12"; empty: no line said it
  std::string what;   // a setting, or an entry of a table
  std::string why;    // and what helps
};

struct ImportedFile {
  std::string path;
  std::string text;
  bool is_secret = false;
};

struct PostfixImport {
  std::string configuration;        // YAML
  std::vector<ImportedFile> files;  // that it names
  std::vector<PostfixRemark> remarks;
  std::vector<std::string> read;  // files it was made from: nothing may be written over them
};

// Of the system: whole plain files of bounded size, whatever stands behind their names.
base::Result<std::string> read_postfix_file(const std::string& path);

using ReadPostfixFile = std::function<base::Result<std::string>(const std::string& path)>;

// Errors: what `read` says of main.cf; invalid (main.cf is no text).  Without master.cf Debian's services are taken.
base::Result<PostfixImport> import_postfix(const PostfixWishes& wishes, const ReadPostfixFile& read);

std::string to_string(PostfixRemark::Kind kind);

// What becomes of each setting that the importer knows, as the table of docs/migration.md.
std::string postfix_settings_markdown();

}  // namespace godwit::setup
