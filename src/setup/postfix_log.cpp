// SPDX-License-Identifier: Apache-2.0
// Where the log goes.
#include "postfix_context.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {

void translate_log(Context& context) {
  const auto file = context.view.get("maillog_file");
  if (file.empty() || file == "/dev/stdout") return;  // standard error, which systemd and containers take
  if (!file.starts_with('/')) return context.untranslated(Section::log, "maillog_file", "it is no absolute path");
  context.draft.line(Section::log, "file: " + yaml_word(file));
  context.draft.remark(Section::log, Draft::Kind::to_do, context.view, "maillog_file",
                       "the user godwit must be able to write it; while Postfix runs, give Godwit another one");
}

}  // namespace godwit::setup::postfix
