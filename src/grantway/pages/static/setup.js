// Shortens the way on pages that are complete without it: copy buttons appear, errors get the focus.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent.trim());
    const label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}
document.querySelector(".note.bad[role=alert]")?.focus();
// Who asked for it has the page renewed, as long as it is looked at and nothing on it is in use.
const live = document.querySelector("[data-live]");
if (live) {
  setInterval(() => {
    const used = document.querySelector("details[open]") || document.activeElement?.matches("input, select, textarea");
    if (!document.hidden && !used) location.reload();
  }, Number(live.dataset.live) * 1000);
}
