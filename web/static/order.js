// Lists that are put in order by dragging; the arrows beside each line do the same for the keyboard, and without scripts.

let dragged = null;

const line = (event) => event.target.closest?.("[data-order] > [draggable]");

document.addEventListener("dragstart", (event) => {
  dragged = line(event);
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.id);
  dragged.classList.add("dragged");
});

document.addEventListener("dragover", (event) => {
  const over = line(event);
  if (!dragged || !over || over.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  if (over === dragged) return;
  const box = over.getBoundingClientRect();
  if (event.clientY < box.top + box.height / 2) over.before(dragged);
  else over.after(dragged);
});

document.addEventListener("dragend", () => {
  if (!dragged) return;
  const list = dragged.parentElement;
  dragged.classList.remove("dragged");
  dragged = null;
  const form = document.getElementById(list.dataset.order);
  form.elements.order.value = [...list.children].map((child) => child.dataset.id).join(",");
  form.requestSubmit();
});
