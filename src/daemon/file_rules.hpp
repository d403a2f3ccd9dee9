// SPDX-License-Identifier: Apache-2.0
// Which folders this process may open for the rest of its life (landlock.hpp): the system's, and those of the paths
// that the configuration names.  A file stands for its folder, so that it can be replaced; a link for the folders of
// both ends.  What is configured later and lies outside needs a restart.  Reads the file system's names; any thread.
#pragma once

#include <string>
#include <vector>

#include "godwit/config/keys.hpp"
#include "godwit/config/settings.hpp"

namespace godwit::daemon {

struct FileRule {
  std::string path;  // absolute; of a folder, or a file of its own
  bool write = false;
  auto operator<=>(const FileRule&) const = default;
};

// Of a path among the values of the configuration.
struct ConfiguredPath {
  std::string key;
  std::string path;
  bool write = false;
};

// Every absolute path in the values, whatever the key: after "maildir:" and in folders of the daemon's own it writes.
std::vector<ConfiguredPath> paths_in(const std::vector<config::KeyValue>& values);
// And where files of ours are if it is not said.  Keys elsewhere: without what key_paths_of() gives.
enum class Keys { here, elsewhere };
std::vector<ConfiguredPath> paths_of(const config::Settings& settings, Keys keys = Keys::here);
// Of private keys, and of the certificates to them.
std::vector<ConfiguredPath> key_paths_of(const config::Settings& settings);

// In order, each once.
std::vector<FileRule> file_rules(const std::string& config_path, const std::vector<ConfiguredPath>& paths);
// Of the process with the private keys, which only reads: where there are keys now, and where a later configuration may
// have some.  Where it can read what is root's alone, of /etc no more than /etc/godwit, lest it sign with whatever key
// lies there.
enum class KeyReader { user, root };
std::vector<FileRule> key_file_rules(const std::string& config_path, const config::Settings& settings,
                                     KeyReader reader);

// What this process can open, and, where another one holds the private keys, that.  Empty: everything.
struct Reach {
  std::vector<FileRule> files;
  Keys keys = Keys::here;
  std::vector<FileRule> key_files = {};
};
// What the settings name beyond it: "KEY: PATH".
std::vector<std::string> beyond(const Reach& reach, const config::Settings& settings);

// Those of `paths` that `granted` does not hold: "KEY: PATH".
std::vector<std::string> outside(const std::vector<FileRule>& granted, const std::vector<ConfiguredPath>& paths);

}  // namespace godwit::daemon
