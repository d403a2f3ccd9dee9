// SPDX-License-Identifier: Apache-2.0
#include "configuration_check.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include "godwit/config/keys.hpp"

namespace godwit::daemon {
namespace {

constexpr std::size_t most_text = std::size_t{4} << 20U;  // of all files

using Texts = std::map<std::string, std::string>;

// The files that the configuration is made of now.
Texts texts_of(const std::string& path) {
  auto texts = std::make_shared<Texts>();
  auto files = config::system_files();
  files.read_file = [texts, read = files.read_file](const std::string& file) {
    auto text = read(file);
    if (text) texts->insert_or_assign(file, *text);
    return text;
  };
  config::load(path, files);
  return std::move(*texts);
}

config::FileAccess with_draft(const std::string& path, const std::string& draft) {
  const auto known = std::make_shared<const Texts>(texts_of(path));
  const auto read_file = [path, draft, known](const std::string& file) -> base::Result<std::string> {
    if (file == path) return draft;
    if (const auto found = known->find(file); found != known->end()) return found->second;
    return base::fail(base::ErrorKind::refused, "a draft includes only what the configuration includes now");
  };
  // Nor does it learn what there is beside.
  const auto list_folder = [known](const std::string& folder) -> base::Result<std::vector<std::string>> {
    std::vector<std::string> names;
    for (const auto& [file, text] : *known) {
      const std::filesystem::path one(file);
      const auto parent = one.has_parent_path() ? one.parent_path().string() : ".";
      if (parent == folder) names.push_back(one.filename().string());
    }
    return names;
  };
  return {.read_file = read_file, .list_folder = list_folder};
}

// Whether it is one of `sections`, or in one.
bool is_in(const std::string& key, const std::vector<std::string>& sections) {
  return std::ranges::any_of(sections, [&](const auto& one) { return key == one || key.starts_with(one + "."); });
}

std::vector<control::ConfigurationDifference> differences(const config::Settings& running,
                                                          const config::Settings& then) {
  const auto before = config::values_of(running), after = config::values_of(then);
  const auto held = held_back(running, then);
  std::vector<control::ConfigurationDifference> all;
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i].value != after[i].value)
      all.push_back(
          {before[i].key, before[i].value, after[i].value, before[i].needs_restart || is_in(before[i].key, held)});
  return all;
}

}  // namespace

LiveSettingsLoaded load_draft(const std::string& path, const std::optional<std::string>& draft,
                              const LiveSettings& running, const base::Clock& clock, const net::KeyHolder& keys) {
  const auto out_of_date = is_out_of_date(running.tls, clock.wall()) ? OutOfDate::warning : OutOfDate::error;
  const auto files = draft ? with_draft(path, *draft) : config::system_files();
  return load_live_settings(path, clock, out_of_date, files, net::SystemInterfaces(), nullptr, keys);
}

control::ConfigurationCheck check_configuration(const std::string& path, const std::optional<std::string>& draft,
                                                const LiveSettings& running, const base::Clock& clock,
                                                const net::KeyHolder& keys) {
  auto loaded = load_draft(path, draft, running, clock, keys);
  control::ConfigurationCheck check{
      .errors = std::move(loaded.errors), .warnings = std::move(loaded.warnings), .differences = {}};
  if (loaded.live) check.differences = differences(running.settings, loaded.live->settings);
  return check;
}

control::Configuration read_configuration(const std::string& path, const LiveSettings& running) {
  control::Configuration configuration{.main_file = path, .files = {}, .values = {}};
  std::size_t size = 0;
  for (auto& [file, text] : texts_of(path)) {
    size += text.size();
    if (size <= most_text) configuration.files.push_back({file, text});
  }
  for (auto& each : config::values_of(running.settings))
    configuration.values.push_back({each.key, each.value, each.fallback, each.needs_restart});
  return configuration;
}

}  // namespace godwit::daemon
