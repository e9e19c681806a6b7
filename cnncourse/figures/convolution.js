// Figure "convolution": being written.
function render({ model, el }) {
  el.classList.add("cnncourse-figure");
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  el.append(`stride ${model.get("data").stride}`);
}

export default { render };
