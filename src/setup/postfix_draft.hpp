// SPDX-License-Identifier: Apache-2.0
// The YAML as it comes together: sections in a fixed order, each with its lines, and above them what could not be
// translated there.  Pure.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/setup/postfix_import.hpp"
#include "postfix_parameters.hpp"

namespace godwit::setup::postfix {

enum class Section {
  general,
  listeners,
  tls,
  limits,
  accounts,
  policy,
  milters,
  rewriting,
  header_rules,
  copies,
  domains,
  aliases,
  tables,
  routes,
  delivery,
  spool,
  log
};

class Draft {
 public:
  // A line of the section, as it stands, without the indentation that a named section gives.
  void line(Section section, std::string text) { body(section).push_back(std::move(text)); }
  bool is_empty(Section section) const;

  using Kind = PostfixRemark::Kind;
  void remark(Section section, Kind kind, std::string_view place, std::string_view what, std::string_view why);
  // Of a setting as a view sees it.
  void remark(Section section, Kind kind, const View& view, std::string_view setting, std::string_view why);
  void file(ImportedFile file) { files_.push_back(std::move(file)); }

  // A name of its own for what is called `wish`: a-z, 0-9, _.
  std::string unique_name(std::string_view wish);

  PostfixImport finish(const std::string& directory) &&;

 private:
  std::vector<std::string>& body(Section section) { return bodies_[static_cast<std::size_t>(section)]; }

  static constexpr std::size_t sections = 17;
  std::array<std::vector<std::string>, sections> bodies_;
  std::array<std::vector<PostfixRemark>, sections> remarks_;
  std::set<std::string> said_;
  std::set<std::size_t> left_out_;  // hashes of further remarks
  std::set<std::string> names_;
  std::vector<ImportedFile> files_;
};

}  // namespace godwit::setup::postfix
