// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/postfix_import.hpp"

#include <set>

#include "postfix_context.hpp"

namespace godwit::setup {
namespace postfix {
namespace {

void translate(Context& context) {
  translate_names(context);
  translate_listeners(context);
  translate_certificates(context);
  translate_limits(context);
  translate_accounts(context);
  translate_restrictions(context);
  translate_milters(context);
  translate_header_checks(context);
  translate_rewriting(context);
  translate_copies(context);
  read_transports(context);
  translate_domains(context);
  translate_aliases(context);
  translate_routes(context);
  translate_delivery(context);
  translate_log(context);
}

}  // namespace
}  // namespace postfix

base::Result<PostfixImport> import_postfix(const PostfixWishes& wishes, const ReadPostfixFile& reader) {
  using namespace postfix;
  std::set<std::string> sources;
  const ReadPostfixFile read = [&](const std::string& path) {
    auto content = reader(path);
    if (content) sources.insert(path);
    return content;
  };
  const auto main = read(wishes.directory + "/main.cf");
  if (!main) return std::unexpected(main.error());
  if (main->contains('\0'))
    return base::fail(base::ErrorKind::invalid, wishes.directory + "/main.cf is no text: it has NUL bytes");
  std::vector<Fault> faults;
  const auto settings = parse_settings(*main, "main.cf", faults);
  const auto master = read(wishes.directory + "/master.cf");
  if (!master) faults.push_back({"master.cf", "services", master.error().message + ": port 25 is taken to be all"});
  const auto services = master ? parse_services(*master, "master.cf", faults) : usual_services();

  const Settings nothing;
  const View view(settings, nothing, faults);
  Tables tables(read, faults);
  Draft draft;
  Context context{.wishes = wishes,
                  .settings = settings,
                  .view = view,
                  .services = services,
                  .tables = tables,
                  .draft = draft,
                  .faults = faults,
                  .names = {},
                  .transport_maps = {},
                  .transports = {},
                  .users = {},
                  .here = {},
                  .asks_for_domains = false,
                  .sources = {}};
  translate(context);
  name_the_rest(context);
  auto result = std::move(draft).finish(wishes.directory);
  result.read.assign(sources.begin(), sources.end());
  return result;
}

}  // namespace godwit::setup
