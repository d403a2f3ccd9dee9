// SPDX-License-Identifier: Apache-2.0
// Reads the main file and those it includes, checks their meaning, and sorts what was found.
#include <algorithm>
#include <filesystem>

#include <fnmatch.h>

#include <fmt/format.h>

#include "meaning.hpp"
#include "schema.hpp"

namespace godwit::config {
namespace {

constexpr std::size_t largest_file = 16U << 20U;  // a configuration, not a disk image

class Loader {
 public:
  Loader(std::string main_file, const FileAccess& files) : files_(files), reader_(loaded_) {
    loaded_.main_file = std::move(main_file);
  }

  Loaded run() &&;

 private:
  enum class Role { main, included };
  void read(const std::string& file, Role role);
  void read_text(const std::string& text, Role role);
  void read_document(const YAML::Node& document, Role role);
  std::vector<std::string> included_files();
  std::vector<std::string> matching(const std::string& pattern);
  void sort_diagnostics();
  void bound_diagnostics();

  const FileAccess& files_;
  Fields<Document> fields_ = top_fields();
  Document document_;
  Loaded loaded_;
  Reader reader_;
  std::vector<std::string> order_;  // of the files
  bool all_read_ = true;            // else the checks of meaning would report what merely was not seen
};

void Loader::read_document(const YAML::Node& document, Role role) {
  if (document.IsNull()) return;
  if (!document.IsMap())
    return reader_.fail_at(document, "expected keys and values, such as hostname: mail.example.com");
  for (const auto& entry : document) {
    if (role == Role::included && entry.first.IsScalar() && entry.first.Scalar() == "include")
      reader_.fail_at(entry.first, "an included file cannot include others");
    else
      read_entry(document_, entry.first, entry.second, fields_, reader_, "");
  }
}

void Loader::read_text(const std::string& text, Role role) {
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      all_read_ = false;
      return reader_.fail_at(documents[1], "a second YAML document starts here: one file holds one");
    }
    if (!documents.empty()) read_document(documents.front(), role);
  } catch (const YAML::Exception& error) {
    all_read_ = false;
    reader_.fail_at(error.mark, fmt::format("YAML: {}", base::printable(error.msg)));
  }
}

void Loader::read(const std::string& file, Role role) {
  order_.push_back(file);
  reader_.begin_file(file);
  const auto text = files_.read_file(file);
  const auto fault = [&](std::string message) {
    all_read_ = false;
    reader_.fail_at(YAML::Mark(), std::move(message));
  };
  if (!text) return fault("cannot be read: " + text.error().message);
  if (text->size() > largest_file) return fault("is too large for a configuration file");
  if (!base::is_valid_utf8(*text) || text->find('\0') != std::string::npos) return fault("is not a UTF-8 text file");
  read_text(*text, role);
}

// Of a pattern only the last part may have wildcards.  A plain name must exist, a pattern may find nothing.
std::vector<std::string> Loader::matching(const std::string& pattern) {
  const auto full = std::filesystem::path(loaded_.main_file).parent_path() / pattern;
  const auto name = full.filename().string();
  if (name.find_first_of("*?[") == std::string::npos) return {full.string()};
  const auto folder = full.parent_path();
  const auto names = files_.list_folder(folder.empty() ? "." : folder.string());
  std::vector<std::string> found;
  if (!names) return found;
  for (const auto& candidate : *names)
    if (::fnmatch(name.c_str(), candidate.c_str(), FNM_PERIOD) == 0) found.push_back((folder / candidate).string());
  std::ranges::sort(found);
  return found;
}

std::vector<std::string> Loader::included_files() {
  std::vector<std::string> all;
  for (const auto& pattern : document_.include)
    for (auto& file : matching(pattern))
      if (file != loaded_.main_file && std::ranges::find(all, file) == all.end()) all.push_back(std::move(file));
  return all;
}

void Loader::sort_diagnostics() {
  const auto key = [this](const Diagnostic& d) {
    return std::tuple(std::ranges::find(order_, d.place.file) - order_.begin(), d.place.line, d.place.column);
  };
  std::ranges::stable_sort(loaded_.diagnostics, {}, key);
}

// Errors rather than warnings: that there are any must not be forgotten.
void Loader::bound_diagnostics() {
  auto& all = loaded_.diagnostics;
  if (all.size() < Reader::most_diagnostics) return;
  std::ranges::stable_partition(all, [](const auto& d) { return d.severity == Severity::error; });
  all.erase(all.begin() + Reader::most_diagnostics, all.end());
  sort_diagnostics();
  all.back().message += fmt::format(" (these are {}: more are not looked for)", Reader::most_diagnostics);
}

Loaded Loader::run() && {
  try {
    read(loaded_.main_file, Role::main);
    for (const auto& file : included_files()) read(file, Role::included);
  } catch (const Reader::Enough&) {
    all_read_ = false;
  }
  loaded_.settings = std::move(document_.settings);
  complete(loaded_);
  if (all_read_) check_meaning(loaded_);
  sort_diagnostics();
  bound_diagnostics();
  return std::move(loaded_);
}

}  // namespace

Loaded load(const std::string& path, const FileAccess& files) {
  return Loader(path, files).run();
}

std::string to_string(const Diagnostic& diagnostic) {
  auto text = fmt::format("{}:{}:{}: {}{}", diagnostic.place.file, diagnostic.place.line, diagnostic.place.column,
                          diagnostic.severity == Severity::warning ? "warning: " : "", diagnostic.message);
  if (!diagnostic.suggestion.empty()) text += fmt::format(" (did you mean {}?)", diagnostic.suggestion);
  return text;
}

bool Loaded::ok() const {
  return std::ranges::none_of(diagnostics, [](const auto& d) { return d.severity == Severity::error; });
}

Place Loaded::place_of(std::string_view key) const {
  while (!key.empty()) {
    if (const auto at = places.find(key); at != places.end()) return at->second;
    const auto end = key.find_last_of(".[");
    key = key.substr(0, end == std::string_view::npos ? 0 : end);
  }
  return {.file = main_file};
}

}  // namespace godwit::config
