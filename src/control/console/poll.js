// SPDX-License-Identifier: Apache-2.0
// Work that is done again and again while a page is seen.  A page owns a Life; leaving the page ends it.
import { notice } from "./dom.js";

export class Life {
  constructor() {
    this.ending = new AbortController();
  }
  get signal() {
    return this.ending.signal;
  }
  end() {
    this.ending.abort();
  }
  // Runs `work` now and then every so many seconds, but not while nobody looks.  What fails once is said once.
  async every(seconds, work) {
    for (let failed = ""; !this.signal.aborted;) {
      if (!document.hidden) {
        try {
          await work();
          failed = "";
        } catch (error) {
          if (this.signal.aborted) return;
          if (error.message !== failed) notice(error.message, "bad");
          failed = error.message;
        }
      }
      await this.wait(seconds);
    }
  }
  wait(seconds) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, seconds * 1000);
      this.signal.addEventListener("abort", done);
    });
  }
}
