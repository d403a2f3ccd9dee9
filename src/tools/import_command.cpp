// SPDX-License-Identifier: Apache-2.0
#include "import_command.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <ostream>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/text.hpp"
#include "godwit/config/config.hpp"
#include "godwit/net/interfaces.hpp"
#include "godwit/setup/facts.hpp"
#include "godwit/setup/new_file.hpp"
#include "godwit/setup/postfix_import.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;
using setup::ImportedFile, setup::PostfixImport, setup::PostfixRemark;

constexpr mode_t private_mode = 0600;
constexpr const char* service_user = "godwit";

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(path, error));
}

// Passwords are the daemon's alone.  Without its user they stay whose they are.
bool give_to_service(const std::string& path) {
  std::array<char, 4096> buffer{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (::geteuid() != 0) return true;
  if (::getpwnam_r(service_user, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return false;
  // Not through a link that somebody may have put there.
  return ::lchown(path.c_str(), found->pw_uid, found->pw_gid) == 0;
}

class Import {
 public:
  explicit Import(const ImportCommand& command) : command_(command), console_(command.console) {}

  int run() {
    const auto wishes = read_wishes();
    auto imported = setup::import_postfix(wishes, setup::read_postfix_file);
    if (!imported) return refuse(imported.error().message);
    result_ = std::move(*imported);
    if (!command_.output.empty())
      if (const auto written = write(); !written) return refuse(written.error().message);
    check();
    command_.as_json ? tell_json() : tell();
    return faults_.empty() ? exit_done : exit_failed;
  }

 private:
  int refuse(const std::string& why) const {
    console_.err << "godwitctl: " << base::printable(why) << "\n";
    return exit_usage;
  }

  setup::PostfixWishes read_wishes() {
    setup::PostfixWishes wishes;
    wishes.directory = command_.directory;
    while (wishes.directory.size() > 1 && wishes.directory.ends_with('/')) wishes.directory.pop_back();
    if (!command_.output.empty()) {
      output_ = std::filesystem::absolute(command_.output).lexically_normal().string();
      wishes.folder = std::filesystem::path(output_).parent_path().string();
      if (auto stem = std::filesystem::path(output_).stem().string(); !stem.empty()) wishes.stem = std::move(stem);
    }
    const net::SystemInterfaces interfaces;
    const auto facts = setup::find_machine_facts("", interfaces);
    wishes.hostname = facts.hostname;
    wishes.addresses = facts.addresses;
    return wishes;
  }

  // By whatever name.
  bool was_read(const std::string& path) const {
    return std::ranges::any_of(result_.read, [&](const std::string& source) {
      std::error_code error;
      return std::filesystem::equivalent(path, source, error);
    });
  }

  // Nothing is written where anything is in the way; the configuration itself comes last.
  base::Result<> write() {
    auto files = result_.files;
    files.push_back({.path = output_, .text = result_.configuration, .is_secret = false});
    for (const auto& file : result_.files)
      if (file.path == output_)
        return base::fail(base::ErrorKind::refused, output_ + " is the name of a file that belongs beside it");
    for (const auto& file : files)
      if (was_read(file.path))
        return base::fail(base::ErrorKind::refused,
                          file.path + " is what the import was made from: nothing was written (choose another folder)");
    if (!command_.replaces)
      for (const auto& file : files)
        if (exists(file.path))
          return base::fail(base::ErrorKind::refused,
                            file.path + " is there already: nothing was written (--force replaces it)");
    for (const auto& file : files) {
      const auto mode = file.is_secret ? private_mode : setup::secret_mode;
      auto written = command_.replaces ? setup::write_file(file.path, file.text, mode)
                                       : setup::write_new_file(file.path, file.text, mode);
      if (!written) return written;
      if (file.is_secret && !give_to_service(file.path))
        result_.remarks.push_back(
            {.kind = PostfixRemark::Kind::to_do,
             .place = {},
             .what = file.path,
             .why = fmt::format("give it to the daemon's user: chown {} {}", service_user, file.path)});
    }
    return {};
  }

  // Where it was not written, its text alone is looked at.
  void check() {
    auto files = config::system_files();
    const auto path = output_.empty() ? std::string("godwit.yaml") : output_;
    if (output_.empty())
      files.read_file = [this](const std::string&) -> base::Result<std::string> { return result_.configuration; };
    for (const auto& diagnostic : config::load(path, files).diagnostics)
      (diagnostic.severity == config::Severity::error ? faults_ : warnings_).push_back(config::to_string(diagnostic));
  }

  void tell() const {
    if (output_.empty()) console_.out << result_.configuration;
    auto& err = console_.err;
    for (const auto& remark : result_.remarks)
      err << fmt::format("{}: {}{}{}: {}\n", setup::to_string(remark.kind), remark.place,
                         remark.place.empty() ? "" : ": ", remark.what, remark.why);
    for (const auto& warning : warnings_) err << warning << "\n";
    for (const auto& fault : faults_) err << fault << "\n";
    if (output_.empty() && !result_.files.empty())
      err << fmt::format("{} files that it names (passwords, large tables) are written only with --output.\n",
                         result_.files.size());
    for (const auto& file : result_.files)
      if (!output_.empty()) err << "wrote " << file.path << (file.is_secret ? " (a password)\n" : "\n");
    if (!output_.empty()) err << "wrote " << output_ << "\n";
    err << fmt::format("{} untranslated, {} changed, {} to do; {}\n", count(PostfixRemark::Kind::untranslated),
                       count(PostfixRemark::Kind::changed), count(PostfixRemark::Kind::to_do),
                       faults_.empty() ? "godwitd --check will say what is missing on this machine"
                                       : "what is wrong above is to be mended by hand");
  }

  std::ptrdiff_t count(PostfixRemark::Kind kind) const {
    return std::ranges::count(result_.remarks, kind, &PostfixRemark::kind);
  }

  void tell_json() const {
    json::array remarks, files, errors, warnings;
    for (const auto& remark : result_.remarks)
      remarks.emplace_back(json::object{{"kind", setup::to_string(remark.kind)},
                                        {"place", base::to_valid_utf8(remark.place)},
                                        {"what", base::to_valid_utf8(remark.what)},
                                        {"why", base::to_valid_utf8(remark.why)}});
    for (const auto& file : result_.files)
      files.emplace_back(json::object{{"path", file.path}, {"secret", file.is_secret}});
    for (const auto& fault : faults_) errors.emplace_back(fault);
    for (const auto& warning : warnings_) warnings.emplace_back(warning);
    json::object all{{"output", output_},
                     {"files", std::move(files)},
                     {"remarks", std::move(remarks)},
                     {"errors", std::move(errors)},
                     {"warnings", std::move(warnings)}};
    if (output_.empty()) all["configuration"] = result_.configuration;
    console_.out << json::serialize(all) << "\n";
  }

  const ImportCommand& command_;
  Console& console_;
  std::string output_;
  PostfixImport result_;
  std::vector<std::string> faults_, warnings_;
};

}  // namespace

int ImportCommand::run() const {
  return Import(*this).run();
}

int ImportCommand::show_settings() const {
  console.out << setup::postfix_settings_markdown();
  return exit_done;
}

}  // namespace godwit::tools
