// SPDX-License-Identifier: Apache-2.0
// What the start needed and the running daemon does not: pages of the program and of its libraries that were read once
// (the configuration's keys, help, tables of symbols), and freed pages of the calling thread's heap.
#pragma once

namespace godwit::daemon {

// From here on what is freed goes back to the system at once, and no page is a huge one, of which a heap like ours uses
// a part: that stays so, but while passwords are compared (auth/huge_pages.hpp).  Before the first thread and process.
void spare_startup_memory();

// The end of the start, or of reading for a reload: what is freed later is kept a while for the next allocation.  Any
// thread, at any time; a page that is needed again comes back from the system's cache.  Never fails: what the kernel
// refuses stays where it is.
void give_back_startup_memory();

}  // namespace godwit::daemon
