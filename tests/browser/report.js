// The HTML report in a real browser. usage: node report.js ALL.html ONE.html FLEET.html [FOLDER for screenshots]
// Needs puppeteer-core and a Chromium (CHROMIUM names it). The reports are those that tests/browser/run.sh makes.
"use strict";
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");

const [report, single, fleet, shots] = process.argv.slice(2);
let failed = 0, done = 0;
function expect(what, ok) {
	done++;
	if (!ok) {
		failed++;
		console.log("FAIL " + what);
	}
}

const visible = (page, what) => page.$$eval(what, (all) => all.filter((e) => e.checkVisibility()).length);

async function outside(page, requests, complaints, file) {
	page.on("request", (r) => { if (!r.url().startsWith("file:") && !r.url().startsWith("data:")) requests.push(r.url()); });
	page.on("console", (m) => complaints.push(m.text()));
	page.on("pageerror", (e) => complaints.push(String(e)));
	page.on("dialog", (d) => { complaints.push("a dialog: " + d.message()); d.dismiss(); });
	await page.goto("file://" + path.resolve(file));
}

async function withScript(browser) {
	const requests = [], complaints = [];
	const page = await browser.newPage();
	await outside(page, requests, complaints, report);
	expect("nothing is fetched: " + requests, requests.length === 0);
	expect("no complaint, no foreign script: " + complaints, complaints.length === 0);
	expect("the first line says the verdict", /^FAIL/i.test(await page.$eval("main .lead", (e) => e.innerText)));
	expect("the verdict is the page's title", /fail/i.test(await page.title()));
	expect("no markup of the target became markup", await page.$$eval("#targets img, #targets script, #targets b, #grid img", (e) => e.length) === 0);
	expect("its name is text", (await page.$eval("#grid tbody", (e) => e.innerText)).includes("<img src=x onerror=alert(1)>"));

	// by keyboard alone: the first stop leads to the verdict, a cell opens what it stands for
	await page.keyboard.press("Tab");
	expect("the first stop is the skip link", await page.evaluate(() => document.activeElement.className) === "skip");
	const cell = await page.$("#grid tbody tr:nth-child(2) td a");
	const settle = () => new Promise((r) => setTimeout(r, 150));
	await cell.focus();
	await page.keyboard.press("Enter");
	await settle();
	const id = await cell.evaluate((a) => a.getAttribute("href").slice(1));
	expect("the cell's details are open", await page.$eval(`details[data-cell=${id}]`, (d) => d.open));
	expect("they have the focus", await page.evaluate(() => document.activeElement.closest("details")?.dataset.cell) === id);
	await page.keyboard.press("Enter");
	await settle();
	expect("and close again", await page.$eval(`details[data-cell=${id}]`, (d) => !d.open));

	// filters
	await page.$$eval("details.cell", (all) => all.forEach((d) => { d.open = true; }));
	const all = await visible(page, "details.finding");
	await page.select("#rule", "driver-too-old");
	const some = await visible(page, "details.finding");
	expect("a rule's filter leaves its findings", some > 0 && some < all &&
		await page.$$eval("details.finding", (f) => f.filter((e) => e.checkVisibility()).every((e) => e.dataset.rule === "driver-too-old")));
	expect("the grid says how many fit", await page.$$eval("#grid td span", (s) => s.every((e) => /^\d+ fits?$/.test(e.textContent))));
	await page.click("#filter input[value=error]");
	expect("a level's filter joins it", await page.$$eval("details.finding", (f) => f.filter((e) => e.checkVisibility()).every((e) => e.dataset.level !== "error")));
	await page.click("#filter button");
	await settle();
	expect("all again", await visible(page, "details.finding") === all);
	await page.type("#text", "cannot start");
	expect("a text's filter", await visible(page, "details.finding") > 0 && await visible(page, "details.finding") < all);
	await page.click("#filter button");

	// the help of a rule
	await page.$$eval("details", (d) => d.forEach((e) => { e.open = false; }));
	await page.$eval("details.finding a[href='#rule-driver-too-old']", (a) => a.click());
	await settle();
	expect("a rule's help opens", await page.$eval("#rule-driver-too-old", (e) => e.checkVisibility() && e.innerText.length > 100));

	// paper
	await page.$$eval("details", (d) => d.forEach((e) => { e.open = false; }));
	const pdf = await page.pdf({ format: "A4" });
	expect("it prints", pdf.length > 5000);
	await page.emulateMediaType("print");
	expect("closed details are on paper", await page.$$eval("details.finding dl", (d) => d.length > 0 && d.every((e) => e.getBoundingClientRect().height > 0)));
	expect("the filter is not", await visible(page, "#filter") === 0);
	await page.setViewport({ width: 718, height: 1000 }); /* A4 between margins of a centimetre, 96 dots to the inch */
	expect("the grid is no wider than paper", await page.evaluate(() => document.querySelector("#grid table").getBoundingClientRect().right <= innerWidth + 1));
	if (shots)
		fs.writeFileSync(path.join(shots, "paper.pdf"), pdf);
	await page.close();
}

