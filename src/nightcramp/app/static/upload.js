// A file can be dropped on the form, and how much of it was sent is shown.
const form = document.querySelector("form[data-upload]");
const input = form.querySelector("input[type=file]");
const bar = Object.assign(document.createElement("progress"), { max: 100, hidden: true });
bar.setAttribute("aria-label", form.dataset.upload);
form.append(bar);

form.addEventListener("dragover", (event) => event.preventDefault());
form.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.upload.onprogress = ({ loaded, total }) => { bar.hidden = false; bar.value = (100 * loaded) / total; };
  request.onload = () => {
    if (request.status < 400) location.assign(request.responseURL);
    else form.submit();
  };
  request.onerror = () => form.submit();
  request.open("POST", form.action);
  request.send(new FormData(form));
});
