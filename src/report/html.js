"use strict";
(function () {
	const all = (what, where) => Array.from((where || document).querySelectorAll(what));
	const main = document.querySelector("main"), grid = document.getElementById("grid"), filter = document.getElementById("filter");
	const cells = all("details.cell"), findings = all("details.finding"), links = all("#grid td a");
	const rule = document.getElementById("rule"), text = document.getElementById("text"), shown = document.getElementById("shown");

	/* the order that is seen is the order of the keyboard */
	const most = document.getElementById("most");
	main.prepend(...[grid, most, filter].filter(Boolean));
	filter.hidden = findings.length < 4;

	const counts = new Map();
	for (const f of findings)
		counts.set(f.dataset.rule, (counts.get(f.dataset.rule) || 0) + 1);
	for (const id of Array.from(counts.keys()).sort())
		rule.append(new Option(id + " (" + counts.get(id) + ")", id));
	for (const a of links)
		a.dataset.said = a.querySelector("span").textContent;

	function apply() {
		const levels = new Set(all("input[name=level]:checked").map((i) => i.value));
		const word = text.value.trim().toLowerCase();
		const every = !rule.value && !word && !document.querySelector("input[name=level]:not(:checked)");
		const left = new Map();
		let n = 0;
		for (const f of findings) {
			const fits = levels.has(f.dataset.level) && (!rule.value || f.dataset.rule === rule.value) &&
				(!word || f.textContent.toLowerCase().includes(word));
			f.hidden = !fits;
			n += fits;
			if (fits) {
				const cell = f.closest("details.cell").dataset.cell;
				left.set(cell, (left.get(cell) || 0) + 1);
			}
		}
		for (const c of cells)
			c.hidden = !every && !left.has(c.dataset.cell);
		for (const t of all("section.target"))
			t.hidden = !every && !t.querySelector("details.cell:not([hidden])");
		for (const a of links) {
			const hits = left.get(a.getAttribute("href").slice(1)) || 0;
			a.parentElement.classList.toggle("out", !every && !hits);
			a.querySelector("span").textContent = every ? a.dataset.said : hits === 1 ? "1 fits" : hits + " fit";
		}
		shown.textContent = every ? "" : n + " of " + findings.length + " findings";
	}
	filter.addEventListener("input", apply);
	filter.querySelector("button").addEventListener("click", () => {
		for (const i of all("input[name=level]"))
			i.checked = true;
		rule.value = text.value = "";
		apply();
	});

	/* a place that is linked to is open, and has the focus */
	function go() {
		const to = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
		if (!to)
			return;
		for (let d = to.closest("details"); d; d = d.parentElement.closest("details")) {
			d.open = true;
			d.hidden = false;
		}
		const details = to.closest("details");
		(details || to).scrollIntoView();
		if (details)
			details.querySelector("summary").focus({ preventScroll: true });
	}
	addEventListener("hashchange", go);
	for (const a of all("a[href^='#']"))
		a.addEventListener("click", () => { if (a.getAttribute("href") === location.hash) go(); });
	go();

	/* paper shows everything; of a fleet, which would fill thousands of pages, what is open */
	const long = findings.length > 300;
	let closed = [];
	document.body.classList.toggle("long", long);
	addEventListener("beforeprint", () => {
		closed = long ? [] : all("details:not([open])");
		for (const d of closed)
			d.open = true;
	});
	addEventListener("afterprint", () => {
		for (const d of closed)
			d.open = false;
	});
	document.title = grid.querySelector(".lead").textContent.trim() + " - envcheck";
})();