async function withoutScript(browser) {
	const page = await browser.newPage();
	await page.setJavaScriptEnabled(false);
	await page.goto("file://" + path.resolve(report));
	const box = async (what) => (await (await page.$(what)).boundingBox());
	expect("without script the verdict stands first", (await box("#grid")).y < (await box("#targets")).y);
	expect("and no filter that does nothing", (await page.$eval("#filter", (e) => getComputedStyle(e).display)) === "none");
	const summary = await page.$("#t2 details.cell summary");
	const before = (await box("#t2")).height;
	await summary.click();
	expect("and a click opens a cell", (await box("#t2")).height !== before);
	await page.close();
}

// Everything by Tab, Space and Enter: whoever has no mouse reaches each cell, each filter, each finding, and sees where he is.
async function byKeyboard(browser) {
	const page = await browser.newPage();
	await page.goto("file://" + path.resolve(report));
	const stops = [];
	for (let i = 0; i < 400; i++) {
		await page.keyboard.press("Tab");
		const at = await page.evaluate(() => {
			const e = document.activeElement;
			if (e === document.body)
				return null;
			const seen = getComputedStyle(e).outlineStyle !== "none" && parseFloat(getComputedStyle(e).outlineWidth) >= 2;
			return { what: e.tagName + (e.name || e.id || e.getAttribute("href") || e.textContent.slice(0, 40)), seen };
		});
		if (!at)
			break;
		stops.push(at);
	}
	const has = (start) => stops.some((s) => s.what.startsWith(start));
	expect("Tab reaches cells, filters and findings", has("A#t1h1") && has("INPUTlevel") && has("SELECTrule") && has("INPUTtext") && has("SUMMARY"));
	expect("each stop is seen: " + stops.filter((s) => !s.seen).map((s) => s.what).slice(0, 3), stops.every((s) => s.seen));
	expect("no stop is a trap", new Set(stops.map((s) => s.what)).size > 20 && stops.length < 400);
	await page.focus("#filter input[value=error]");
	await page.keyboard.press("Space");
	expect("Space filters", await visible(page, "details.finding.error") === 0);
	await page.close();
}

// WCAG 2.2, 1.4.3: text against what is behind it.
const contrast = () => {
	const number = (c) => c.match(/[\d.]+/g).map(Number);
	const light = (c) => number(c).slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; })
		.reduce((a, v, i) => a + v * [0.2126, 0.7152, 0.0722][i], 0);
	const back = (e) => { for (; e; e = e.parentElement) { const c = number(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return getComputedStyle(e).backgroundColor; } return "rgb(255,255,255)"; };
	const poor = new Set();
	for (const e of document.querySelectorAll("body *")) {
		if (!e.checkVisibility() || !Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.data.trim()))
			continue;
		const a = light(getComputedStyle(e).color), b = light(back(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5)
			poor.add(e.tagName + "." + e.className + " " + ratio.toFixed(1));
	}
	return Array.from(poor);
};

