// SPDX-License-Identifier: Apache-2.0
// Who calls, and where the daemon's doors are.
#include <cctype>
#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

#include "godwit/auth/local_users.hpp"
#include "sendmail.hpp"

namespace godwit::tools {
namespace {

void take(const char* name, std::string& value) {
  if (const char* set = std::getenv(name); set != nullptr && *set != '\0') value = set;
}

// The first part of GECOS; "&" stands for the name of the user (passwd(5)).
std::string full_name(const passwd& entry) {
  std::string result;
  for (const char* c = entry.pw_gecos; c != nullptr && *c != '\0' && *c != ','; ++c) {
    if (*c != '&') {
      result += *c;
      continue;
    }
    std::string name = entry.pw_name;
    if (!name.empty()) name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
    result += name;
  }
  return result;
}

}  // namespace

SendmailHost this_host() {
  SendmailHost host;
  take("GODWIT_SUBMIT_SOCKET", host.submit_socket);
  take("GODWIT_SOCKET", host.control_socket);
  take("GODWIT_MAILDROP", host.maildrop);
  // The effective user: that is whom the kernel names to the daemon.
  const passwd* entry = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): one thread
  host.user = entry != nullptr ? entry->pw_name : auth::name_of_unknown(::geteuid());
  if (entry != nullptr) host.full_name = full_name(*entry);
  take("NAME", host.full_name);
  return host;
}

}  // namespace godwit::tools
