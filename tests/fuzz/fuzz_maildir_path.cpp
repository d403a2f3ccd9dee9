// SPDX-License-Identifier: Apache-2.0
// Whatever an address is, its Maildir lies below the folder that the administrator named, at the depth that he named,
// and another address has another.  Input: two addresses, a line each.
#include "fuzz/fuzz.hpp"
#include "godwit/deliver/maildir.hpp"

namespace godwit::fuzz {
namespace {

void check_segment(std::string_view segment) {
  require(!segment.empty() && segment.size() <= 200 && segment.front() != '.');
  require(is_printable(segment) && !segment.contains('/'));
}

std::string path_of(const smtp::Mailbox& address) {
  const auto path = deliver::maildir_path("/mail/{domain}/{local}", address, "+");
  std::string_view rest = path;
  require(take_until(rest, "/").empty() && take_until(rest, "/") == "mail");
  check_segment(take_until(rest, "/"));
  check_segment(rest);
  const auto folder = deliver::detail_folder(address, "+");
  if (!folder.empty()) require(folder.starts_with("/."));
  if (!folder.empty()) check_segment(std::string_view(folder).substr(2));
  return path + folder;
}

}  // namespace

void fuzz_maildir_path(std::string_view input) {
  const auto first = smtp::parse_mailbox(take_until(input, "\n"), smtp::BareLocal::refuse, smtp::Utf8::allow);
  const auto second = smtp::parse_mailbox(take_until(input, "\n"), smtp::BareLocal::refuse, smtp::Utf8::allow);
  if (!first) return;
  const auto path = path_of(*first);
  if (!second) return;
  // Upper and lower case are one mailbox.
  const auto lower = [](smtp::Mailbox one) {
    std::ranges::transform(one.local, one.local.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return one;
  };
  const bool same = lower(*first) == lower(*second);
  // "a+" has no detail, and is the mailbox of "a".
  const bool open = first->local.ends_with('+') || second->local.ends_with('+');
  require(open || (path == path_of(*second)) == same);
}

}  // namespace godwit::fuzz
