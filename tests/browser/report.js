// The HTML report in a real browser. usage: node report.js REPORT.html [FOLDER for screenshots]
// Needs puppeteer-core and a Chromium (CHROMIUM names it). The report is the one that tests/browser/run.sh makes.
"use strict";
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");

const [report, shots] = process.argv.slice(2);
let failed = 0, done = 0;
function expect(what, ok) {
	done++;
	if (!ok) {
		failed++;
		console.log("FAIL " + what);
	}
}

const visible = (page, what) => page.$$eval(what, (all) => all.filter((e) => e.checkVisibility()).length);

async function outside(page, requests, complaints) {
	page.on("request", (r) => { if (!r.url().startsWith("file:") && !r.url().startsWith("data:")) requests.push(r.url()); });
	page.on("console", (m) => complaints.push(m.text()));
	page.on("pageerror", (e) => complaints.push(String(e)));
	page.on("dialog", (d) => { complaints.push("a dialog: " + d.message()); d.dismiss(); });
	await page.goto("file://" + path.resolve(report));
}

async function withScript(browser) {
	const requests = [], complaints = [];
	const page = await browser.newPage();
	await outside(page, requests, complaints);
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
	await sizes(browser);
	await browser.close();
	console.log(`browser: ${done} checks, ${failed} failed`);
	process.exit(failed ? 1 : 0);
})();
