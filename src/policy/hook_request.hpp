// SPDX-License-Identifier: Apache-2.0
// What an HTTP hook is asked, as JSON (docs/http-hook.md, docs/http-hook.schema.json).  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "godwit/mail/header_splitter.hpp"
#include "godwit/policy/check.hpp"
#include "godwit/policy/hook_settings.hpp"

namespace godwit::policy {

// The beginning of a message's body, as it comes in pieces with the header before it.  What is no field begins the
// body, too, so that nothing is in neither.
class BodyStart {
 public:
  explicit BodyStart(std::size_t longest) : longest_(longest) {}
  void put(std::string_view bytes);
  void clear() { *this = BodyStart(longest_); }
  const std::string& bytes() const { return bytes_; }
  bool is_cut() const { return cut_; }

 private:
  void take(std::string_view body);

  std::size_t longest_;
  static constexpr std::size_t longest_header = std::size_t{256} << 10U;
  mail::HeaderSplitter splitter_{longest_header};
  std::string bytes_;
  bool cut_ = false;
};

// body: null where it is not told.
std::string hook_request(const HttpHookSettings& hook, Stage stage, const Facts& facts, const BodyStart* body);

}  // namespace godwit::policy
