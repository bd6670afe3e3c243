// The sign-in form comes alive: show the password, and say when Caps Lock is on.

const password = document.getElementById("password");
const show = document.getElementById("show-password");
const caps = document.getElementById("caps");

show.hidden = false;
show.addEventListener("click", () => {
  const shown = password.type === "password";
  password.type = shown ? "text" : "password";
  show.setAttribute("aria-pressed", String(shown));
  password.focus();
});

password.addEventListener("keyup", (event) => {
  caps.hidden = !event.getModifierState?.("CapsLock");
});
password.addEventListener("blur", () => (caps.hidden = true));
