// SPDX-License-Identifier: Apache-2.0
#include "postfix_draft.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::setup {

std::string to_string(PostfixRemark::Kind kind) {
  switch (kind) {
    case PostfixRemark::Kind::untranslated:
      return "untranslated";
    case PostfixRemark::Kind::changed:
      return "changed";
    case PostfixRemark::Kind::to_do:
      break;
  }
  return "to do";
}

namespace postfix {
namespace {

struct Heading {
  std::string_view key;  // "": its lines are keys of the file itself
  std::string_view comment;
};
constexpr std::array<Heading, 17> headings = {{{"", "Who we are"},
                                               {"listeners", "Where mail is taken"},
                                               {"tls", "Certificates"},
                                               {"limits", "Limits"},
                                               {"accounts", "Who may log in"},
                                               {"policy", "Checks of mail from strangers"},
                                               {"milters", "Filters"},
                                               {"rewriting", "Addresses that change"},
                                               {"header_rules", "Fields of the header that change"},
                                               {"copies", "Copies of mail"},
                                               {"domains", "Domains whose mail ends here, or is taken for others"},
                                               {"aliases", "Addresses that stand for others"},
                                               {"tables", "Tables in databases and files"},
                                               {"routes", "Ways to other hosts than through their MX"},
                                               {"delivery", "Delivery"},
                                               {"spool", "The queue"},
                                               {"log", "The log"}}};

constexpr std::size_t most_remarks = 5000;

std::string shown(const PostfixRemark& remark) {
  return fmt::format("{}{}{}: {} ({})", remark.place, remark.place.empty() ? "" : ": ", remark.what, remark.why,
                     to_string(remark.kind));
}

}  // namespace

bool Draft::is_empty(Section section) const {
  return bodies_[static_cast<std::size_t>(section)].empty();
}

void Draft::remark(Section section, Kind kind, std::string_view place, std::string_view what, std::string_view why) {
  PostfixRemark remark{
      .kind = kind, .place = shown_text(place), .what = shown_text(what), .why = shown_text(why, 2000)};
  auto words = shown(remark);
  if (said_.contains(words)) return;
  if (said_.size() == most_remarks) {
    left_out_.insert(std::hash<std::string>()(words));
    return;
  }
  said_.insert(std::move(words));
  remarks_[static_cast<std::size_t>(section)].push_back(std::move(remark));
}

void Draft::remark(Section section, Kind kind, const View& view, std::string_view setting, std::string_view why) {
  remark(section, kind, view.place(setting), setting, why);
}

std::string Draft::unique_name(std::string_view wish) {
  std::string name;
  for (const char c : base::to_lower(wish)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (fits || (!name.empty() && !name.ends_with('_'))) name += fits ? c : '_';
  }
  while (name.ends_with('_')) name.pop_back();
  if (name.empty()) name = "table";
  if (name.size() > 40) name.resize(40);
  auto unique = name;
  for (int i = 2; !names_.insert(unique).second; ++i) unique = fmt::format("{}_{}", name, i);
  return unique;
}

PostfixImport Draft::finish(const std::string& directory) && {
  if (!left_out_.empty())
    remarks_[static_cast<std::size_t>(Section::general)].push_back(
        {.kind = Kind::untranslated,
         .place = {},
         .what = "more",
         .why = fmt::format("{} further remarks are left out", left_out_.size())});
  PostfixImport result;
  auto& text = result.configuration;
  text = fmt::format(
      "# Made by godwitctl import postfix, from {}.  What a key means: godwitctl config explain KEY.\n"
      "# Read the lines with \"untranslated\", \"changed\" and \"to do\" before you go on; docs/migration.md says "
      "how.\n",
      shown_text(directory));
  for (std::size_t i = 0; i < sections; ++i) {
    if (bodies_[i].empty() && remarks_[i].empty()) continue;
    text += fmt::format("\n# ---- {}\n", headings[i].comment);
    for (auto& remark : remarks_[i]) {
      text += "# " + shown(remark) + "\n";
      result.remarks.push_back(std::move(remark));
    }
    if (bodies_[i].empty()) continue;
    if (!headings[i].key.empty()) text += fmt::format("{}:\n", headings[i].key);
    for (const auto& line : bodies_[i]) text += (headings[i].key.empty() ? "" : "  ") + line + "\n";
  }
  result.files = std::move(files_);
  return result;
}

}  // namespace postfix
}  // namespace godwit::setup
