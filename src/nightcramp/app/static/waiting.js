// Shows a page anew once what it waits for is there. Without this file the page does so by itself.
const waiting = document.querySelector("[data-waits-for]");
async function look() {
  const answer = await fetch(waiting.dataset.waitsFor, { headers: { accept: "application/json" } });
  const told = answer.ok ? await answer.json() : {};
  if (told.state !== "working") return location.reload();
  const bar = waiting.querySelector("progress");
  if (bar && told.percent != null) Object.assign(bar, { max: 100, value: told.percent });
  setTimeout(look, 1500);
}
if (waiting) setTimeout(look, 1000);
