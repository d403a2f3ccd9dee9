// SPDX-License-Identifier: Apache-2.0
// What the name of an attachment is to whoever saves it, and whether it is made to look like another.  Pure.
#pragma once

#include <string>
#include <string_view>

namespace godwit::policy {

// As a file system takes it: without folders before it, without what nobody sees (control and direction characters),
// and without the dots and blanks behind it, which Windows drops.  Case stays.
std::string saved_name(std::string_view name);
// Whether it fits a pattern, as sent or as saved.  "file:stream" is saved as "file".
bool is_named(std::string_view name, std::string_view pattern);
// The extension by which it runs when it is opened, "exe"; empty: none such.
std::string_view program_extension(std::string_view name);
// Why a reader takes it for another name; empty: he does not.
std::string_view disguise_of(std::string_view name);

}  // namespace godwit::policy
