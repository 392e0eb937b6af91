// The report's charts: draws each canvas with data-chart from the JSON with that id, with Chart.js,
// which the admin's theme has loaded. Uses the page's own colours, light or dark.
"use strict";
(() => {
  const drawn = [];
  const style = () => getComputedStyle(document.documentElement);
  const colour = (name) => style().getPropertyValue(`--${name}`).trim();

  // `units`: pairs of a length in seconds and a name, the longest first.
  function words(value, units) {
    const at = Math.max(units.findIndex(([size]) => value >= size), 0);
    const found = value < 1 ? units.slice(-1) : units.slice(at, at + 2);
    let rest = Math.round(value * 10) / 10;
    const parts = found.map(([size, name], nth) => {
      const count = nth === found.length - 1 ? Math.round((rest / size) * 10) / 10 : Math.floor(rest / size);
      rest -= count * size;
      return count || found.length === 1 ? [count, name].join(" ") : "";
    });
    return parts.filter(Boolean).join(" ");
  }
  // A chart shows up to this many names, however narrow it is; of more names, only some.
  const MOST_NAMED = 14;
  // Steps at which people divide time: not 100 or 2,000 seconds.
  const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 604800, 2592000];
  const DECADES = [1, 10, 60, 600, 3600, 21600, 86400, 604800, 2592000];

  function ticksOfTime(scale, steep) {
    const { min, max } = scale;
    if (steep) {
      scale.ticks = DECADES.filter((at) => at >= min && at <= max).map((value) => ({ value }));
      return;
    }
    const step = STEPS.find((one) => max / one <= 6) ?? max;
    scale.ticks = [];
    for (let value = 0; value <= max; value += step) scale.ticks.push({ value });
  }

  // Whether a value has no neighbours, so no line is drawn to it: the target of a single day is a dash.
  const isAlone = ({ values }, at) => (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null;

  function dataset(series, data) {
    const own = colour(series.colour);
    const shared = { label: series.name, data: series.values.map((value) => (value !== null && data.steep ? Math.max(value, 1) : value)) };
    if (series.bars) return { ...shared, backgroundColor: own, borderRadius: 3, maxBarThickness: 40, yAxisID: "count", order: 1 };
    if (data.kind !== "line" && data.kind !== "mixed") {
      return { ...shared, backgroundColor: own, borderRadius: data.kind === "bars" ? 3 : 0, maxBarThickness: 56, stack: data.kind === "stacked" ? "all" : undefined };
    }
    // A hollow point stands for few leads.
    const hollow = (at) => (series.small?.[at] ? colour("surface") : own);
    return {
      ...shared,
      type: "line",
      borderColor: own,
      borderWidth: series.plain ? 1.5 : 2,
      borderDash: series.dashed ? [4, 4] : series.plain ? [8, 4] : [],
      pointStyle: series.plain ? "line" : "circle",
      pointRadius: series.plain ? series.values.map((_value, at) => (isAlone(series, at) ? 14 : 0)) : series.values.length > 45 ? 2 : 3.5,
      pointHitRadius: 12,
      pointBackgroundColor: series.values.map((_value, at) => hollow(at)),
      pointBorderColor: own,
      pointBorderWidth: 1.5,
      tension: 0,
      spanGaps: false,
    };
  }

  // The legend shows a line for a line, and a box for bars.
  function mixedLabels(chart) {
    const made = window.Chart.defaults.plugins.legend.labels.generateLabels(chart);
    return made.map((it) => ({ ...it, pointStyle: chart.data.datasets[it.datasetIndex].type === "line" ? "line" : "rect" }));
  }

  function draw(canvas) {
    const data = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    const isTime = Boolean(data.units);
    const font = { family: style().fontFamily, size: 12 };
    const text = colour("soft");
    const isLying = data.kind === "bars";
    const values = {
      type: data.steep ? "logarithmic" : "linear",
      stacked: data.kind === "stacked",
      beginAtZero: !data.steep,
      grid: { color: colour("line") },
      border: { display: false },
      afterBuildTicks: isTime ? (scale) => ticksOfTime(scale, data.steep) : undefined,
      ticks: { color: text, font, precision: 0, callback: (value) => (isTime ? words(value, data.units) : value) },
    };
    const names = {
      stacked: data.kind === "stacked",
      grid: { display: false },
      border: { color: colour("line") },
      ticks: { color: text, font, maxRotation: 45, autoSkip: !isLying && data.labels.length > MOST_NAMED, autoSkipPadding: 12 },
    };
    const titled = (words) => ({ display: Boolean(words), text: words ?? "", color: text, font });
    const scales = isLying ? { x: values, y: names } : { x: names, y: values };
    if (data.kind === "mixed") {
      // Times on the right, numbers of leads on the left.
      scales.y = { ...values, position: "right", title: titled(data.timed) };
      scales.count = { beginAtZero: true, position: "left", grid: { display: false }, border: { display: false }, title: titled(data.counted), ticks: { color: text, font, precision: 0 } };
    }
    const follow = (_event, hits) => {
      const hit = hits.find(({ datasetIndex, index }) => data.series[datasetIndex].links?.[index]);
      if (hit) location.href = data.series[hit.datasetIndex].links[hit.index];
    };
    return new window.Chart(canvas, {
      type: data.kind === "line" ? "line" : "bar",
      data: { labels: data.labels, datasets: data.series.map((series) => dataset(series, data)) },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        indexAxis: isLying ? "y" : "x",
        interaction: { mode: "index", axis: isLying ? "y" : "x", intersect: false },
        onClick: follow,
        onHover: (event, hits) => {
          event.native.target.style.cursor = hits.some((hit) => data.series[hit.datasetIndex].links) ? "pointer" : "default";
        },
        scales,
        plugins: {
          legend: {
            display: data.series.length > 1,
            position: "bottom",
            labels: { color: text, font, boxWidth: 12, boxHeight: 12, usePointStyle: data.kind === "line" || data.kind === "mixed", ...(data.kind === "line" ? { pointStyle: "line" } : {}), ...(data.kind === "mixed" ? { generateLabels: mixedLabels } : {}) },
          },
          tooltip: {
            filter: (item) => data.kind !== "stacked" || item.parsed.y > 0,
            callbacks: {
              label: (item) => [item.dataset.label, data.series[item.datasetIndex].words[item.dataIndex]].join(": "),
            },
          },
        },
      },
    });
  }

  function drawAll() {
    while (drawn.length) drawn.pop().destroy();
    for (const canvas of document.querySelectorAll("canvas[data-chart]")) drawn.push(draw(canvas));
  }

  drawAll();
  // The theme switches between light and dark with a class of the root element.
  document.addEventListener("pictures-changed", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["class"] });
})();
