// Building pages without innerHTML: what comes from outside only ever becomes text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `props` are attributes, except `on` (listeners by event); true is an empty attribute,
 * and false, null or undefined leave it out. Children are nodes, text, arrays of them, or nothing.
 */
export function h(tag, props = {}, ...children) {
  return build(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function s(tag, props = {}, ...children) {
  return build(document.createElementNS(SVG, tag), props, children);
}

/** One of the icons of icons.svg, in the colour of the text around it. */
export function icon(name, className = "icon") {
  return s("svg", { class: className, "aria-hidden": "true" }, s("use", { href: `/icons.svg#${name}` }));
}

/** Put these children in an element instead of what is there. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(isSomething));
  return element;
}

/** Move the keyboard's focus to something that is not a control, as to a new page's heading. */
export function focusOn(element) {
  element.setAttribute("tabindex", "-1");
  element.focus({ preventScroll: true });
}

function build(element, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (isSomething(value)) element.setAttribute(name, String(value));
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(...children.flat(Infinity).filter(isSomething));
  return element;
}

function isSomething(value) {
  return value !== null && value !== undefined && value !== false;
}
