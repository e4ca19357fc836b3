// The drop zone fills the real file input; what is chosen is sent at once.
import "./console.js";

const zone = document.getElementById("drop");
const input = document.getElementById("file");
const form = document.getElementById("new-form");

for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.add("drop-over");
  });
}

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) zone.classList.remove("drop-over");
});

document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  zone.classList.remove("drop-over");
  input.files = event.dataTransfer.files;
  form.requestSubmit();
});

input.addEventListener("change", () => { if (input.files.length) form.requestSubmit(); });
