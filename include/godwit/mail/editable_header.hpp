// SPDX-License-Identifier: Apache-2.0
// The header of a message that filters may change before it is stored: fields are added, put between others, replaced
// and taken out by number, as the milter protocol counts them.  Whatever a filter gives becomes one field, and never
// ends the header.  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"

namespace godwit::mail {

class EditableHeader {
 public:
  // `section`: whole fields, each with its CRLF.
  explicit EditableHeader(std::string_view section = {});

  // A field of ours that filters neither see nor change nor count: put above the others.
  void put_own(std::string field);
  // Fields of ours that they see, above all.
  void put_on_top(std::string_view section);

  struct View {
    std::string_view name;
    std::string_view body;  // folded, as it stands behind the colon
  };
  std::vector<View> fields() const;  // but our own; views end with the next change

  // `body` as it stands behind the colon; folded with LF or CRLF.  Errors: invalid (no name of a field, NUL).
  base::Result<> add(std::string_view name, std::string_view body);  // below all
  // index 0: above all; n: before the nth of fields(); beyond the last: below all.
  base::Result<> insert(std::size_t index, std::string_view name, std::string_view body);
  // The nth field of that name, from 1 (0 counts as 1).  An empty body takes it out; a field that is not there is
  // added.
  base::Result<> change(std::size_t index, std::string_view name, std::string_view body);

  std::string text() const;
  std::size_t size() const;

 private:
  struct Field {
    std::string raw;  // with its last CRLF
    bool own = false;
    View view() const;
  };
  static base::Result<std::string> compose(std::string_view name, std::string_view body);

  std::vector<Field> fields_;
};

}  // namespace godwit::mail