async function oneCell(browser) {
	const page = await browser.newPage();
	const requests = [], complaints = [];
	await page.setViewport({ width: 390, height: 844 });
	await outside(page, requests, complaints, single);
	expect("one cell: nothing is fetched or complained of", requests.length === 0 && complaints.length === 0);
	expect("one cell: its sentence is the head", /^FAIL .* will not run on /i.test(await page.$eval(".lead", (e) => e.innerText.replace(/\s+/g, " "))));
	expect("one cell: no grid of one", await page.$("#grid table") === null);
	const box = await (await page.$(".fix code")).boundingBox();
	expect("one cell: what to do stands on the first screen of a phone", box && box.y + box.height < 844);
	await page.close();
}

// 60 targets on 40 hosts: the page is there soon, a filter answers soon, the names stay beside their cells.
async function wholeFleet(browser) {
	const page = await browser.newPage();
	const requests = [], complaints = [];
	await page.setViewport({ width: 1280, height: 900 });
	const start = Date.now();
	await outside(page, requests, complaints, fleet);
	expect(`fleet: it opens in ${Date.now() - start} ms`, Date.now() - start < 15000);
	expect("fleet: nothing is fetched or complained of: " + complaints, requests.length === 0 && complaints.length === 0);
	expect("fleet: every cell is there", await page.$$eval("#grid td", (e) => e.length) === 2400);
	const took = await page.evaluate(() => {
		const t = performance.now(), s = document.getElementById("rule");
		s.value = "driver-too-old";
		s.dispatchEvent(new Event("input", { bubbles: true }));
		document.body.getBoundingClientRect();
		return performance.now() - t;
	});
	expect(`fleet: a filter answers in ${Math.round(took)} ms`, took < 5000);
	expect("fleet: what strikes most stands below the grid", await page.$$eval("#most tbody tr", (e) => e.length) >= 5);
	const x = await page.evaluate(() => {
		const s = document.querySelector("#grid .scroll"), th = s.querySelector("tbody th");
		s.scrollLeft = 1000;
		return [s.scrollLeft, th.getBoundingClientRect().x, s.getBoundingClientRect().x];
	});
	expect("fleet: names stay beside their cells", x[0] === 1000 && Math.abs(x[1] - x[2]) < 3);
	if (shots)
		await page.screenshot({ path: path.join(shots, "fleet.png") });
	await page.emulateMediaType("print");
	await page.setViewport({ width: 1062, height: 700 }); /* A4 on its side, margins of 8 mm */
	const right = await page.evaluate(() => document.querySelector("#grid table").getBoundingClientRect().right);
	expect(`fleet: forty hosts go on a page on its side, not ${Math.round(right)} of 1062`, right <= 1063);
	if (shots)
		await page.screenshot({ path: path.join(shots, "fleet-paper.png"), clip: { x: 0, y: 0, width: 1062, height: 900 }, captureBeyondViewport: true });
	await page.close();
}

async function sizes(browser) {
	for (const [name, width, height] of [["phone", 390, 844], ["desktop", 1280, 900]])
		for (const scheme of ["light", "dark"]) {
			const page = await browser.newPage();
			await page.setViewport({ width, height, deviceScaleFactor: name === "phone" ? 2 : 1 });
			await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
			await page.goto("file://" + path.resolve(report));
			expect(`${name}: nothing is wider than the screen`, await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
			const [ink, back] = await page.evaluate(() => {
				const s = getComputedStyle(document.body);
				return [s.color, s.backgroundColor].map((c) => c.match(/\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0));
			});
			const poor = await page.evaluate(contrast);
			expect(`${name}, ${scheme}: every text can be read: ${poor}`, poor.length === 0);
			expect(`${scheme}: its colours`, scheme === "dark" ? ink > back : ink < back);
			if (shots)
				await page.screenshot({ path: path.join(shots, `${name}-${scheme}.png`), fullPage: name === "desktop" });
			await page.close();
		}
}

(async () => {
	const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
	await withScript(browser);
	await withoutScript(browser);
	await byKeyboard(browser);
	await oneCell(browser);
	await wholeFleet(browser);
	await sizes(browser);
	await browser.close();
	console.log(`browser: ${done} checks, ${failed} failed`);
	process.exit(failed ? 1 : 0);
})();
