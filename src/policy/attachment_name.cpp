// SPDX-License-Identifier: Apache-2.0
#include "attachment_name.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "godwit/base/text.hpp"

namespace godwit::policy {
namespace {

// Overrides, embeddings and isolates turn what follows around; the others have no width.  In UTF-8.
constexpr std::array<std::string_view, 9> direction_changes{"\u202A", "\u202B", "\u202C", "\u202D", "\u202E",
                                                            "\u2066", "\u2067", "\u2068", "\u2069"};
constexpr std::array<std::string_view, 6> unseen{"\u200B", "\u200C", "\u200D", "\u200E", "\u200F", "\uFEFF"};

// Before these another extension is a lie; behind these it is one, if it runs.
constexpr std::array<std::string_view, 20> documents{"pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx",
                                                     "txt", "rtf", "csv",  "htm", "html", "jpg", "jpeg",
                                                     "png", "gif", "tif",  "mp3", "mp4",  "zip"};
constexpr std::array<std::string_view, 26> programs{"exe", "com", "scr", "pif", "bat", "cmd", "vbs", "vbe", "js",
                                                    "jse", "wsf", "wsh", "hta", "cpl", "msi", "jar", "lnk", "ps1",
                                                    "reg", "dll", "msc", "chm", "scf", "url", "iso", "img"};
constexpr std::string_view gap = "     ";  // pushes the end of a name out of sight

bool contains_any(std::string_view name, const auto& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return name.contains(word); });
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == 0x7F;
}

void erase_all(std::string& text, std::string_view word) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at)) text.erase(at, word.size());
}

// "invoice.pdf.exe"
bool has_two_extensions(std::string_view name) {
  const auto parts = base::split(name, '.');
  return parts.size() > 2 && !program_extension(name).empty() &&
         std::ranges::any_of(documents, [&](std::string_view word) {
           return base::iequals(base::trim(parts[parts.size() - 2]), word);
         });
}

}  // namespace

std::string saved_name(std::string_view name) {
  const auto folder = name.find_last_of("/\\");
  if (folder != std::string_view::npos) name.remove_prefix(folder + 1);
  std::string saved(name);
  for (const auto word : direction_changes) erase_all(saved, word);
  for (const auto word : unseen) erase_all(saved, word);
  std::erase_if(saved, is_control);
  const auto last = saved.find_last_not_of(". ");
  saved.resize(last == std::string::npos ? 0 : last + 1);
  return saved;
}

bool is_named(std::string_view name, std::string_view pattern) {
  if (base::matches_pattern(pattern, name)) return true;
  const auto saved = saved_name(name);
  return base::matches_pattern(pattern, saved) ||
         base::matches_pattern(pattern, saved_name(std::string_view(saved).substr(0, saved.find(':'))));
}

std::string_view program_extension(std::string_view name) {
  const auto found =
      std::ranges::find_if(programs, [&](std::string_view word) { return is_named(name, "*." + std::string(word)); });
  return found == programs.end() ? std::string_view() : *found;
}

std::string_view disguise_of(std::string_view name) {
  if (contains_any(name, direction_changes)) return "its direction is turned around";
  if (std::ranges::any_of(name, is_control)) return "it has control characters";
  if (name.contains(gap)) return "blanks push its end out of sight";
  if (name.ends_with('.') || name.ends_with(' ')) return "it ends with dots or blanks";
  if (has_two_extensions(saved_name(name))) return "it has two extensions";
  return {};
}

}  // namespace godwit::policy
