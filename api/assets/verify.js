// A convenience for the window: the page works without it.
"use strict";

const scan = document.querySelector("form.scan");
const field = document.getElementById("text");
const photo = document.querySelector("form.photo");
let sent = false;

// The next scan must land in the field, wherever somebody clicked before.
const interactive = "a, button, input, label, summary";
const refocus = () => field.focus({ preventScroll: true });
addEventListener("pageshow", (event) => {
  sent = false;
  scan.reset();
  photo.reset();
  document.body.classList.remove("busy");
  if (event.persisted) refocus();
});
addEventListener("focus", () => {
  if (document.activeElement === document.body) refocus();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest(interactive) && getSelection().isCollapsed) refocus();
});
document.addEventListener("keydown", (event) => {
  const types = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (types && event.target !== field) refocus();
});

// A scanner that ends with Tab instead of Enter, and a scanner that ends with both.
field.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && !event.shiftKey && field.value !== "") {
    event.preventDefault();
    scan.requestSubmit();
  }
});
for (const form of [scan, photo]) {
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    document.body.classList.add("busy");
  });
}

// A certificate that is pasted is complete; so is a picture of one.
document.addEventListener("paste", (event) => {
  const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (picture) {
    event.preventDefault();
    send(picture);
  } else if (/^\s*xue[:：]/i.test(event.clipboardData.getData("text"))) {
    refocus();
    setTimeout(() => scan.requestSubmit());
  }
});

for (const input of photo.querySelectorAll("input")) {
  input.addEventListener("change", () => {
    if (input.files.length > 0) send(input.files[0]);
  });
}

async function send(picture) {
  const files = new DataTransfer();
  files.items.add(await smaller(picture));
  for (const input of photo.querySelectorAll("input")) input.value = "";
  photo.querySelector("label:not(.camera) input").files = files.files;
  photo.requestSubmit();
}

// A phone's photo is several megabytes, and sometimes neither JPEG nor PNG: a tenth of it is read just as well.
async function smaller(picture) {
  const longest = 2400;
  if (picture.size < 1000000 && /^image\/(jpeg|png)$/.test(picture.type)) return picture;
  try {
    const bitmap = await createImageBitmap(picture);
    const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    const context = canvas.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
    return new File([blob], "photo.jpg", { type: "image/jpeg" });
  } catch {
    return picture;
  }
}
