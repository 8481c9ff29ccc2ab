// Signing in and signing up: one form, two doors.

import * as api from "../api.js";
import * as cart from "../cart.js";
import { fill, h, icon } from "../dom.js";
import { notify } from "../notices.js";
import { picture } from "../parts/picture.js";
import { whileBusy } from "../parts/states.js";
import { navigate } from "../router.js";
import { begin, isSignedIn } from "../session.js";

const PASSWORD_LENGTH_MIN = 8;
const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s.]+$/;

const DOORS = {
  in: {
    title: "Sign in", send: api.signIn, button: "Sign in", autocomplete: "current-password",
    lead: "Good to see you again.",
    other: { text: "New here?", link: "Create an account", path: "/signup" },
  },
  up: {
    title: "Create an account", send: api.signUp, button: "Create the account", autocomplete: "new-password",
    lead: "An address and a password, nothing else.",
    hint: `At least ${PASSWORD_LENGTH_MIN} characters. A short sentence makes a good one.`,
    other: { text: "Been here before?", link: "Sign in", path: "/signin" },
  },
};

// Which field an error of the API belongs to; the rest belongs to the form.
const FIELD_OF = { invalid_email: "email", email_taken: "email", invalid_password: "password" };

export const signInView = (context) => formView(DOORS.in, context);
export const signUpView = (context) => formView(DOORS.up, context);

function formView(door, { query, signal, setTitle }) {
  setTitle(door.title);
  const next = localPath(query.get("next"));
  if (isSignedIn()) {
    // Come here by the back button, say. There is nothing to do.
    queueMicrotask(() => signal.aborted || navigate(next, { replace: true }));
    return h("div", {});
  }
  const email = field({
    name: "email", label: "E-mail", type: "email", autocomplete: "username", inputmode: "email",
  });
  const password = field({
    name: "password", label: "Password", type: "password", autocomplete: door.autocomplete, hint: door.hint,
  });
  const fields = { email, password };
  const error = h("div", { class: "form-error", role: "alert", "data-testid": "form-error" });
  const button = h("button", { type: "submit", class: "button button-wide", "data-testid": "submit" }, door.button);

  async function submit() {
    fill(error);
    email.say(emailProblem(email.input.value.trim()));
    password.say(passwordProblem(door, password.input.value));
    const first = [email, password].find((each) => each.isWrong());
    if (first) {
      first.input.focus();
      return;
    }
    try {
      const address = email.input.value.trim();
      const { token } = await door.send(address, password.input.value);
      begin(token, address);
      if (!signal.aborted) await finish(next);
    } catch (problem) {
      const place = fields[FIELD_OF[problem.code]];
      if (place) {
        place.say(problem.message);
        place.input.focus();
      } else {
        const advice = problem.isOutage ? " Please try again in a moment." : "";
        fill(error, icon("alert"), h("p", {}, problem.message + advice));
      }
    }
  }

  const form = h("form", {
    novalidate: true, "data-testid": "auth-form",
    on: { submit: (event) => { event.preventDefault(); whileBusy(button, submit); } },
  }, email.node, password.node, error, button);

  const otherPath = next === "/" ? door.other.path : `${door.other.path}?next=${encodeURIComponent(next)}`;
  return h("div", { class: "page auth" },
    h("div", { class: "auth-card" },
      picture("passport-cover"),
      h("div", { class: "auth-text" },
        h("h1", {}, door.title),
        h("p", { class: "lead" }, cart.hasPostponed() ? "One step before it goes in your cart." : door.lead),
        form,
        h("p", { class: "auth-other" }, `${door.other.text} `,
          h("a", { href: otherPath, "data-replace": true, "data-testid": "auth-other" }, door.other.link)))));
}

/** After the door: do what was wanted before it, and go where that was. */
async function finish(next) {
  try {
    if (await cart.addPostponed()) {
      navigate("/cart", { replace: true });
      notify("You are signed in, and it is in your cart.");
      return;
    }
    navigate(next, { replace: true });
    notify("You are signed in.");
  } catch (error) {
    navigate(next, { replace: true });
    notify(`You are signed in, but: ${error.message}`, { kind: "bad" });
  }
  cart.load().catch(() => {});
}

function emailProblem(text) {
  return EMAIL.test(text) ? "" : "Please type your e-mail address, as in name@example.com.";
}

function passwordProblem(door, text) {
  if (!text) return "Please type your password.";
  const isTooShort = door === DOORS.up && text.length < PASSWORD_LENGTH_MIN;
  return isTooShort ? `Please take at least ${PASSWORD_LENGTH_MIN} characters.` : "";
}

function field({ name, label, hint, type, ...attributes }) {
  const problem = h("p", { class: "field-error", id: `${name}-error`, "data-testid": `${name}-error` });
  const input = h("input", {
    id: name, name, type, required: true, "data-testid": name, ...attributes,
    "aria-describedby": hint ? `${name}-error ${name}-hint` : `${name}-error`,
  });
  const say = (text) => {
    fill(problem, text && icon("alert"), text);
    input.setAttribute("aria-invalid", String(Boolean(text)));
  };
  input.addEventListener("input", () => isWrong() && say(""));
  const isWrong = () => input.getAttribute("aria-invalid") === "true";
  return {
    input, say, isWrong,
    node: h("div", { class: "field" },
      h("label", { for: name }, label),
      h("div", { class: "field-box" }, input, type === "password" && revealer(input)),
      problem,
      hint && h("p", { class: "field-hint", id: `${name}-hint` }, hint)),
  };
}

function revealer(input) {
  const button = h("button", {
    type: "button", class: "reveal", "aria-pressed": "false", "aria-label": "Show the password",
  }, "Show");
  button.addEventListener("click", () => {
    const isShown = input.type === "text";
    input.type = isShown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!isShown));
    fill(button, isShown ? "Show" : "Hide");
  });
  return button;
}

/** Only a path of this site: somebody else's link must not lead elsewhere after signing in. */
function localPath(path) {
  if (!path?.startsWith("/")) return "/";
  try {
    const url = new URL(path, location.origin);
    return url.origin === location.origin ? url.pathname + url.search : "/";
  } catch {
    return "/";
  }
}
