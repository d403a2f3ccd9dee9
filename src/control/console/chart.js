// SPDX-License-Identifier: Apache-2.0
// A line chart that moves: new Chart(title, unit, [[name, class]]), then add(values) for each moment.
import { h, svg } from "./dom.js";

const width = 480, height = 110, left = 44, bottom = 16, top = 6;

// The least of 1, 2, 5, 10, … that is not below.
function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value * 0.999);
}

function short(value) {
  if (value >= 1e6) return +(value / 1e6).toFixed(1) + "M";
  if (value >= 1e4) return +(value / 1e3).toFixed(1) + "k";
  return String(+value.toFixed(value < 10 ? 2 : 0));
}

export class Chart {
  constructor(title, unit, series, { moments = 150, seconds = 2 } = {}) {
    this.unit = unit;
    this.moments = moments;
    this.lines = series.map(([name, kind]) => ({ name, values: [], path: svg("polyline", { class: "line " + kind }), now: h("b") }));
    this.most = svg("text", { x: left - 5, y: top + 8, "text-anchor": "end" }, "1");
    this.picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" },
      [0, 0.5, 1].map((part) => svg("line", { class: "grid", x1: left, x2: width, y1: this.y(part), y2: this.y(part) })),
      this.most, svg("text", { x: left - 5, y: this.y(0), "text-anchor": "end" }, "0"),
      svg("text", { x: left, y: height - 3 }, `${Math.round((moments * seconds) / 60)} min ago`),
      svg("text", { x: width, y: height - 3, "text-anchor": "end" }, "now"),
      this.lines.map((line) => line.path));
    this.element = h("figure", { class: "chart" },
      h("figcaption", {}, h("h3", {}, title, h("small", {}, " ", unit)),
        h("ul", {}, this.lines.map((line, i) => h("li", { class: series[i][1] }, line.name, " ", line.now)))),
      this.picture);
    this.title = title;
  }

  y(part) {
    return top + (1 - part) * (height - top - bottom);
  }

  // One value a line; null: nothing is known of this moment.
  add(values) {
    this.lines.forEach((line, i) => {
      line.values.push(values[i]);
      if (line.values.length > this.moments) line.values.shift();
      line.now.textContent = values[i] === null ? "–" : short(values[i]);
    });
    const most = ceiling(Math.max(...this.lines.flatMap((line) => line.values)));
    this.most.textContent = short(most);
    for (const line of this.lines) {
      const first = this.moments - line.values.length;
      const x = (i) => left + ((first + i) * (width - left)) / (this.moments - 1);
      const points = line.values.map((value, i) => (value === null ? "" : `${x(i).toFixed(1)},${this.y(value / most).toFixed(1)}`)).filter(Boolean);
      // One alone is a dot.
      line.path.setAttribute("points", (points.length === 1 ? [points[0], points[0]] : points).join(" "));
    }
    this.picture.setAttribute("aria-label", this.title + ": " +
      this.lines.map((line, i) => `${line.name} ${values[i] === null ? "unknown" : short(values[i])}`).join(", ") + " " + this.unit);
  }
}
