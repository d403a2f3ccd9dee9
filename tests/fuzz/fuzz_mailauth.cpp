// SPDX-License-Identifier: Apache-2.0
// A message gives the same hashes and the same results however it is cut; what is left has no results of ours; and no
// record or signature of a stranger does harm.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "godwit/base/text.hpp"
#include "godwit/mailauth/arc.hpp"
#include "godwit/mailauth/authentication_results.hpp"
#include "mailauth/key_record.hpp"
#include "mailauth/spf_macro.hpp"
#include "mailauth/spf_record.hpp"

using namespace godwit;
using namespace godwit::mailauth;

namespace {

std::string filter(std::string_view message, std::size_t piece) {
  ForgedResultsFilter filter("mx.x.example");
  std::string out;
  for (; !message.empty(); message.remove_prefix(std::min(piece, message.size())))
    filter.put(message.substr(0, piece), out);
  filter.finish(out);
  return out;
}

std::string hashes(std::string_view message, std::size_t piece) {
  std::vector<BodyHashing> all;
  MessageDigest digest([&](const mail::Header& header) {
    all = hashes_of_signatures(header);
    for (const auto& one : hashes_of_chain(header)) all.push_back(one);
    for (const auto form : {Canonical::simple, Canonical::relaxed}) all.push_back({.form = form});
    return all;
  });
  for (; !message.empty(); message.remove_prefix(std::min(piece, message.size()))) digest.put(message.substr(0, piece));
  digest.finish();
  std::string joined;
  for (const auto& one : all) joined += digest.body_hash(one).value_or("-");
  return joined;
}

void read_records(std::string_view text) {
  if (is_spf_record(text)) (void)parse_spf_record(text);
  if (is_macro_string(text, MacroPlace::explanation)) (void)expand_macros(text, {});
  (void)is_domain_spec(text);
  (void)parse_dmarc_record(text);
  (void)parse_key_record(text, KeyKind::ed25519);
  (void)says_result(text, "dmarc", "pass");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_records(text);
  const auto whole = hashes(text, size + 1);
  if (hashes(text, 1) != whole || hashes(text, 7) != whole) std::abort();
  const auto filtered = filter(text, size + 1);
  if (filter(text, 1) != filtered || filter(text, 7) != filtered) std::abort();
  const mail::Header header(filtered);
  for (const auto& field : header.fields())
    if (base::iequals(field.name, "Authentication-Results") && authentication_service(field.body) == "mx.x.example")
      std::abort();
  return 0;
}
