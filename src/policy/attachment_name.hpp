// SPDX-License-Identifier: Apache-2.0
// What the name of an attachment is to whoever saves it, and whether it is made to look like another.  Pure, linear in
// the name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace godwit::policy {

// As a file system takes it: without folders before it, without what nobody sees (control and direction characters),
// and without the dots and blanks behind it, which Windows drops.  Case stays.
std::string saved_name(std::string_view name);
// The forms that count: as sent, as saved, and what of "file:stream" is the file.
std::vector<std::string> forms_of(std::string_view name);
bool fits(const std::vector<std::string>& forms, std::string_view pattern);
// The extension by which it runs when it is opened, "exe"; empty: none such.
std::string_view program_extension(const std::vector<std::string>& forms);
// Why a reader takes it for another name; empty: he does not.
std::string_view disguise_of(std::string_view name);

}  // namespace godwit::policy
