// SPDX-License-Identifier: Apache-2.0
#include "attachment_name.hpp"

#include <algorithm>
#include <array>
#include <utility>

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

// How much at the start of the text nobody sees.
std::size_t unseen_length(std::string_view text) {
  if (is_control(text.front())) return 1;
  if (text.front() != '\xE2' && text.front() != '\xEF') return 0;
  const auto begins = [&](std::string_view word) { return text.starts_with(word); };
  return std::ranges::any_of(direction_changes, begins) || std::ranges::any_of(unseen, begins) ? 3 : 0;
}

std::string_view extension_of(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

// "invoice.pdf.exe"
bool has_two_extensions(std::string_view name) {
  const auto forms = forms_of(name);
  const auto& saved = forms[1];
  if (program_extension(forms).empty()) return false;
  const auto before = base::trim(extension_of(std::string_view(saved).substr(0, saved.rfind('.'))));
  return std::ranges::any_of(documents, [&](std::string_view word) { return base::iequals(before, word); });
}

}  // namespace

std::string saved_name(std::string_view name) {
  const auto folder = name.find_last_of("/\\");
  if (folder != std::string_view::npos) name.remove_prefix(folder + 1);
  std::string saved;
  while (!name.empty()) {
    const auto dropped = unseen_length(name);
    if (dropped == 0) saved += name.front();
    name.remove_prefix(dropped == 0 ? 1 : dropped);
  }
  const auto last = saved.find_last_not_of(". ");
  saved.resize(last == std::string::npos ? 0 : last + 1);
  return saved;
}

std::vector<std::string> forms_of(std::string_view name) {
  auto saved = saved_name(name);
  auto file = saved_name(std::string_view(saved).substr(0, saved.find(':')));
  return {std::string(name), std::move(saved), std::move(file)};
}

bool fits(const std::vector<std::string>& forms, std::string_view pattern) {
  return std::ranges::any_of(forms, [&](const auto& form) { return base::matches_pattern(pattern, form); });
}

std::string_view program_extension(const std::vector<std::string>& forms) {
  for (const auto& form : forms) {
    const auto extension = extension_of(form);
    const auto found =
        std::ranges::find_if(programs, [&](std::string_view word) { return base::iequals(word, extension); });
    if (found != programs.end()) return *found;
  }
  return {};
}

std::string_view disguise_of(std::string_view name) {
  if (contains_any(name, direction_changes)) return "its direction is turned around";
  if (std::ranges::any_of(name, is_control)) return "it has control characters";
  if (name.contains(gap)) return "blanks push its end out of sight";
  if (name.ends_with('.') || name.ends_with(' ')) return "it ends with dots or blanks";
  if (has_two_extensions(name)) return "it has two extensions";
  return {};
}

}  // namespace godwit::policy
