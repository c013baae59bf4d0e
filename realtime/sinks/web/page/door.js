// What every page needs: requests, the token, light and dark.
const $ = (id) => document.getElementById(id);
let entered = () => {};

export async function ask(path, options = {}) {
  const answer = await fetch(path, options);
  const body = await answer.json().catch(() => ({}));
  if (answer.status === 401) login();
  if (!answer.ok) throw new Error(body.error || answer.statusText);
  return body;
}

export const locked = () => $("login").open;

function login() {
  if (!$("login").open) $("login").showModal();
}

async function enter(token) {
  const answer = await fetch("api/session", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  if (answer.ok) return "";
  return (await answer.json().catch(() => ({}))).error || "The program does not answer.";
}

async function onLogin(event) {
  event.preventDefault();
  const trouble = await enter($("token").value.trim()).catch(() => "The program does not answer.");
  $("login-error").textContent = trouble === "A token is needed." ? "Wrong token." : trouble;
  if (trouble) return;
  $("token").value = "";
  $("login").close();
  entered();
}

// Take the token out of the address; `whenEntered` is called whenever somebody typed the right one.
export async function openDoor(whenEntered) {
  entered = whenEntered;
  startTheme();
  const given = /^#token=(.+)$/.exec(location.hash);
  if (given) {
    history.replaceState(null, "", location.pathname);
    await enter(decodeURIComponent(given[1])).catch(() => {});
  }
  $("login-form").addEventListener("submit", onLogin);
  $("login").addEventListener("cancel", (event) => event.preventDefault());
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = theme === "dark" ? "☀" : "☾";
}

function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem("theme") || (system.matches ? "dark" : "light");
  setTheme(chosen());
  system.addEventListener("change", () => setTheme(chosen()));
  $("theme").addEventListener("click", () => {
    localStorage.setItem("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    setTheme(chosen());
  });
}
